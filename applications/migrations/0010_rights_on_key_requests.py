"""Contract management decides on extra keys; intake and support see what was asked."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": ["view_keyrequest"],
    "contracten": ["view_keyrequest", "decide_keyrequest"],
    "support": ["view_keyrequest"],
}

class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0009_mandate_1_1"),
        ("apikeys", "0010_extra_keys"),
    ]

    operations = [give("apikeys", RIGHTS)]

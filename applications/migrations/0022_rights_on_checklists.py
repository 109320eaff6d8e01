"""Contract management says what is to be looked at; intake reads it (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": ["view_checklistitem"],
    "contracten": [
        "view_checklistitem",
        "add_checklistitem",
        "change_checklistitem",
    ],
}

class Migration(migrations.Migration):
    dependencies = [("applications", "0021_checklists")]

    operations = [give("applications", RIGHTS)]

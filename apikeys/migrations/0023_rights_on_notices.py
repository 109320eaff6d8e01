"""Support tells of incidents, who keeps the catalogue of all else (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "support": ["view_notice", "add_notice", "change_notice"],
    "catalogus": ["view_notice", "add_notice", "change_notice"],
}


class Migration(migrations.Migration):
    dependencies = [("apikeys", "0022_notices")]

    operations = [give("apikeys", RIGHTS)]

"""Contracten ends a contract that it approved (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {"contracten": ["end_contract"]}

class Migration(migrations.Migration):
    dependencies = [("applications", "0034_end_contract")]

    operations = [give("applications", RIGHTS)]

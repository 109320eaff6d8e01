"""Intake begins an application for who calls (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": ["begin_for_caller"],
}

class Migration(migrations.Migration):
    dependencies = [("applications", "0023_begin_for_caller")]

    operations = [give("applications", RIGHTS)]

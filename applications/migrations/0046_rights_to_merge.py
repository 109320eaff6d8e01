"""Contracten merges a double organisation, two of them (docs/decisions/0036)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {"contracten": ["merge_organisation"]}

class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0045_nothing_new_at_a_double"),
        ("organisations", "0013_merge"),
    ]

    operations = [give("organisations", RIGHTS)]

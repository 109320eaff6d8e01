"""Support blocks an organisation, as it blocks a key, and sees who was invited (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {"support": ["block_organisation", "view_invitation"]}

class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0032_rights_on_billing"),
        ("organisations", "0012_block"),
    ]

    operations = [give("organisations", RIGHTS)]

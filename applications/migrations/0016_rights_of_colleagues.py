"""Who decides on applications divides them; all groups write notes (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": ["assign", "write_note"],
    "contracten": ["assign", "write_note"],
    "support": ["write_note"],
}

class Migration(migrations.Migration):
    dependencies = [("applications", "0015_notes")]

    operations = [give("applications", RIGHTS)]

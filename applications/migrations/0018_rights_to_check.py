"""Who decides on applications looks their data up (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": ["check"],
    "contracten": ["check"],
}

class Migration(migrations.Migration):
    dependencies = [("applications", "0017_checks")]

    operations = [give("applications", RIGHTS)]

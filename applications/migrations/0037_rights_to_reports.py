"""Who steers sees figures, and nobody's data (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {"rapportage": ["view_report"]}

class Migration(migrations.Migration):
    dependencies = [("applications", "0036_reports")]

    operations = [give("applications", RIGHTS)]

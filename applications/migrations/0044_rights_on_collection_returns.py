"""Who takes a month to billing says what came back of it (docs/decisions/0035)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {"facturatie": ["add_collectionreturn"]}


class Migration(migrations.Migration):
    dependencies = [("applications", "0043_collection_returns")]

    operations = [give("applications", RIGHTS)]

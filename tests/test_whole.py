"""Rules that hold for the whole system."""

import pytest
from django.core.management import call_command
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader

OURS = {"accounts", "apikeys", "applications", "audit", "mail", "organisations"}


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_migration_changes_tables_or_rows():
    """Postgres changes no table of which rows were changed in the same transaction."""
    both = [
        name
        for name, migration in MigrationLoader(None).disk_migrations.items()
        if name[0] in OURS
        and any(isinstance(one, RunPython) for one in migration.operations)
        and not all(isinstance(one, RunPython | RunSQL) for one in migration.operations)
    ]

    assert both == []

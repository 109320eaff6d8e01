"""Intake begins an application for who calls (docs/decisions/0009)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "intake": ["begin_for_caller"],
}


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    config = apps.get_app_config("applications")
    config.models_module = True  # permissions usually come after all migrations
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    for group in Group.objects.filter(name__in=RIGHTS):
        group.permissions.add(
            *Permission.objects.filter(
                content_type__app_label="applications", codename__in=RIGHTS[group.name]
            )
        )


class Migration(migrations.Migration):
    dependencies = [("applications", "0023_begin_for_caller")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

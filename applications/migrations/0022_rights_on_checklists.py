"""Contract management says what is to be looked at; intake reads it (docs/decisions/0009)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "intake": ["view_checklistitem"],
    "contracten": [
        "view_checklistitem",
        "add_checklistitem",
        "change_checklistitem",
    ],
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
    dependencies = [("applications", "0021_checklists")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

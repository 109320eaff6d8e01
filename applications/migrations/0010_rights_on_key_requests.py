"""Contract management decides on extra keys; intake and support see what was asked."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "intake": ["view_keyrequest"],
    "contracten": ["view_keyrequest", "decide_keyrequest"],
    "support": ["view_keyrequest"],
}


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    config = apps.get_app_config("apikeys")
    config.models_module = True  # permissions usually come after all migrations
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    for group in Group.objects.filter(name__in=RIGHTS):
        group.permissions.add(
            *Permission.objects.filter(
                content_type__app_label="apikeys", codename__in=RIGHTS[group.name]
            )
        )


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0009_mandate_1_1"),
        ("apikeys", "0010_extra_keys"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

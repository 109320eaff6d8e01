"""Support proposes to help an organisation; support or contracten approves (docs/decisions/0020)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MAY = {
    "support": ["view_intervention", "propose_intervention", "approve_intervention"],
    "contracten": ["view_intervention", "approve_intervention"],
}


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    config = apps.get_app_config("organisations")
    config.models_module = True  # permissions usually come after all migrations
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    for name, codenames in MAY.items():
        rights = Permission.objects.filter(
            content_type__app_label="organisations", codename__in=codenames
        )
        Group.objects.get(name=name).permissions.add(*rights)


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0005_administrators"),
        ("applications", "0005_least_rights"),  # which made the groups
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

"""Contract management puts identities right and decides on bank accounts (ADR 0009)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = [
    ("organisations", "change_organisation"),
    ("applications", "view_bankchange"),
    ("applications", "change_bankchange"),
]


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    config = apps.get_app_config("applications")
    config.models_module = True  # permissions usually come after all migrations
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    group = Group.objects.get(name="contracten")
    for app, codename in RIGHTS:
        group.permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )


class Migration(migrations.Migration):
    dependencies = [("applications", "0007_contacts_of_customers")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

"""Contract management puts identities right and decides on bank accounts; all groups see
whom to call (docs/decisions/0009).
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

CONTRACTEN = [
    ("organisations", "change_organisation"),
    ("applications", "view_bankchange"),
    ("applications", "change_bankchange"),
]
EVERYBODY = [("organisations", "view_contact")]


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for label in ("organisations", "applications"):
        config = apps.get_app_config(label)
        config.models_module = True  # permissions usually come after all migrations
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    for group in Group.objects.filter(name__in=["intake", "contracten", "support"]):
        rights = EVERYBODY + (CONTRACTEN if group.name == "contracten" else [])
        for app, codename in rights:
            group.permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )


class Migration(migrations.Migration):
    dependencies = [("applications", "0007_contacts_of_customers")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

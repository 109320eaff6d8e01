"""Who sees to it that others may what they should: a group of its own, and nothing more."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "accounts": ["view_user", "view_rightsreview", "review_rights"],
    "audit": ["view_event"],
}


def make(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    oversight, _made = Group.objects.get_or_create(name="toezicht")
    for label, codenames in RIGHTS.items():
        config = apps.get_app_config(label)
        config.models_module = True  # permissions usually come after all migrations
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
        of_app = Permission.objects.filter(content_type__app_label=label)
        oversight.permissions.add(*of_app.filter(codename__in=codenames))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_rights_review"),
        ("audit", "0003_triggers_always"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]

"""The groups that staff work in, with the rights of product.md's *Who uses it*."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = {
    "intake": [
        "applications.view_application",
        "applications.request_changes",
        "applications.send_contract",
        "applications.register_return",
        "applications.reject",
        "applications.renew_link",
        "organisations.view_organisation",
        "mail.view_message",
        "mail.resend_message",
    ],
    "contracten": [
        "applications.view_application",
        "applications.register_return",
        "applications.approve",
        "applications.reject",
        "applications.view_contract",
        "applications.view_mandate",
        "organisations.view_organisation",
        "mail.view_message",
    ],
    "support": [
        "applications.view_application",
        "applications.renew_link",
        "organisations.view_organisation",
        "organisations.view_membership",
        "apikeys.view_apikey",
        "apikeys.block_apikey",
        "accounts.view_user",
        "accounts.renew_activation",
        "mail.view_message",
        "mail.resend_message",
    ],
}


def make_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for label in {right.split(".")[0] for rights in GROUPS.values() for right in rights}:
        config = apps.get_app_config(label)
        config.models_module = True  # permissions usually come after all migrations
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    for name, rights in GROUPS.items():
        group, _new = Group.objects.get_or_create(name=name)
        for right in rights:
            app, codename = right.split(".")
            group.permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0002_first_document_templates"),
        ("apikeys", "0003_catalogue"),
        ("accounts", "0002_renew_activation"),
        ("organisations", "0001_initial"),
        ("mail", "0002_resending"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]

"""Nobody keeps a right that product.md gives to another group (docs/decisions/0009)."""

from django.db import migrations

TOO_MUCH = {
    "intake": ["renew_link"],  # support renews links
    "contracten": ["reject"],  # intake turns down
}


def take_back(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name, codenames in TOO_MUCH.items():
        group = Group.objects.get(name=name)
        rights = group.permissions.filter(
            content_type__app_label="applications", codename__in=codenames
        )
        group.permissions.remove(*rights)


class Migration(migrations.Migration):
    dependencies = [("applications", "0004_sign_again_reason")]

    operations = [migrations.RunPython(take_back, migrations.RunPython.noop)]

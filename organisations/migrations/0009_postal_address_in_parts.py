"""The postal address, one line until now, in the three parts that a form asks."""

from django.db import migrations


def split(apps, schema_editor):
    Organisation = apps.get_model("organisations", "Organisation")
    for organisation in Organisation.objects.exclude(postal_address=""):
        # as it was put together: ", ".join([street, postcode, city])
        parts = organisation.postal_address.rsplit(", ", 2)
        street, postcode, city = [*parts, "", ""][:3]
        organisation.postal_street = street[:200]
        organisation.postal_postcode = postcode[:12]
        organisation.postal_city = city[:100]
        organisation.save(
            update_fields=["postal_street", "postal_postcode", "postal_city"]
        )


class Migration(migrations.Migration):
    dependencies = [("organisations", "0008_contact_and_postal_address")]

    operations = [migrations.RunPython(split, migrations.RunPython.noop)]

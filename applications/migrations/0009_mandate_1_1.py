"""Version 1.1 of the mandate: it may also come back without a contract."""

from datetime import date

from django.db import migrations

BEFORE = """Stuur het ondertekende formulier terug samen met
  de ondertekende overeenkomst."""
AFTER = "Stuur het ondertekende formulier aan ons terug."


def create(apps, schema_editor):
    DocumentTemplate = apps.get_model("applications", "DocumentTemplate")
    of_mandates = DocumentTemplate.objects.filter(kind="mandate", language="nl")
    first = of_mandates.get(version="1.0")
    row = DocumentTemplate(
        kind="mandate",
        title=first.title,
        version="1.1",
        valid_from=date(2026, 11, 25),
        language="nl",
        source=first.source.replace(BEFORE, AFTER),
    )
    # rows cannot be deleted on the way back, so the way forth may meet it
    DocumentTemplate.objects.bulk_create([row], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("applications", "0008_rights_on_organisations_and_accounts")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]

"""Version 1.0 of the four documents.

From here on the rows are the texts: the .typ files that were read stay as they are (a
test holds their digests), and a later version is a new row, by a new migration with
files of its own or made in the admin. A stored source is complete, so that it can
still be rendered when the layout has moved on.
"""

from datetime import date
from pathlib import Path

from django.db import migrations

DOCUMENTS = Path(__file__).parent.parent / "documents"
TITLES = {
    "contract": "Overeenkomst",
    "terms": "Gebruikersvoorwaarden",
    "service_level": "Service Garantie Document",
    "mandate": "SEPA-incassomachtiging",
}


def source(kind):
    layout = (DOCUMENTS / "layout.typ").read_text(encoding="utf-8")
    document = (DOCUMENTS / f"{kind}.typ").read_text(encoding="utf-8")
    return document.replace('#import "layout.typ": *\n', layout, 1)


def create(apps, schema_editor):
    DocumentTemplate = apps.get_model("applications", "DocumentTemplate")
    rows = [
        DocumentTemplate(
            kind=kind,
            title=title,
            version="1.0",
            valid_from=date(2026, 1, 1),
            language="nl",
            source=source(kind),
        )
        for kind, title in TITLES.items()
    ]
    # rows cannot be deleted on the way back, so the way forth may meet them
    DocumentTemplate.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]

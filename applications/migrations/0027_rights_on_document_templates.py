"""Contract management writes the legal texts, two at a time (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": ["view_documenttemplate"],
    "contracten": [
        "view_documenttemplate",
        "add_documenttemplate",
        "change_documenttemplate",
        "publish_documenttemplate",
    ],
}


class Migration(migrations.Migration):
    dependencies = [("applications", "0026_drafts_of_document_templates")]

    operations = [give("applications", RIGHTS)]

"""Contract management asks about new terms, two at a time (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "contracten": [
        "view_termsround",
        "add_termsround",
        "change_termsround",
        "start_termsround",
        "view_termsrequest",
    ],
    "intake": ["view_termsround", "view_termsrequest"],
}


class Migration(migrations.Migration):
    dependencies = [("applications", "0028_terms_rounds")]

    operations = [give("applications", RIGHTS)]

"""Organisations that exist get the contacts of the application of their contract."""

from django.db import migrations

PARTS = ["name", "function", "email", "phone"]


def give_contacts(apps, schema_editor):
    Contract = apps.get_model("applications", "Contract")
    Contact = apps.get_model("organisations", "Contact")
    for contract in Contract.objects.select_related("application").order_by("pk"):
        answers = contract.application.answers
        for kind in ("contract", "technical"):
            same = kind == "technical" and answers.get("technical_same")
            asked = "contract" if same else kind
            facts = {part: answers.get(f"{asked}_{part}", "") for part in PARTS}
            if facts["email"]:
                Contact.objects.get_or_create(
                    organisation_id=contract.organisation_id,
                    kind=kind,
                    replaced_at=None,
                    defaults=facts,
                )


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0006_cancelling_and_bank_changes"),
        ("organisations", "0009_postal_address_in_parts"),
    ]

    operations = [migrations.RunPython(give_contacts, migrations.RunPython.noop)]

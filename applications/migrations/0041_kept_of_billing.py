"""What a closed month shows of its customers stays as it is from now on."""

import pgtrigger
from django.db import migrations


def keep(apps, _editor):
    """Lines of before show on as they did until now."""
    BillingLine = apps.get_model("applications", "BillingLine")
    Organisation = apps.get_model("organisations", "Organisation")
    Contract = apps.get_model("applications", "Contract")
    of_customer = ["name", "purchase_reference", "invoice_email"]
    with pgtrigger.ignore("applications.BillingLine:never_changed"):
        billed = Organisation.objects.filter(billing_lines__isnull=False).distinct()
        for pk, *kept in billed.values_list("pk", *of_customer):
            lines = BillingLine.objects.filter(organisation=pk)
            lines.update(**dict(zip(of_customer, kept, strict=True)))
        for contract in Contract.objects.filter(billing_lines__isnull=False).distinct():
            if mandate := _mandate(contract):
                contract.billing_lines.update(mandate=mandate)


def _mandate(contract):
    changes = contract.bank_changes.exclude(in_force_at=None).order_by("-asked_at")
    of = changes.first() or contract.application
    mandate = getattr(of, "mandate", None)
    return mandate if mandate and mandate.signed_on else None


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0040_customer_of_billing"),
    ]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]

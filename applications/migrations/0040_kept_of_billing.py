"""What a closed month shows of its customers stays as it is from now on."""

import django.db.models.deletion
import pgtrigger
from django.db import migrations, models


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
        ("applications", "0039_own_cancellation"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingline",
            name="name",
            field=models.CharField(default="", max_length=200, verbose_name="naam"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="billingline",
            name="invoice_email",
            field=models.EmailField(
                default="", max_length=254, verbose_name="e-mailadres voor facturen"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="billingline",
            name="purchase_reference",
            field=models.CharField(
                blank=True, default="", max_length=60, verbose_name="inkoopreferentie"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="billingline",
            name="mandate",
            field=models.ForeignKey(
                help_text="Zonder machtiging: op factuur.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="applications.mandate",
                verbose_name="machtiging",
            ),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
    ]

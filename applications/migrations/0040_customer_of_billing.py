import django.db.models.deletion
from django.db import migrations, models


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
    ]

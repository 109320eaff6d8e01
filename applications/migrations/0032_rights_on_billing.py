"""A group of its own takes months to billing (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "facturatie": [
        "view_billingmonth", "hand_over_billing", "view_billingline",
        "view_billingcorrection", "add_billingcorrection", "decide_billingcorrection",
    ],
}  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("applications", "0031_billing")]

    operations = [give("applications", RIGHTS)]

"""A group of its own keeps the catalogue (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "catalogus": [
        "view_api", "add_api", "change_api",
        "view_product", "add_product", "change_product",
        "view_price", "add_price", "change_price", "delete_price",
    ],
}  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("apikeys", "0020_prices_do_not_overlap")]

    operations = [give("apikeys", RIGHTS)]

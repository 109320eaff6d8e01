"""Support looks along with organisations, to see what a caller sees."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {"support": ["look_along"]}

class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0012_applications_of_customers"),
        ("organisations", "0011_look_along"),
    ]

    operations = [give("organisations", RIGHTS)]

"""Intake puts typing errors right, and keeps its answers (docs/decisions/0009)."""

from django.db import migrations

from accounts.groups import give

RIGHTS = {
    "intake": [
        "correct",
        "view_replytemplate",
        "add_replytemplate",
        "change_replytemplate",
    ],
}

class Migration(migrations.Migration):
    dependencies = [("applications", "0019_corrections_and_replies")]

    operations = [give("applications", RIGHTS)]

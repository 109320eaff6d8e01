"""Who sees to it that others may what they should: a group of its own, and nothing more."""

from django.db import migrations

from accounts.groups import give

class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_rights_review"),
        ("audit", "0003_triggers_always"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        give(
            "accounts", {"toezicht": ["view_user", "view_rightsreview", "review_rights"]}
        ),
        give("audit", {"toezicht": ["view_event"]}),
    ]

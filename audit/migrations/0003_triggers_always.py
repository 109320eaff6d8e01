from django.db import migrations

TRIGGERS = ["pgtrigger_append_only_7d947", "pgtrigger_no_truncate_06d01"]


def alter(how):
    changes = ", ".join(f"{how} TRIGGER {trigger}" for trigger in TRIGGERS)
    return f"ALTER TABLE audit_event {changes}"


class Migration(migrations.Migration):
    """The triggers also hold for a session that says it is a replica."""

    dependencies = [("audit", "0002_names")]
    operations = [migrations.RunSQL(alter("ENABLE ALWAYS"), alter("ENABLE"))]

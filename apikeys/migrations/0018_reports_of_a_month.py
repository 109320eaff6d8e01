"""Which reports of gateways a month was made of, in partitions (see partitions.py)."""

import datetime

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.utils import timezone

from apikeys import partitions

TABLE = """
CREATE TABLE apikeys_batchshare (
    organisation_id bigint NOT NULL REFERENCES organisations_organisation,
    month date NOT NULL,
    batch_id bigint NOT NULL REFERENCES apikeys_usagebatch,
    calls bigint NOT NULL,
    charged bigint NOT NULL,
    PRIMARY KEY (organisation_id, month, batch_id)
) PARTITION BY RANGE (month);
"""


def for_now(apps, schema_editor):
    today = timezone.localdate()
    month = datetime.timedelta(days=31)
    partitions.ensure(today - 2 * month, today + 2 * month, [partitions.SHARES])


class Migration(migrations.Migration):

    dependencies = [
        ('apikeys', '0017_environment_of_requests'),
        ('organisations', '0010_own_login'),
    ]

    operations = [
        migrations.AddField(
            model_name='statementbatch',
            name='reports_after',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='statementbatch',
            name='reports_until',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='statementbatch',
            name='usage',
            field=models.JSONField(default=list),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE, "DROP TABLE apikeys_batchshare"),
                migrations.RunPython(for_now, migrations.RunPython.noop),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='BatchShare',
                    fields=[
                        ('pk', models.CompositePrimaryKey('organisation_id', 'month', 'batch_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('month', models.DateField()),
                        ('calls', models.BigIntegerField()),
                        ('charged', models.BigIntegerField()),
                        ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='apikeys.usagebatch')),
                        ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.organisation')),
                    ],
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batchshare',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='baed80669404ff9ca7955a71c79a5935bc29b107', operation='UPDATE OR DELETE', pgid='pgtrigger_never_changed_f511e', table='apikeys_batchshare', when='BEFORE')),
        ),
    ]

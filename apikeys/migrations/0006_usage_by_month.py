"""The usage tables in partitions of a month, which Django cannot say (see partitions.py)."""

import datetime

from django.db import migrations
from django.utils import timezone

from apikeys import partitions

TABLE = """
ALTER TABLE apikeys_{name} RENAME TO apikeys_{name}_plain;
CREATE TABLE apikeys_{name} (
    LIKE apikeys_{name}_plain INCLUDING CONSTRAINTS,
    PRIMARY KEY (organisation_id, {time}, api_key_id, api_id, outcome),
    FOREIGN KEY (organisation_id) REFERENCES organisations_organisation,
    FOREIGN KEY (api_key_id) REFERENCES apikeys_apikey,
    FOREIGN KEY (api_id) REFERENCES apikeys_api
) PARTITION BY RANGE ({time});
DROP TABLE apikeys_{name}_plain;
"""


def for_now(apps, schema_editor):
    today = timezone.localdate()
    month = datetime.timedelta(days=31)
    partitions.ensure(today - 2 * month, today + 2 * month, [partitions.HOURS, partitions.DAYS])


class Migration(migrations.Migration):
    dependencies = [("apikeys", "0005_usage")]

    operations = [
        migrations.RunSQL(TABLE.format(name="usagehour", time="hour")),
        migrations.RunSQL(TABLE.format(name="usageday", time="day")),
        migrations.RunPython(for_now, migrations.RunPython.noop),
    ]

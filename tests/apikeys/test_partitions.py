import datetime

import pytest
from django.db import connection

from apikeys import partitions

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2031, 3, 31)


def months(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = %s::regclass ORDER BY 1",
            [table],
        )
        return [name.removeprefix(f"{table}_") for (name,) in cursor.fetchall()]


def test_a_month_is_made_once_in_every_table():
    for _again in range(2):
        partitions.ensure(datetime.date(2030, 12, 31), datetime.date(2031, 2, 1))

    for table in (partitions.HOURS, partitions.DAYS, partitions.SHARES):
        assert {"2030_12", "2031_01", "2031_02"} <= set(months(table))


def test_hours_go_when_their_month_is_35_days_over_and_days_stay():
    partitions.ensure(datetime.date(2031, 1, 1), TODAY)

    partitions.drop_old(datetime.date(2031, 3, 7))
    assert "2031_01" in months(partitions.HOURS)

    partitions.drop_old(datetime.date(2031, 3, 8))
    assert "2031_01" not in months(partitions.HOURS)
    assert {"2031_02", "2031_03"} <= set(months(partitions.HOURS))
    assert "2031_01" in months(partitions.DAYS)


def test_days_go_after_seven_years():
    partitions.ensure(datetime.date(2023, 12, 1), datetime.date(2024, 3, 1))

    partitions.drop_old(TODAY)

    for table in (partitions.DAYS, partitions.SHARES):
        assert "2023_12" not in months(table)
        assert "2024_03" in months(table)

"""The monthly partitions of the usage tables: made in time, and dropped when they are due.

A month that is dropped costs nothing; deleting its rows one by one would cost hours.
"""

import datetime
from collections.abc import Iterable

from django.db import connection, transaction
from django.utils import timezone

LOCK = 0x7573616765  # "usage": two processes do not make the same partition at once
HOURS, DAYS = "apikeys_usagehour", "apikeys_usageday"
SHARES = "apikeys_batchshare"
KEPT = {  # from the end of a month until nobody may need it
    HOURS: datetime.timedelta(days=35),
    DAYS: datetime.timedelta(days=7 * 366),
    SHARES: datetime.timedelta(days=7 * 366),
}


@transaction.atomic
def ensure(
    first: datetime.date, last: datetime.date, tables: Iterable[str] = tuple(KEPT)
) -> None:
    """Make what is missing for the months of these days and all between them."""
    months = list(_months(first, last))
    names = {
        _name(table, month): (table, month) for table in tables for month in months
    }
    with connection.cursor() as cursor:
        missing = [name for name in names if not _exists(cursor, name)]
        if not missing:
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for name in missing:
            table, month = names[name]
            zone = "+00" if table == HOURS else ""
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table}"  # names of ours
                f" FOR VALUES FROM ('{month}{zone}') TO ('{_next(month)}{zone}')"
            )


@transaction.atomic
def drop_old(today: datetime.date) -> list[str]:
    """Drop the months whose term is over; says which."""
    dropped = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"
            " WHERE inhparent = ANY(%s::regclass[]) ORDER BY 1",
            [list(KEPT)],
        )
        for name, table in cursor.fetchall():
            month = datetime.datetime.strptime(name[-7:], "%Y_%m").date()
            if _next(month) + KEPT[table] <= today:
                cursor.execute(f"DROP TABLE {name}")
                dropped.append(name)
    return dropped


def look_after() -> None:
    """What the worker does every night: room for two months to come, none for what is over."""
    today = timezone.localdate()
    ensure(today - datetime.timedelta(days=35), today + datetime.timedelta(days=62))
    drop_old(today)


def _months(first, last):
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = _next(month)


def _next(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=31)).replace(day=1)


def _name(table, month):
    return f"{table}_{month:%Y_%m}"


def _exists(cursor, name):
    cursor.execute("SELECT to_regclass(%s)", [name])
    return cursor.fetchone()[0] is not None

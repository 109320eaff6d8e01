"""Counting what gateways report: each batch once, all of it or nothing (rule 7)."""

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from . import partitions
from .models import ApiKey, Gateway, Outcome, UsageBatch
from .models.usage import LATENCIES, SUMS
from .reports import Line

LATE = datetime.timedelta(days=35)  # older lines have no hour to land in any more
AHEAD = datetime.timedelta(minutes=5)  # what clocks may differ
AT_ONCE = 20_000  # counters in memory before they go to the database's temporary table
Reader = Callable[[Iterable[bytes]], Iterable[tuple[int, Line | str]]]  # of reports.py
COLUMNS = ["organisation_id", "api_key_id", "api_id", "hour", "outcome", *SUMS]
LOCK = 0x62617463  # "batc": four bytes, beside four of the batch's name
COUNTING = 0x636F756E74  # "count": shared by who counts; statements.py has it alone

_COLUMNS = ", ".join(COLUMNS)
_TEMPORARY = (
    f"CREATE TEMPORARY TABLE reported ON COMMIT DROP AS SELECT {_COLUMNS}"  # noqa: S608
    " FROM apikeys_usagehour WITH NO DATA"
)
_ADDED = ", ".join(f"{name} = {{table}}.{name} + EXCLUDED.{name}" for name in SUMS)
_SUMMED = ", ".join(f"sum({name})" for name in SUMS)
_KEY = "organisation_id, {time}, api_key_id, api_id, outcome"


def _add(table, time, expression):
    """Add the temporary table's sums to a table of counters, in the order of its key."""
    key = _KEY.format(time=time)
    return (
        f"INSERT INTO {table} ({key}, {', '.join(SUMS)})"  # noqa: S608  # names of ours
        f" SELECT organisation_id, {expression}, api_key_id, api_id, outcome, {_SUMMED}"
        f" FROM reported GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
        f" ON CONFLICT ({key}) DO UPDATE SET {_ADDED.format(table=table)}"
    )


_ADD_HOURS = _add("apikeys_usagehour", "hour", "hour")
_ADD_SHARES = (
    "INSERT INTO apikeys_batchshare (organisation_id, month, batch_id, calls, charged)"
    " SELECT organisation_id, date_trunc('month', hour AT TIME ZONE %s)::date, %s,"
    " sum(calls), coalesce(sum(calls) FILTER (WHERE outcome = %s), 0)"
    " FROM reported GROUP BY 1, 2 ORDER BY 1, 2"
)
_FOLLOW = (  # a key that went along with a double while its lines were read
    "UPDATE reported SET organisation_id = key.organisation_id FROM apikeys_apikey key"
    " WHERE key.id = api_key_id AND key.organisation_id <> reported.organisation_id"
)
_ADD_DAYS = _add("apikeys_usageday", "day", "(hour AT TIME ZONE %s)::date")


class BatchDiffers(Exception):
    """Another body was counted under this id: one of the two is a mistake."""


class BadLines(Exception):
    """Nothing was counted; `faults` says of each bad line its number and what is wrong."""

    def __init__(self, faults: list[tuple[int, str]]):
        super().__init__(f"{len(faults)} bad lines")
        self.faults = faults


@transaction.atomic
def count(
    gateway: Gateway, batch_id: str, pieces: Iterable[bytes], read: Reader
) -> dict[str, Any]:
    """Count a batch, given as pieces; the same batch again gets the same answer.

    Raises BadLines, BatchDiffers, or as `read`; then nothing was counted.
    """
    _only_one_at_a_time(gateway, batch_id)
    digest = hashlib.sha256()
    hashed = _hashing(pieces, digest)
    before = UsageBatch.objects.filter(gateway=gateway, batch_id=batch_id).first()
    if before:
        for _piece in hashed:
            pass
        if before.sha256 != digest.hexdigest():
            raise BatchDiffers(batch_id)
        return before.answer
    counters = _Counters()
    lines = _count(gateway, read(hashed), counters)
    answer = {"batchId": batch_id, "lines": lines, **counters.told()}
    batch = UsageBatch(gateway=gateway, batch_id=batch_id, answer=answer)
    batch.sha256 = digest.hexdigest()
    counters.write(batch)
    return answer


@transaction.atomic
def add(batch: UsageBatch, lines: Iterable[Line], skipped: Counter[str]) -> int:
    """Count the lines that can be true, and note of the others why not; says how many calls.

    They make up this new batch, which is not kept if there are none.
    """
    counters, judge = _Counters(), _Judge(batch.gateway)
    for line in lines:
        if fault := judge.fault(line):
            skipped[fault] += 1
        else:
            counters.add(judge, line)
    if counters.calls:
        batch.answer = counters.told()
        counters.write(batch)
    return counters.calls


def _only_one_at_a_time(gateway, batch_id):
    """A retry that comes while the first try is still counted waits for its answer."""
    name = hashlib.sha256(f"{gateway.pk}|{batch_id}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [LOCK, int.from_bytes(name[:4], signed=True)],
        )


def _hashing(pieces, digest) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _count(
    gateway: Gateway, lines: Iterable[tuple[int, Line | str]], counters: "_Counters"
) -> int:
    """Add up all lines, and say how many; raises BadLines."""
    judge = _Judge(gateway)
    faults: list[tuple[int, str]] = []  # at most reports.MOST_LINES
    seen = 0
    for number, line in lines:
        seen += 1
        fault = line if isinstance(line, str) else judge.fault(line)
        if fault:
            faults.append((number, fault))
        elif isinstance(line, Line) and not faults:  # after a fault nothing counts
            counters.add(judge, line)
    if faults:
        raise BadLines(faults)
    return seen


class _Judge:
    """Whether a line can be true, as this gateway tells it."""

    def __init__(self, gateway: Gateway) -> None:
        self.now = timezone.now()
        self.apis = dict(gateway.may_tell_of().values_list("slug", "pk"))
        self.organisations: dict[int, int | None] = {}

    def fault(self, line: Line) -> str | None:
        if line.api not in self.apis:
            return f"This gateway knows no API `{line.api}` - at `$.api`"
        if line.at < self.now - LATE:
            return f"More than {LATE.days} days ago - at `$.at`"
        if line.at > self.now + AHEAD:
            return "In the future - at `$.at`"
        if self.organisation(line.api_key_id) is None:
            return f"There is no key {line.api_key_id} - at `$.apiKeyId`"
        return None

    def organisation(self, key: int) -> int | None:
        if key not in self.organisations:
            found = ApiKey.objects.filter(pk=key).values_list("organisation_id")
            self.organisations[key] = found[0][0] if found else None
        return self.organisations[key]


class _Counters:
    """Sums in memory, poured into a temporary table whenever they become many."""

    def __init__(self) -> None:
        self.sums: dict[tuple, list[int]] = {}
        self.calls = 0
        self.first: datetime.datetime | None = None
        self.last: datetime.datetime | None = None
        self.poured = False

    def add(self, judge: _Judge, line: Line) -> None:
        hour = line.at.astimezone(datetime.UTC).replace(
            minute=0, second=0, microsecond=0
        )
        key = (
            judge.organisation(line.api_key_id),
            line.api_key_id,
            judge.apis[line.api],
            hour,
            Outcome.of(line.status).value,
        )
        sums = self.sums.setdefault(key, [0] * len(SUMS))
        sums[0] += line.calls
        sums[1] += line.bytes
        slot = sum(line.latency_ms > bound for bound in LATENCIES)
        sums[2 + slot] += line.calls
        self.calls += line.calls
        self.first = min(self.first or hour, hour)
        self.last = max(self.last or hour, hour)
        if len(self.sums) >= AT_ONCE:
            self.pour()

    def pour(self) -> None:
        with connection.cursor() as cursor:
            if not self.poured:
                cursor.execute(_TEMPORARY)
                self.poured = True
            with cursor.copy(f"COPY reported ({_COLUMNS}) FROM STDIN") as copy:
                for key, sums in self.sums.items():
                    copy.write_row([*key, *sums])
        self.sums.clear()

    def told(self) -> dict[str, Any]:
        """What a gateway is answered about them."""
        return {
            "calls": self.calls,
            "firstHour": _iso(self.first),
            "lastHour": _iso(self.last),
        }

    def write(self, batch: UsageBatch) -> None:
        """Add them to the counters, as this new batch.

        Statements wait until that is committed: what they see is counted whole, and a batch
        that comes after them has a higher number.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [COUNTING])
        batch.save(force_insert=True)
        if self.first is None or self.last is None:
            return
        self.pour()
        partitions.ensure(
            self.first.date() - datetime.timedelta(days=1),
            self.last.date() + datetime.timedelta(days=1),
        )
        with connection.cursor() as cursor:
            zone = timezone.get_default_timezone_name()
            cursor.execute(_FOLLOW)
            cursor.execute(_ADD_HOURS)
            cursor.execute(_ADD_DAYS, [zone])
            cursor.execute(_ADD_SHARES, [zone, batch.pk, Outcome.OK])
            cursor.execute("DROP TABLE reported")
        _note(batch.gateway, self.last)


def _note(gateway: Gateway, last_hour: datetime.datetime) -> None:
    """Keep until when this gateway has reported, so that one that lags is seen."""
    newest = Gateway.objects.filter(pk=gateway.pk)
    later = newest.exclude(reported_until__gte=last_hour)
    later.update(reported_until=last_hour)


def _iso(moment):
    return moment and moment.isoformat().replace("+00:00", "Z")

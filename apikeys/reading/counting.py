"""How much was used: one pass over the counters, summed in every way that a page shows."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from organisations.models import Organisation

from ..models import Outcome, UsageDay
from ..models.usage import LATENCIES, SUMS
from .periods import DAY, Period, Step, hours, midnight

_SUMMED = ", ".join(f"sum({name})::bigint" for name in SUMS)
_ONLY_CALLS = ", ".join(["sum(calls)::bigint", *["0"] * (len(SUMS) - 1)])
_BUCKETS = {
    Step.HOUR: "hour",
    Step.DAY: "day",
    Step.WEEK: "date_trunc('week', day)::date",
    Step.MONTH: "date_trunc('month', day)::date",
}
# Every sum that a page shows, in one reading of the table.
_READ = (
    "SELECT {bucket} AS bucket, api_key_id, api_id, outcome,"
    " GROUPING({bucket}, api_key_id, api_id), {sums} FROM {table} WHERE {where}"
    " GROUP BY GROUPING SETS (({bucket}, outcome), (api_key_id, outcome), (api_id, outcome))"
)
_BY_BUCKET, _BY_KEY, _BY_API = 0b011, 0b101, 0b110


@dataclass(frozen=True)
class Asked:
    """Whose use, and which of it; None is all."""

    organisation: Organisation
    key: int | None = None
    api: int | None = None
    outcome: int | None = None

    def rows(self, model: Any, period: Period) -> Any:
        """The counters themselves, of hours or of days."""
        rows = model.objects.filter(organisation=self.organisation)
        named = {"api_key": self.key, "api": self.api, "outcome": self.outcome}
        rows = rows.filter(**{name: pk for name, pk in named.items() if pk is not None})
        if model is UsageDay:
            return rows.filter(day__range=(period.first, period.last))
        end = midnight(period.last + DAY)
        return rows.filter(hour__gte=midnight(period.first), hour__lt=end)

    def where(self, period: Period, step: Step) -> tuple[str, list[Any]]:
        """SQL and its values; the time first in mind, since the tables are split by it."""
        parts: list[str] = ["organisation_id = %s"]
        values: list[Any] = [self.organisation.pk]
        for column, value in (
            ("api_key_id", self.key), ("api_id", self.api), ("outcome", self.outcome),
        ):  # fmt: skip
            if value is not None:
                parts.append(f"{column} = %s")
                values.append(value)
        if step == Step.HOUR:
            end = min(
                period.until or midnight(period.last + DAY), midnight(period.last + DAY)
            )
            parts.append("hour >= %s AND hour < %s")
            return " AND ".join(parts), [*values, midnight(period.first), end]
        parts.append("day BETWEEN %s AND %s")
        return " AND ".join(parts), [*values, period.first, period.last]


@dataclass
class Sums:
    """Calls of one kind: how many by outcome, how much was sent, how long they took."""

    outcomes: dict[Outcome, int] = field(
        default_factory=lambda: dict.fromkeys(Outcome, 0)
    )
    bytes_sent: int = 0
    within: list[int] = field(default_factory=lambda: [0] * (len(LATENCIES) + 1))

    def add(self, outcome: int, sums: list[int]) -> None:
        self.outcomes[Outcome(outcome)] += sums[0]
        self.bytes_sent += sums[1]
        self.within = [a + b for a, b in zip(self.within, sums[2:], strict=True)]

    def join(self, other: "Sums") -> None:
        for outcome, calls in other.outcomes.items():
            self.outcomes[outcome] += calls
        self.bytes_sent += other.bytes_sent
        self.within = [a + b for a, b in zip(self.within, other.within, strict=True)]

    @property
    def calls(self) -> int:
        return sum(self.outcomes.values())

    @property
    def failed(self) -> int:
        return self.calls - self.outcomes[Outcome.OK]

    @property
    def failed_share(self) -> float | None:
        """Of a hundred calls, how many went wrong; None without calls."""
        return 100 * self.failed / self.calls if self.calls else None

    @property
    def median(self) -> float | None:
        return within_which(self.within, 0.5)

    @property
    def percentile_95(self) -> float | None:
        return within_which(self.within, 0.95)


@dataclass
class Used:
    """What was used in one period: by moment, by key, by API, and in all."""

    period: Period
    step: Step
    moments: list[Any]
    by_moment: dict[Any, Sums]
    by_key: dict[int, Sums]
    by_api: dict[int, Sums]

    @property
    def total(self) -> Sums:
        total = Sums()
        for sums in self.by_api.values():
            total.join(sums)
        return total

    @property
    def begun(self) -> list[Any]:
        """The moments but those to come: a day that runs has no calls of tonight."""
        if self.step != Step.HOUR:
            return self.moments
        end = self.period.until or timezone.now()
        return [at for at in self.moments if at <= end]

    def line(self) -> list[int]:
        """The calls of each moment that has begun, in order."""
        return [
            self.by_moment[at].calls if at in self.by_moment else 0 for at in self.begun
        ]


def used(asked: Asked, period: Period, step: Step, *, only_calls: bool = False) -> Used:
    """All that a page about this period shows, with one query.

    With `only_calls` nothing is read of bytes and latencies, which is quicker.
    """
    found: dict[int, dict[Any, Sums]] = {
        grouping: defaultdict(Sums) for grouping in (_BY_BUCKET, _BY_KEY, _BY_API)
    }
    where, values = asked.where(period, step)
    query = _READ.format(
        bucket=_BUCKETS[step],
        sums=_ONLY_CALLS if only_calls else _SUMMED,
        table="apikeys_usagehour" if step == Step.HOUR else "apikeys_usageday",
        where=where,
    )
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        for bucket, key, api, outcome, grouping, *sums in cursor.fetchall():
            of = {_BY_BUCKET: bucket, _BY_KEY: key, _BY_API: api}[grouping]
            found[grouping][of].add(outcome, sums)
    moments = period.buckets(step)
    return Used(
        period, step, moments, found[_BY_BUCKET], found[_BY_KEY], found[_BY_API]
    )


def calls_by_day(
    asked: Asked, period: Period, outcomes: Iterable[Outcome] = Outcome
) -> dict[tuple[datetime.date, int, int], int]:
    """Calls by day, key and API."""
    where, values = asked.where(period, Step.DAY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, api_key_id, api_id, sum(calls)::bigint FROM apikeys_usageday"  # noqa: S608
            f" WHERE {where} AND outcome = ANY(%s) GROUP BY 1, 2, 3",
            [*values, list(outcomes)],
        )
        return {(day, key, api): calls for day, key, api, calls in cursor.fetchall()}


def by_hour_of_week(asked: Asked, period: Period) -> list[list[float]]:
    """The average calls of each hour of each weekday, as the operator's clock counts them.

    An hour that the clock skips is not counted as one without calls, and one that it has
    twice counts for two.
    """
    where, values = asked.where(period, Step.HOUR)
    calls = [[0] * 24 for _day in range(7)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(isodow FROM local)::int, extract(hour FROM local)::int,"  # noqa: S608
            " sum(calls)::bigint FROM (SELECT hour AT TIME ZONE %s AS local, calls"
            f" FROM apikeys_usagehour WHERE {where}) AS counted GROUP BY 1, 2",
            [timezone.get_default_timezone_name(), *values],
        )
        for weekday, hour, number in cursor.fetchall():
            calls[weekday - 1][hour] = number
    times = [[0] * 24 for _day in range(7)]
    for moment in hours(period):
        if moment <= timezone.now():
            local = timezone.localtime(moment)
            times[local.weekday()][local.hour] += 1
    return [
        [number / max(1, often) for number, often in zip(*rows, strict=True)]
        for rows in zip(calls, times, strict=True)
    ]


def within_which(within: list[int], share: float) -> float | None:
    """In how many milliseconds this share of the calls was answered, as an estimate.

    The counters know between which bounds a call fell; within them calls are taken to lie
    evenly. Of those beyond the last bound only that bound is known.
    """
    wanted = share * sum(within)
    if not wanted:
        return None
    low, seen = 0, 0
    for bound, calls in zip(LATENCIES, within[:-1], strict=True):
        if calls and seen + calls >= wanted:
            return low + (bound - low) * (wanted - seen) / calls
        low, seen = bound, seen + calls
    return float(LATENCIES[-1])

"""Figures for staff over a period: how many apply, how long that takes, what is used."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from apikeys import charts
from apikeys.models import Api, UsageDay
from apikeys.reading.periods import DAY, Period, Step, midnight
from apikeys.words import number

from .models import Application, Status

KEPT = datetime.timedelta(minutes=10)  # who steers needs no figure of this second
_DAYS_PER_STATE = """
SELECT moved.data->>'was', count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY moved.at - began.at),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY moved.at - began.at)
FROM audit_event moved CROSS JOIN LATERAL (
    SELECT at FROM audit_event before
    WHERE before.subject_type = moved.subject_type
        AND before.subject_id = moved.subject_id
        AND before.kind = moved.kind AND before.at < moved.at
    ORDER BY before.at DESC LIMIT 1
) began
WHERE moved.kind = 'application.moved' AND moved.at >= %s AND moved.at < %s
    AND moved.data->>'was' <> 'draft'
GROUP BY 1
"""


@dataclass(frozen=True)
class Table:
    """One report: a table, and its columns of numbers as bars on each other."""

    columns: list[str]
    rows: list[list[Any]]
    bars: list[list[int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    @property
    def chart(self) -> charts.Stack:
        return charts.stack(self.bars, [str(row[0]) for row in self.rows])

    @property
    def shown(self) -> list[list[str]]:
        """The rows as people read numbers here."""
        return [[row[0], *map(_shown, row[1:])] for row in self.rows]


@dataclass(frozen=True)
class Report:
    slug: str
    title: str | Promise
    make: Callable[[Period], Table]

    def made(self, period: Period) -> "Made":
        """As it was made at most `KEPT` ago, by whoever asked."""
        name = f"report:{self.slug}:{period.first}:{period.last}:{get_language()}"
        found: Made | None = cache.get(name)
        if found is None:
            found = Made(self.make(period))
            cache.set(name, found, KEPT.seconds)
        return found


@dataclass(frozen=True)
class Made:
    table: Table
    at: datetime.datetime = field(default_factory=timezone.now)


def weeks(period: Period) -> Table:
    """How many applications were sent in, by the week that begins on a Monday."""
    found = (
        Application.objects.filter(**_within("submitted_at", period))
        .order_by()
        .values_list(TruncWeek("submitted_at"))
        .annotate(Count("pk"))
    )
    counted = {moment.date(): many for moment, many in found}
    return _by_week(period, counted, pgettext("geteld", "Aanvragen"))


def days_per_state(period: Period) -> Table:
    """How many days applications stood where they left from in this period."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS_PER_STATE, [*_moments(period)])
        found = {was: (many, *spans) for was, many, *spans in cursor.fetchall()}
    rows = [
        [
            str(status.label),
            found[status][0],
            *(_days(one) for one in found[status][1:]),
        ]
        for status in Status
        if status in found
    ]
    bars = [
        [round(median), round(most) - round(median)] for *_name, median, most in rows
    ]
    columns = [_("Status"), _("Aantal"), _("Mediaan (dagen)"), _("90 % binnen (dagen)")]
    return Table(columns, rows, bars, [_("Mediaan"), _("Tot waar 90 % binnen valt")])


def refusals(period: Period) -> Table:
    """Why applications were turned down: by the reply that was chosen, else in own words."""
    refused = Application.objects.filter(
        status=Status.REJECTED, **_within("decided_at", period)
    )
    counted = (
        refused.order_by()
        .values_list("rejection_in_own_words", "rejection_reply__name")
        .annotate(many=Count("pk"))
    )
    unnamed = {True: _("In eigen woorden"), None: _("Niet vastgelegd")}
    rows = sorted(
        ([name or unnamed[own], many] for own, name, many in counted),
        key=lambda row: (-row[1], row[0]),
    )
    return Table([_("Reden"), _("Afwijzingen")], rows, [[many] for _name, many in rows])


def active(period: Period) -> Table:
    """How many organisations called an API, by the week."""
    found = (
        _used(period)
        .values_list(TruncWeek("day"))
        .annotate(Count("organisation", distinct=True))
    )
    return _by_week(period, dict(found), _("Actieve organisaties"))


def use(period: Period) -> Table:
    """How much each API was called, and by how many organisations."""
    apis = {api.pk: str(api) for api in Api.objects.all()}
    found = _used(period).values_list("api").annotate(
        Sum("calls"), Count("organisation", distinct=True)
    )  # fmt: skip
    rows = sorted(
        ([apis[api], int(calls), many] for api, calls, many in found),
        key=lambda row: (-row[1], row[0]),
    )
    columns = [_("API"), _("Bevragingen"), _("Organisaties")]
    return Table(columns, rows, [[row[1]] for row in rows])


REPORTS = [
    Report("aanvragen", gettext_lazy("Aanvragen per week"), weeks),
    Report("doorlooptijd", gettext_lazy("Dagen per status"), days_per_state),
    Report("afwijzingen", gettext_lazy("Afwijzingen per reden"), refusals),
    Report("actief", gettext_lazy("Actieve organisaties per week"), active),
    Report("gebruik", gettext_lazy("Gebruik per API"), use),
]


def _by_week(period: Period, counted: dict[datetime.date, int], what: str) -> Table:
    """Also the weeks in which there was nothing."""
    mondays = period.buckets(Step.WEEK)
    numbers = [counted.get(monday, 0) for monday in mondays]  # type: ignore[call-overload]
    names = [date_format(monday, "SHORT_DATE_FORMAT") for monday in mondays]
    rows = [[name, many] for name, many in zip(names, numbers, strict=True)]
    return Table([_("Week vanaf"), what], rows, [[many] for many in numbers])


def _used(period: Period):
    days = UsageDay.objects.filter(day__range=(period.first, period.last))
    return days.order_by()


def _moments(period: Period) -> tuple[datetime.datetime, datetime.datetime]:
    return midnight(period.first), midnight(period.last + DAY)


def _within(name: str, period: Period) -> dict[str, datetime.datetime]:
    first, end = _moments(period)
    return {f"{name}__gte": first, f"{name}__lt": end}


def _days(span: datetime.timedelta) -> float:
    return round(span / DAY, 1)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return number_format(value, 1)
    return number(value) if isinstance(value, int) else str(value)

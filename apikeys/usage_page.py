"""What the page about usage shows: numbers that were read, put beside each other."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _

from . import charts
from .models import Outcome
from .reading import costs, counting, quotas
from .reading.counting import Asked, Sums, Used
from .reading.periods import DAY, HOURS_KEPT, Period, Step

MOST_ROWS = 15  # keys by name; the rest is one row, and all of them are in the download
FAILURES = [Outcome.CLIENT_ERROR, Outcome.LIMITED, Outcome.SERVER_ERROR]


@dataclass(frozen=True)
class Row:
    """One line of a table: of a key, an API, or a moment."""

    name: str
    sums: Sums
    share: float = 0.0  # of all calls, in hundredths
    before: int | None = None

    @property
    def failures(self) -> list[int]:
        return [self.sums.outcomes[kind] for kind in FAILURES]


def about(
    asked: Asked, period: Period, earlier: Period, step: Step, *, keys: dict, apis: dict
) -> dict[str, Any]:
    """All of the page's parts but the costs."""
    used = counting.used(asked, period, step)
    before = counting.used(asked, earlier, step, only_calls=True)
    names = [name_of(moment, step) for moment in used.moments]
    rows = _moments(used, before, names)
    total = used.total
    return {
        "period": period,
        "earlier": earlier,
        "step": step,
        "is_running": period.last == timezone.localdate(),
        "total": total,
        "before": before.total,
        "change": change(total.calls, before.total.calls),
        "line": charts.line(
            used.line(), before.line() if before.total.calls else [], names
        ),
        "failures": charts.stack([row.failures for row in rows], names),
        "failure_kinds": [kind.label for kind in FAILURES],
        "moments": rows,
        "by_key": ranked(used.by_key, keys, total.calls),
        "by_api": ranked(used.by_api, apis, total.calls),
        **hours_of_week(asked, period),
    }


def cost(asked: Asked) -> dict[str, Any]:
    """What this month costs up to now, and what is expected of it."""
    today = timezone.localdate()
    return {
        "month": costs.month_of(today),
        "bill": costs.so_far(asked.organisation, today, key=asked.key),
        "quotas": quotas.of_month(asked.organisation, today),
        "expected": costs.expected(asked.organisation, today, key=asked.key),
    }


def hours_of_week(asked: Asked, period: Period) -> dict[str, Any]:
    """When in the week there is use; of a long period as much of it as is kept by the hour."""
    earliest = timezone.localdate() - HOURS_KEPT
    if period.last < earliest:
        return {"heat": None}
    part = Period(max(period.first, earliest), period.last)
    week = counting.by_hour_of_week(asked, part)
    monday = datetime.date(2024, 1, 1)
    days = [date_format(monday + number * DAY, "D") for number in range(7)]
    longer = [date_format(monday + number * DAY, "l") for number in range(7)]
    busiest = max(
        (
            (number, day, hour)
            for day, row in enumerate(week)
            for hour, number in enumerate(row)
        ),
        key=lambda found: found[0],
    )
    return {
        "heat": charts.heat(week, days),
        "heat_period": part,
        "heat_is_part": part != period,
        "heat_rows": [
            (name, [round(number, 1) for number in row])
            for name, row in zip(longer, week, strict=True)
        ],
        "heat_hours": range(24),
        "busiest": {
            "day": longer[busiest[1]],
            "hour": busiest[2],
            "next": busiest[2] + 1,
            "calls": round(busiest[0], 1),
        },
    }


def change(now: int, before: int) -> int | None:
    """By how many percent it became more or less; None where there was nothing before."""
    return round(100 * (now - before) / before) if before else None


def name_of(moment: Any, step: Step) -> str:
    """How a moment is called below a picture and in a table."""
    if step == Step.HOUR:
        return date_format(timezone.localtime(moment), "H:i")
    if step == Step.MONTH:
        return date_format(moment, get_format("SHORT_DATE_FORMAT").removeprefix("j "))
    if step == Step.WEEK:
        return _("week %(number)d") % {"number": moment.isocalendar().week}
    return date_format(moment, get_format("SHORT_DATE_FORMAT").removesuffix(" Y"))


def _moments(used: Used, before: Used, names: list[str]) -> list[Row]:
    earlier = before.line()
    return [
        Row(
            name,
            used.by_moment.get(moment) or Sums(),
            before=earlier[place] if place < len(earlier) else None,
        )
        for place, (moment, name) in enumerate(zip(used.begun, names, strict=False))
    ]


def ranked(by: dict[int, Sums], names: dict[int, str], calls: int) -> list[Row]:
    """The most used first; what has no room is one row together."""
    found = sorted(by.items(), key=lambda one: (-one[1].calls, one[0]))
    rows = [
        Row(names.get(pk, f"{pk}"), sums, 100 * sums.calls / max(1, calls))
        for pk, sums in found[:MOST_ROWS]
    ]
    if rest := found[MOST_ROWS:]:
        together = Sums()
        for _pk, sums in rest:
            together.join(sums)
        name = _("%(count)d andere") % {"count": len(rest)}
        rows.append(Row(name, together, 100 * together.calls / max(1, calls)))
    return rows

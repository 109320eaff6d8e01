"""Usage to take along, as CSV or XLSX: what a page shows, or the counters themselves.

A year of two hundred keys is a million counters: they are read and written piece by piece,
so that memory does not grow with them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from organisations.spreadsheets import line

from .models import Outcome, UsageDay, UsageHour
from .models.usage import SUMS
from .reading.counting import Asked, Sums, Used
from .reading.periods import Period, Step

AT_ONCE = 2000
WHICH = ["api_key_id", "api__slug", "outcome", *SUMS]

Rows = Iterable[list[Any]]


def raw(
    asked: Asked, period: Period, step: Step, keys: dict[int, str]
) -> Iterator[list[Any]]:
    """Each counter of the period: by the hour where the page shows hours, else by the day."""
    hourly = step == Step.HOUR
    model: Any = UsageHour if hourly else UsageDay
    moment = "hour" if hourly else "day"
    yield [moment, "api_key_id", "api_key", "api", "outcome", *SUMS]
    rows = asked.rows(model, period).order_by(moment, "api_key_id", "api_id", "outcome")
    found = rows.values_list(moment, *WHICH).iterator(chunk_size=AT_ONCE)
    outcomes = {kind.value: kind.name.lower() for kind in Outcome}
    for at, key, api, outcome, *sums in found:
        name = keys.get(key, "")
        yield [at.isoformat(), key, name, api, outcomes[outcome], *sums]


def shown(
    used: Used, before: Used, keys: dict[int, str], apis: dict[int, str]
) -> Iterator[list[Any]]:
    """The numbers of the page: by moment, by API and by key; of the keys all."""
    kinds = [str(kind.label) for kind in Outcome]
    yield [
        _("per"), _("wat"), _("bevragingen"), _("ervoor"), *kinds, _("bytes"),
        _("mediaan (ms, geschat)"), _("95 % (ms, geschat)"),
    ]  # fmt: skip
    earlier = before.line()
    for place, moment in enumerate(used.moments):
        sums = used.by_moment.get(moment) or Sums()
        then = earlier[place] if place < len(earlier) else ""
        yield [str(used.step.label), _local(moment), *_numbers(sums, then)]
    for what, by, was, names in (
        (_("API"), used.by_api, before.by_api, apis),
        (_("API-key"), used.by_key, before.by_key, keys),
    ):
        for pk in sorted({*by, *was}, key=lambda pk: names.get(pk, "")):
            then = was[pk].calls if pk in was else 0
            yield [what, names.get(pk, ""), *_numbers(by.get(pk) or Sums(), then)]


def _local(moment: Any) -> str:
    """Hours by the operator's clock, with its distance from the world's."""
    is_hour = hasattr(moment, "hour")
    return (timezone.localtime(moment) if is_hour else moment).isoformat()


def _numbers(sums: Sums, before: Any) -> list[Any]:
    times = [sums.median, sums.percentile_95]
    rounded = ["" if time is None else round(time) for time in times]
    outcomes = [sums.outcomes[kind] for kind in Outcome]
    return [sums.calls, before, *outcomes, sums.bytes_sent, *rounded]


def as_csv(rows: Rows) -> Iterator[str]:
    """Lines, many at a time: a piece of a few bytes costs as much to send as a large one."""
    held: list[str] = []
    for row in rows:
        held.append(line(row))
        if len(held) == AT_ONCE:
            yield "".join(held)
            held.clear()
    yield "".join(held)

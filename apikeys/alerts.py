"""Whether yesterday was like other days: rules that one odd day does not upset.

Unusual: the calls of a day lie further from the median of the same weekday in the six weeks
before than four times their usual distance from it (the median absolute deviation). Errors:
one call in twenty failed or more, and twice as many as in the four weeks before.
"""

import datetime
from collections.abc import Iterator
from statistics import median

from django.db import transaction
from django.utils import timezone

from organisations.models import Organisation

from . import usage_emails
from .models import AlertKind, Outcome, UsageAlert, UsageDay
from .reading.counting import Asked, calls_by_day
from .reading.periods import DAY, Period

WEEKS, FEWEST_WEEKS = 6, 4
TIMES = 4
AS_DEVIATION = 1.4826  # makes the MAD comparable to a standard deviation
LEAST_SPREAD = 0.1  # of the median: a program that is exact to the call may vary too
LEAST_CALLS = 100  # that a day differs
FAILED = [Outcome.CLIENT_ERROR, Outcome.SERVER_ERROR]
LEAST_FAILED, LEAST_SHARE, RISE = 50, 5.0, 2


def check_all() -> None:
    """Look at yesterday for everybody who used anything lately and wants to hear of it."""
    day = timezone.localdate() - DAY
    lately = UsageDay.objects.filter(day__range=(day - WEEKS * 7 * DAY, day))
    wants = Organisation.objects.exclude(usage_mail__alerts=False)
    for organisation in wants.filter(pk__in=lately.values("organisation")):
        check(organisation, day)


@transaction.atomic
def check(organisation: Organisation, day: datetime.date) -> None:
    """Tell of what was odd on a day: once a day and kind, however many workers look."""
    for kind, was, usual in _odd(organisation, day):
        alert, is_new = UsageAlert.objects.get_or_create(
            organisation=organisation,
            kind=kind,
            day=day,
            defaults={"was": was, "usual": usual},
        )
        if is_new:
            usage_emails.alert(alert)


def _odd(organisation, day) -> Iterator[tuple[AlertKind, float, float]]:
    asked, past = Asked(organisation), Period(day - WEEKS * 7 * DAY, day)
    calls = _by_day(asked, past, Outcome)
    same = [calls.get(day - week * 7 * DAY, 0) for week in range(1, WEEKS + 1)]
    if usual := unusual(calls.get(day, 0), same):
        yield AlertKind.UNUSUAL, calls.get(day, 0), usual
    failed = _by_day(asked, past, FAILED)
    weeks = [day - number * DAY for number in range(1, 29)]
    share, before = (
        100 * sum(failed.get(one, 0) for one in days)
        / max(1, sum(calls.get(one, 0) for one in days))
        for days in ([day], weeks)
    )  # fmt: skip
    if failed.get(day, 0) >= LEAST_FAILED and share >= max(LEAST_SHARE, RISE * before):
        yield AlertKind.ERRORS, share, before


def unusual(calls: int, same: list[int]) -> float | None:
    """What the day usually has, if it differs from that too much; else None."""
    if sum(number > 0 for number in same) < FEWEST_WEEKS:
        return None
    usual = median(same)
    spread = AS_DEVIATION * median(abs(number - usual) for number in same)
    bound = max(TIMES * max(spread, LEAST_SPREAD * usual), LEAST_CALLS)
    return usual if abs(calls - usual) > bound else None


def _by_day(asked, period, outcomes):
    sums: dict[datetime.date, int] = {}
    for (day, _key, _api), calls in calls_by_day(asked, period, outcomes).items():
        sums[day] = sums.get(day, 0) + calls
    return sums

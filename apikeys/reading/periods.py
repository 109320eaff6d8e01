"""From when to when somebody looks, what lies before it, and in which steps it is drawn."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
MOST_DAYS = 7 * 366  # what is kept
HOURS_KEPT = datetime.timedelta(days=35)
FEW_DAYS = 93  # more of them cannot be told apart in a picture


class Choice(models.TextChoices):
    """The periods with a name; `own` goes from a day to a day."""

    TODAY = "vandaag", gettext_lazy("Vandaag")
    WEEK = "7", gettext_lazy("Laatste 7 dagen")
    DAYS_30 = "30", gettext_lazy("Laatste 30 dagen")
    MONTH = "maand", gettext_lazy("Deze maand")
    QUARTER = "kwartaal", gettext_lazy("Dit kwartaal")
    YEAR = "jaar", gettext_lazy("Dit jaar")
    OWN = "eigen", gettext_lazy("Zelf kiezen")


class Step(models.TextChoices):
    """What one point of a line stands for."""

    HOUR = "uur", gettext_lazy("uur")
    DAY = "dag", gettext_lazy("dag")
    WEEK = "week", gettext_lazy("week")
    MONTH = "maand", gettext_lazy("maand")


@dataclass(frozen=True)
class Period:
    """Whole days of the operator, both included; `until` ends a day that is not over."""

    first: datetime.date
    last: datetime.date
    until: datetime.datetime | None = None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_one_day(self) -> bool:
        return self.first == self.last

    def __str__(self) -> str:
        if self.is_one_day:
            return date_format(self.first, "DATE_FORMAT")
        first, last = (
            date_format(day, "DATE_FORMAT") for day in (self.first, self.last)
        )
        return _("%(first)s tot en met %(last)s") % {"first": first, "last": last}

    def step(self) -> Step:
        """The finest step in which the period can still be seen, and is still kept."""
        if self.is_one_day and timezone.localdate() - self.first <= HOURS_KEPT:
            return Step.HOUR
        return Step.DAY if self.days <= FEW_DAYS else Step.MONTH

    def buckets(self, step: Step) -> list[datetime.datetime | datetime.date]:
        """What each point begins with, also where nothing was used."""
        if step == Step.HOUR:
            return list(hours(self))
        found = {begin(day, step) for day in self}
        return sorted(found)

    def __iter__(self) -> Iterator[datetime.date]:
        for number in range(self.days):
            yield self.first + number * DAY


def chosen(
    choice: str, today: datetime.date, first=None, last=None
) -> tuple[Period, Period]:
    """The period that was chosen, and the one before it that is compared with it."""
    match choice:
        case Choice.TODAY:
            now = timezone.now()
            return Period(today, today), Period(
                today - DAY, today - DAY, until=now - DAY
            )
        case Choice.WEEK | Choice.DAYS_30:
            period = Period(today - (int(choice) - 1) * DAY, today)
        case Choice.MONTH | Choice.QUARTER | Choice.YEAR:
            months = {Choice.MONTH: 1, Choice.QUARTER: 3, Choice.YEAR: 12}[
                Choice(choice)
            ]
            start = today.replace(month=(today.month - 1) // months * months + 1, day=1)
            return Period(start, today), _as_far_into(start, months, today)
        case _ if first == last == today:
            return chosen(Choice.TODAY, today)
        case _:
            period = Period(first, last)
    return period, Period(period.first - period.days * DAY, period.first - DAY)


def _as_far_into(start, months, today):
    """The month, quarter or year before, up to as many days as this one has had."""
    before = months_before(start, months)
    return Period(before, min(before + (today - start), start - DAY))


def months_before(day: datetime.date, months: int) -> datetime.date:
    """The first day of the month that lies so many months earlier."""
    index = day.year * 12 + day.month - 1 - months
    return datetime.date(index // 12, index % 12 + 1, 1)


def begin(day: datetime.date, step: Step) -> datetime.date:
    """The first day of the week (Monday) or month that a day is in."""
    if step == Step.WEEK:
        return day - day.weekday() * DAY
    return day.replace(day=1) if step == Step.MONTH else day


def midnight(day: datetime.date) -> datetime.datetime:
    """When a day begins where the operator is."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def hours(period: Period) -> Iterator[datetime.datetime]:
    """The hours of these days, 23 or 25 on a day on which the clock changes."""
    moment = midnight(period.first).astimezone(datetime.UTC)
    end = midnight(period.last + DAY)
    while moment < end:
        yield moment
        moment += HOUR

"""What is read from the counters: sums, hours of the week, latencies."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apikeys.models import Api, Outcome
from apikeys.reading import counting
from apikeys.reading.counting import Asked
from apikeys.reading.periods import Choice, Period, Step, chosen, hours
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = datetime.date(2026, 3, 10)
MONTH = Period(DAY.replace(day=1), DAY.replace(day=31))


@pytest.fixture
def key(db):
    return ApiKeyFactory()


@pytest.fixture
def asked(key):
    return Asked(key.organisation)


def test_the_same_calls_are_summed_by_moment_key_and_api(key, asked):
    other = ApiKeyFactory(organisation=key.organisation)
    zoeken, basis = key.apis[:2]
    count(key, DAY, 5, api=zoeken)
    count(key, DAY, 2, api=basis, outcome=Outcome.SERVER_ERROR)
    count(other, DAY.replace(day=11), 3, api=zoeken)

    used = counting.used(asked, MONTH, Step.DAY)

    assert used.total.calls == 10
    assert used.total.failed == 2
    assert {pk: sums.calls for pk, sums in used.by_key.items()} == {
        key.pk: 7,
        other.pk: 3,
    }
    assert {pk: sums.calls for pk, sums in used.by_api.items()} == {
        zoeken.pk: 8,
        basis.pk: 2,
    }
    assert used.line()[9:11] == [7, 3]
    assert sum(used.line()) == 10


def test_nothing_of_another_organisation_is_counted(key, asked):
    count(ApiKeyFactory(), DAY, 9)
    count(key, DAY, 1)

    for step in (Step.DAY, Step.MONTH):
        assert counting.used(asked, MONTH, step).total.calls == 1


@pytest.mark.parametrize(
    ("filters", "calls"),
    [({"key": 0}, 4), ({"api": 0}, 5), ({"outcome": Outcome.LIMITED}, 3), ({}, 8)],
)
def test_only_what_is_asked_for_is_counted(key, filters, calls):
    other = ApiKeyFactory(organisation=key.organisation)
    zoeken, basis = key.apis[:2]
    count(key, DAY, 4, api=zoeken)
    count(other, DAY, 1, api=zoeken)
    count(other, DAY, 3, api=basis, outcome=Outcome.LIMITED)
    ids = {"key": key.pk, "api": zoeken.pk}
    named = {name: ids.get(name, value) for name, value in filters.items()}

    used = counting.used(Asked(key.organisation, **named), MONTH, Step.DAY)

    assert used.total.calls == calls


def test_days_of_the_operator_hold_the_hours_around_midnight(key, asked):
    midnight = timezone.make_aware(datetime.datetime(2026, 3, 10))
    count(key, midnight - datetime.timedelta(minutes=1), 1)
    count(key, midnight, 2)

    day = counting.used(asked, Period(DAY, DAY), Step.DAY)
    by_hour = counting.used(asked, Period(DAY, DAY), Step.HOUR)

    assert day.total.calls == by_hour.total.calls == 2
    assert by_hour.line()[0] == 2


@pytest.mark.parametrize(
    ("day", "number"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)]
)
def test_a_day_has_the_hours_that_its_clock_gives_it(day, number):
    day = datetime.date(*day)

    assert len(list(hours(Period(day, day)))) == number


def test_the_hour_that_is_there_twice_is_one_hour_of_the_week(key, asked):
    sunday = datetime.date(2025, 10, 26)
    count(key, datetime.datetime(2025, 10, 26, 0, 30, tzinfo=datetime.UTC), 10)
    count(key, datetime.datetime(2025, 10, 26, 1, 30, tzinfo=datetime.UTC), 20)

    week = counting.by_hour_of_week(asked, Period(sunday, sunday))

    assert week[6][2] == 15  # thirty calls in two hours
    assert sum(map(sum, week)) == 15


def test_the_hour_that_is_skipped_is_no_hour_without_calls(key, asked):
    week = Period(datetime.date(2026, 3, 22), datetime.date(2026, 3, 29))
    count(key, datetime.datetime(2026, 3, 22, 2, 30, tzinfo=AMSTERDAM), 8)

    assert counting.by_hour_of_week(asked, week)[6][2] == 8


@pytest.mark.parametrize(
    ("within", "median", "p95"),
    [
        ({}, None, None),
        ({3: 1}, 75, 97.5),
        ({0: 50, 4: 50}, 10, 235),
        ({10: 7}, 10000, 10000),
    ],
)
def test_latency_is_estimated_from_its_bounds(within, median, p95):
    counts = [within.get(slot, 0) for slot in range(11)]

    assert counting.within_which(counts, 0.5) == median
    assert counting.within_which(counts, 0.95) == pytest.approx(p95)


TODAY = datetime.date(2026, 3, 31)


@pytest.mark.parametrize(
    ("choice", "first", "before"),
    [
        (Choice.WEEK, (2026, 3, 25), ((2026, 3, 18), (2026, 3, 24))),
        (Choice.DAYS_30, (2026, 3, 2), ((2026, 1, 31), (2026, 3, 1))),
        (Choice.MONTH, (2026, 3, 1), ((2026, 2, 1), (2026, 2, 28))),
        (Choice.QUARTER, (2026, 1, 1), ((2025, 10, 1), (2025, 12, 29))),
        (Choice.YEAR, (2026, 1, 1), ((2025, 1, 1), (2025, 3, 31))),
    ],
)
def test_a_period_is_compared_with_as_much_before_it(choice, first, before):
    period, earlier = chosen(choice, TODAY)

    assert period == Period(datetime.date(*first), TODAY)
    assert earlier == Period(*(datetime.date(*day) for day in before))


def test_today_is_compared_with_yesterday_until_this_hour(key, asked):
    today = timezone.localdate()
    _, earlier = chosen(Choice.TODAY, today)
    yesterday = timezone.now() - datetime.timedelta(days=1)
    count(key, yesterday, 1)
    later = yesterday + datetime.timedelta(hours=1)
    if timezone.localdate(later) != today:
        count(key, later, 5)

    assert counting.used(asked, earlier, Step.HOUR).total.calls == 1


def test_the_line_of_a_running_day_ends_now(key, asked):
    """It would fall to nothing for hours to come."""
    today, now = timezone.localdate(), timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0)
    begun = (now - midnight) // datetime.timedelta(hours=1) + 1

    used = counting.used(asked, Period(today, today), Step.HOUR)

    assert len(used.line()) == begun
    assert len(used.moments) in {23, 24, 25}


def test_a_year_has_a_point_for_every_month_though_nothing_was_used(key, asked):
    year = Period(datetime.date(2025, 1, 1), datetime.date(2025, 12, 31))

    used = counting.used(asked, year, year.step())

    assert used.line() == [0] * 12
    assert used.total.calls == 0
    assert Api.objects.exists()

"""Alerts on days that are not like the others."""

import datetime

import pytest
from django.utils import timezone

from apikeys import alerts
from apikeys.models import AlertKind, Outcome, UsageAlert, UsageMail
from mail.models import Message
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory

DAY = timezone.localdate() - datetime.timedelta(days=1)


@pytest.fixture
def key(db):
    key = ApiKeyFactory()
    MembershipFactory(organisation=key.organisation)
    for week in range(1, 7):
        count(key, DAY - datetime.timedelta(weeks=week), 1000 + 10 * week)
    return key


def kinds():
    return [*UsageAlert.objects.values_list("kind", flat=True)]


@pytest.mark.parametrize(
    ("calls", "same", "is_odd"),
    [
        (1000, [1000] * 6, False),
        (1350, [1000] * 6, False),  # exact weeks leave a tenth to vary
        (1500, [1000] * 6, True),
        (0, [1000] * 6, True),
        (
            1500,
            [1000, 1000, 1000, 1000, 1000, 50000],
            True,
        ),  # one odd week hides nothing
        (1500, [600, 1400, 900, 1200, 1000, 800], False),  # weeks that vary
        (5000, [1000, 1000, 1000, 0, 0, 0], False),  # too few weeks to tell
        (90, [10] * 6, False),  # too little to matter
        (120, [10] * 6, True),
    ],
)
def test_a_day_is_unusual_by_a_rule_that_one_odd_week_does_not_upset(
    calls, same, is_odd
):
    assert (alerts.unusual(calls, same) is not None) == is_odd


def test_an_unusual_day_is_told_once(key):
    count(key, DAY, 9000)

    alerts.check_all()
    alerts.check_all()

    assert kinds() == [AlertKind.UNUSUAL]
    message = Message.objects.get()
    assert "9.000" in message.context["texts"][0]
    assert "1.035" in message.context["texts"][0]


def test_a_usual_day_is_not_told(key):
    count(key, DAY, 1030)

    alerts.check_all()

    assert kinds() == []


@pytest.mark.parametrize(
    ("failed", "outcome", "told"),
    [
        (60, Outcome.SERVER_ERROR, True),
        (40, Outcome.SERVER_ERROR, False),
        (60, Outcome.LIMITED, False),
    ],
)
def test_a_rising_share_of_errors_is_told(key, failed, outcome, told):
    count(key, DAY, 970)
    count(key, DAY, failed, outcome=outcome)

    alerts.check_all()

    assert (AlertKind.ERRORS in kinds()) == told


def test_a_share_of_errors_that_was_always_there_is_not_told(key):
    for day in range(29):
        count(
            key, DAY - datetime.timedelta(days=day), 100, outcome=Outcome.CLIENT_ERROR
        )
        count(key, DAY - datetime.timedelta(days=day), 930)

    alerts.check(key.organisation, DAY)

    assert AlertKind.ERRORS not in kinds()


def test_who_wants_no_warning_gets_none(key):
    UsageMail.objects.create(organisation=key.organisation, alerts=False)
    count(key, DAY, 9000)

    alerts.check_all()

    assert kinds() == []

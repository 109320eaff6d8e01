"""A quota is the subscription's, counted by month, and never at the cost of a query."""

import datetime
import re

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apikeys.gateway import deciding, quotas
from apikeys.models import Outcome, Product, SpendingStop, UsageDay
from apikeys.reading import quotas as reading
from tests.factories import ApiKeyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def allow(key):
    def allowed(month, second=100):
        products = Product.objects.filter(subscriptions__api_keys=key)
        products.update(calls_per_month=month, calls_per_second=second)

    return allowed


def used(key, calls, day=None, outcome=Outcome.OK):
    sums = dict.fromkeys(
        [field.name for field in UsageDay._meta.fields if "within" in field.name], 0
    )
    UsageDay.objects.create(
        organisation=key.organisation, api_key=key, api=key.apis[0], outcome=outcome,
        day=day or timezone.localdate(), calls=calls, bytes_sent=0, slower=0, **sums,
    )  # fmt: skip


def test_a_product_begins_with_the_quotas_of_the_contract(key):
    product = Product.objects.create(slug="nieuw", name="Nieuw")

    assert (product.calls_per_month, product.calls_per_second) == (300_000, 100)


def test_who_used_all_of_the_month_is_refused_until_it_is_over(ask, key, secret, allow):
    allow(1000)
    used(key, 1000)
    assert ask(secret).status_code == 204  # nobody knows yet
    quotas.uses.read()

    response = ask(secret)

    assert response.status_code == 429
    assert response["Content-Type"] == "application/problem+json"
    assert response["X-Refusal"] == "quota"
    seconds = int(response["Retry-After"])
    over = timezone.localtime() + datetime.timedelta(seconds=seconds + 1)
    assert (over.day, over.hour) == (1, 0)
    assert response["RateLimit"] == f'"month";r=0;t={seconds}'
    assert response["RateLimit-Policy"] == '"month";q=1000, "second";q=100;w=1'


def test_a_caller_is_told_what_is_left_and_a_gateway_what_to_hold_it_to(
    ask, key, secret, allow
):
    allow(1000, second=7)
    used(key, 400)
    ask(secret)
    quotas.uses.read()

    response = ask(secret)

    assert re.fullmatch(r'"month";r=(600|599);t=\d+', response["RateLimit"])
    assert response["X-RateLimit-Per-Second"] == "7"


def test_what_was_let_through_counts_before_it_is_reported(ask, key, secret, allow):
    allow(3)
    ask(secret)
    quotas.uses.read()

    assert [ask(secret).status_code for _ in range(3)] == [204, 204, 429]


def test_a_report_replaces_what_was_seen(ask, key, secret, allow):
    allow(4)
    [ask(secret) for _ in range(2)]
    quotas.uses.read()
    used(key, 2)  # the same two
    quotas.uses.read()

    assert [ask(secret).status_code for _ in range(3)] == [204, 204, 429]


def test_what_a_gateway_held_back_does_not_count(ask, key, secret, allow):
    allow(10)
    used(key, 100, outcome=Outcome.LIMITED)
    ask(secret)
    quotas.uses.read()

    assert ask(secret).status_code == 204


def test_keys_of_one_organisation_share_and_another_has_its_own(
    ask, key, secret, allow
):
    allow(10)
    second = ApiKeyFactory(
        organisation=key.organisation,
        products=Product.objects.filter(apis__in=key.apis[:1]),
    )
    other = ApiKeyFactory(products=Product.objects.filter(apis__in=key.apis[:1]))
    used(second, 10)
    shown = [secret, *(secret_of(each) for each in (second, other))]
    [ask(each) for each in shown]
    quotas.uses.read()

    assert [ask(each).status_code for each in shown] == [429, 429, 204]


def secret_of(key):
    return deciding.secrets.unseal(key.secrets.get())


def test_a_new_month_begins_at_nothing(ask, key, secret, allow, monkeypatch):
    allow(10)
    used(key, 10)
    ask(secret)
    quotas.uses.read()
    assert ask(secret).status_code == 429
    later = timezone.localdate().replace(day=28) + datetime.timedelta(days=4)
    monkeypatch.setattr(quotas, "_month", lambda: later.replace(day=1))

    assert ask(secret).status_code == 204


def test_last_month_does_not_count(ask, key, secret, allow):
    allow(10)
    used(key, 10, day=timezone.localdate().replace(day=1) - datetime.timedelta(days=1))
    ask(secret)
    quotas.uses.read()

    assert ask(secret).status_code == 204


def test_none_is_no_limit(ask, key, secret, allow):
    allow(None, second=None)
    used(key, 10**9)
    ask(secret)
    quotas.uses.read()

    response = ask(secret)

    assert response.status_code == 204
    assert not {"RateLimit", "RateLimit-Policy", "X-RateLimit-Per-Second"} & set(
        response.headers
    )


def test_a_quota_costs_no_query(ask, key, secret, allow, time_passes):
    allow(10)
    ask(secret)
    quotas.uses.read()
    with CaptureQueriesContext(connection) as hot:
        ask(secret)
    time_passes()
    ask("only the gateway is known")
    with CaptureQueriesContext(connection) as cold:
        ask(secret)

    assert (len(hot), len(cold)) == (0, 1)


def test_while_the_database_is_away_nobody_is_refused_that_was_not(
    ask, key, secret, allow, monkeypatch
):
    def away(*_arguments):
        raise OperationalError

    allow(10)
    ask(secret)
    monkeypatch.setattr(quotas, "reported", away)
    with pytest.raises(OperationalError):
        quotas.uses.read()

    assert ask(secret).status_code == 204


def test_a_budget_stops_until_its_end(ask, key, secret):
    end = timezone.now() + datetime.timedelta(seconds=90)
    SpendingStop.objects.create(api_key=key, until=end)

    response = ask(secret)

    assert (response.status_code, response["X-Refusal"]) == (429, "budget")
    assert 80 < int(response["Retry-After"]) <= 90


def test_a_test_uses_up_nothing_of_production_and_has_as_much_of_its_own(
    ask, key, secret, allow
):
    allow(10)
    test = ApiKeyFactory(
        organisation=key.organisation,
        products=Product.objects.filter(apis__in=key.apis[:1]),
        environment="test",
    )
    in_test = {"X-Environment": "test"}
    used(test, 10)
    ask(secret)
    ask(secret_of(test), **in_test)
    quotas.uses.read()

    assert ask(secret).status_code == 204
    assert ask(secret_of(test), **in_test).status_code == 429
    [shown] = reading.of_month(key.organisation, timezone.localdate())
    assert shown.used == 0

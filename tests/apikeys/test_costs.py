"""What use costs, by the price list of its day."""

import datetime
from decimal import Decimal

import pgtrigger
import pytest
from django.utils import timezone

from apikeys.models import ApiKey, Outcome, Price, Product, Subscription
from apikeys.reading import costs
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory

DAY = datetime.date(2026, 3, 10)


def made_on(key, day):
    moment = timezone.make_aware(datetime.datetime.combine(day, datetime.time(9)))
    ApiKey.objects.filter(pk=key.pk).update(created_at=moment)
    return key


@pytest.fixture
def key(db):
    return made_on(ApiKeyFactory(), datetime.date(2025, 1, 1))


def api(key, slug):
    return next(one for one in key.apis if one.slug == slug)


def amounts(bill):
    return {
        (line.price.unit, line.price.api and line.price.api.slug): line.amount
        for line in bill.lines
    }


def test_a_month_costs_its_key_and_its_requests(key):
    count(key, DAY, 1000, api=api(key, "basisprofiel"))
    count(key, DAY, 5000, api=api(key, "zoeken"))

    bill = costs.so_far(key.organisation, DAY)

    assert amounts(bill) == {
        ("key_month", None): Decimal("6.40"),
        ("request", "basisprofiel"): Decimal("20.00"),
        ("request", "zoeken"): Decimal("0.00"),
    }
    assert bill.amount == Decimal("26.40")


def test_a_test_key_costs_nothing(key):
    trial = made_on(
        ApiKeyFactory(organisation=key.organisation, environment="test"), DAY
    )
    count(trial, DAY, 1000, api=api(key, "basisprofiel"))

    assert amounts(costs.so_far(key.organisation, DAY)) == {
        ("key_month", None): Decimal("6.40")
    }


def test_only_what_was_answered_is_paid(key):
    for outcome in Outcome:
        count(key, DAY, 100, outcome=outcome, api=api(key, "basisprofiel"))

    assert costs.so_far(key.organisation, DAY).amount == Decimal("8.40")


def test_a_request_costs_what_it_cost_on_its_day(key):
    basis = api(key, "basisprofiel")
    price = Price.objects.valid_on(DAY).get(api=basis)
    price.valid_until = DAY
    with pgtrigger.ignore("apikeys.Price:stays_what_it_was"):  # as if in March
        price.save()
        price.pk, price.valid_from, price.valid_until = None, DAY.replace(day=11), None
        price.amount = Decimal("0.05")
        price.save()
    count(key, DAY, 100, api=basis)
    count(key, DAY.replace(day=11), 100, api=basis)

    bill = costs.so_far(key.organisation, DAY.replace(day=12))

    assert [line.amount for line in bill.lines if line.price.api] == [2, 5]


def test_a_line_is_rounded_and_not_each_call(key):
    with pgtrigger.ignore("apikeys.Price:stays_what_it_was"):
        Price.objects.filter(unit="request").update(amount=Decimal("0.0050"))
    for day in (10, 11, 12):
        count(key, DAY.replace(day=day), 1, api=api(key, "basisprofiel"))

    bill = costs.so_far(key.organisation, DAY.replace(day=12))

    assert bill.amount == Decimal("6.42")  # 0.015 is two cents, three times 0.01 is not


@pytest.mark.parametrize(
    ("made", "ended", "keys"),
    [
        ((2026, 3, 31), None, 1),  # a part of the month costs the month
        ((2026, 4, 1), None, 0),
        ((2025, 1, 1), (2026, 3, 1), 0),  # ended at the first midnight
        ((2025, 1, 1), (2026, 3, 2), 1),
    ],
)
def test_a_key_costs_each_month_that_it_is_in(key, made, ended, keys):
    made_on(key, datetime.date(*made))
    if ended:
        midnight = timezone.make_aware(datetime.datetime(*ended))
        ApiKey.objects.filter(pk=key.pk).update(expires_at=midnight)

    bill = costs.so_far(key.organisation, DAY)

    assert bill.amount == keys * Decimal("6.40")


def test_a_year_is_paid_in_the_month_in_which_it_begins(key):
    product = Product.objects.get(slug="mutatieservice")
    Subscription.objects.create(
        organisation=key.organisation,
        product=product,
        starts_on=datetime.date(2025, 3, 20),
    )

    assert costs.so_far(key.organisation, DAY).amount == Decimal("1285.40")
    april = datetime.date(2026, 4, 10)
    assert costs.so_far(key.organisation, april).amount == Decimal("6.40")


def test_one_key_has_its_own_costs(key):
    other = made_on(
        ApiKeyFactory(organisation=key.organisation), datetime.date(2026, 1, 1)
    )
    count(key, DAY, 100, api=api(key, "basisprofiel"))
    count(other, DAY, 300, api=api(key, "basisprofiel"))

    assert costs.so_far(key.organisation, DAY, key=other.pk).amount == Decimal("12.40")
    assert costs.so_far(key.organisation, DAY).amount == Decimal("20.80")


def test_what_is_left_of_the_month_is_taken_to_be_like_the_same_weekdays(key):
    basis = api(key, "basisprofiel")
    today = datetime.date(2026, 3, 24)  # a Tuesday
    for week in range(1, 5):
        count(key, today - datetime.timedelta(weeks=week), 100, api=basis)
        count(key, today - datetime.timedelta(weeks=week, days=-2), 50, api=basis)
    so_far = costs.so_far(key.organisation, today)

    expected = costs.expected(key.organisation, today)

    # two more Tuesdays (today and the 31st) of 100, one Thursday of 50
    assert expected.calls - so_far.calls == 250
    assert expected.amount - so_far.amount == 250 * Decimal("0.02")


def test_without_use_nothing_is_expected_but_the_keys(key):
    assert costs.expected(key.organisation, DAY).amount == Decimal("6.40")

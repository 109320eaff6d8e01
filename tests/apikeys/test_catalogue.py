"""The price list: no two prices a day, and what was charged stays."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import Error, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys.models import Api, Price, PriceUnit, Product
from apikeys.services import pricing
from audit.models import Event
from tests.factories import UserFactory
from tests.races import racing

FIRST = timezone.localdate().replace(day=1)
NEXT = (FIRST + datetime.timedelta(days=32)).replace(day=1)
DAY = datetime.timedelta(days=1)
ADD = reverse("admin:apikeys_price_add")


@pytest.fixture
def running(db):
    """What a key costs a month now."""
    return Price.objects.get(unit=PriceUnit.KEY_MONTH, valid_until=None)


@pytest.fixture
def keeper(client, db):
    """Signed in as who keeps the catalogue."""
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name="catalogus"))
    client.force_login(user)
    return user


def another(price, **changed):
    fields = {"amount": Decimal("7.10"), "valid_from": NEXT, **changed}
    same = {name: getattr(price, name) for name in ("product", "api", "unit")}
    return Price(**same | fields)


def typed(price, **changed):
    return {
        "product": price.product_id,
        "api": price.api_id or "",
        "unit": price.unit,
        "amount": "7.1000",
        "valid_from": NEXT,
        "valid_until": "",
        **changed,
    }


def test_the_database_refuses_two_prices_on_a_day(running):
    with pytest.raises(IntegrityError, match="price_is_one_a_day"):
        another(running).save()


def test_a_price_of_one_api_goes_beside_one_of_all(running):
    of_all = another(running, unit=PriceUnit.REQUEST, api=None)
    of_all.save()

    with (
        pytest.raises(IntegrityError, match="price_is_one_a_day"),
        transaction.atomic(),
    ):
        another(of_all, valid_from=NEXT + 5 * DAY).save()
    assert Price.objects.filter(unit=PriceUnit.REQUEST, valid_until=None).count() > 1


@pytest.mark.parametrize(
    "act",
    [
        lambda price: Price.objects.filter(pk=price.pk).update(amount=1),
        lambda price: Price.objects.filter(pk=price.pk).update(valid_from=NEXT),
        lambda price: Price.objects.filter(pk=price.pk).update(
            valid_until=FIRST - 2 * DAY
        ),
        lambda price: price.delete(),
        lambda price: another(price, api=Api.objects.first(), valid_from=FIRST - DAY)
        .save(),
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_charged(running, act):
    with pytest.raises(Error, match="stays what it was"):
        act(running)


def test_a_new_price_ends_the_one_before(running):
    by = UserFactory()

    pricing.add_price(another(running), ends_before=True, by=by)

    running.refresh_from_db()
    assert running.valid_until == NEXT - DAY
    kinds = Event.objects.filter(by=by).values_list("kind", flat=True)
    assert [*kinds] == ["price.ended", "price.added"]


@pytest.mark.parametrize("ends_before", [True, False])
def test_a_price_that_overlaps_is_refused(running, ends_before):
    pricing.add_price(another(running), ends_before=True, by=UserFactory())

    with pytest.raises(pricing.Overlaps):
        pricing.add_price(
            another(running, valid_until=NEXT), ends_before=ends_before, by=None
        )


def test_a_month_that_is_over_gets_no_other_price(running):
    with pytest.raises(pricing.AlreadyApplied):
        pricing.add_price(
            another(running, valid_from=FIRST - DAY), ends_before=True, by=None
        )
    with pytest.raises(pricing.AlreadyApplied):
        pricing.end_price(running, FIRST - 2 * DAY, by=None)
    with pytest.raises(pricing.AlreadyApplied):
        pricing.remove_price(running, by=None)

    pricing.end_price(running, FIRST - DAY, by=UserFactory())


@pytest.mark.django_db(transaction=True)
def test_two_who_set_a_price_at_once_set_one():
    product, by = Product.objects.create(slug="p", name="P"), UserFactory()

    with racing(2) as race:
        for number in range(20):
            day = NEXT + number * DAY
            tries = [
                lambda day=day: pricing.add_price(
                    Price(
                        product=product,
                        unit=PriceUnit.YEAR,
                        amount=1,
                        valid_from=day,
                        valid_until=day,
                    ),
                    ends_before=False,
                    by=by,
                )
            ] * 2
            assert sorted(race.run(*tries, losing=pricing.Overlaps)) == [False, True]

    assert Price.objects.filter(product=product).count() == 20


def test_staff_add_a_price(client, keeper, running):
    client.post(ADD, typed(running, ends_before="on"))

    assert Price.objects.get(valid_from=NEXT).amount == Decimal("7.1")
    running.refresh_from_db()
    assert running.valid_until == NEXT - DAY


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "Voor deze dagen is er al een prijs"),
        ({"valid_from": FIRST - DAY}, "Een maand die voorbij is verandert niet"),
        ({"amount": "-1"}, "0"),
        ({"valid_until": FIRST}, "ligt voor de eerste dag"),
    ],
)
def test_a_refusal_is_told_beside_the_field(client, keeper, running, changed, text):
    response = client.post(ADD, typed(running, **changed))

    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    field = next(iter(changed), "valid_from")
    assert text in str(errors[field])
    assert "__all__" not in errors


def test_an_api_of_another_subscription_has_no_price_here(client, keeper, running):
    other = Api.objects.get(slug="mutatieservice")

    response = client.post(ADD, typed(running, api=other.pk, unit="request"))

    assert "api" in response.context["adminform"].form.errors


def test_of_a_price_that_was_charged_only_the_last_day_is_set(client, keeper, running):
    page = reverse("admin:apikeys_price_change", args=[running.pk])

    client.post(page, {"valid_until": NEXT, "amount": "1"})
    delete = reverse("admin:apikeys_price_delete", args=[running.pk])
    refused = client.post(delete, {"post": "yes"}, follow=True)

    before = running.amount
    running.refresh_from_db()
    assert (running.valid_until, running.amount) == (NEXT, before)
    assert "Een maand die voorbij is verandert niet" in refused.text
    assert delete not in refused.text


def test_a_price_to_come_is_taken_back(client, keeper, running):
    pricing.add_price(another(running), ends_before=True, by=keeper)
    coming = Price.objects.get(valid_from=NEXT)
    page = reverse("admin:apikeys_price_delete", args=[coming.pk])

    client.post(page, {"post": "yes"})

    assert not Price.objects.filter(pk=coming.pk).exists()
    assert Event.objects.filter(kind="price.removed").exists()


def test_staff_change_what_is_offered_and_that_is_recorded(client, keeper):
    api = Api.objects.get(slug="zoeken")
    page = reverse("admin:apikeys_api_change", args=[api.pk])
    fields = ["name", "version", "path", "example", "summary", "summary_en"]
    answers = {name: getattr(api, name) for name in fields}

    client.post(page, {**answers, "version": "v9", "slug": "other"})

    api.refresh_from_db()
    assert (api.version, api.slug) == ("v9", "zoeken")
    event = Event.objects.get(kind="api.changed")
    assert (event.by, event.data["fields"]) == (keeper, ["version"])


def test_who_keeps_the_catalogue_sees_nothing_else(keeper):
    rights = set(keeper.get_all_permissions())

    assert {right.split("_")[-1] for right in rights} <= {
        "api", "product", "price", "notice",
    }  # fmt: skip

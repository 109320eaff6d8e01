import datetime
import logging
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apikeys import services
from apikeys.models import Api, Price, PriceUnit, Product
from audit.models import Event
from tests.factories import ApiKeyFactory, OrganisationFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db


def test_issue_makes_a_key_to_every_api_of_the_products():
    organisation, by = OrganisationFactory(), UserFactory()

    key = services.issue(
        organisation, products=Product.objects.all(), name="Website", by=by
    )

    assert key.apis == list(Api.objects.all())
    assert key.secrets.count() == 1
    event = Event.objects.get(kind="key.issued")
    assert (event.by, event.organisation) == (by, organisation)


def test_issue_uses_the_subscription_that_runs():
    first = ApiKeyFactory()

    second = ApiKeyFactory(organisation=first.organisation)

    assert first.subscriptions.get() == second.subscriptions.get()


def test_issue_starts_anew_when_the_subscription_has_ended():
    first = ApiKeyFactory()
    first.subscriptions.update(ends_on=datetime.date(2026, 1, 31))

    second = ApiKeyFactory(organisation=first.organisation)

    assert first.subscriptions.get() != second.subscriptions.get()


def test_issue_puts_a_number_behind_a_name_that_is_taken():
    organisation = OrganisationFactory()

    names = [
        ApiKeyFactory(organisation=organisation, name="x" * 60).name for _ in range(3)
    ]

    assert names == ["x" * 60, "x" * 58 + " 2", "x" * 58 + " 3"]


def test_reveal_gives_the_secret_and_keeps_who_read_it():
    key = ApiKeyFactory()
    by = member_of(key)

    text = services.reveal(key, by=by)

    assert text.startswith(key.masked.rstrip("…"))
    event = Event.objects.get(kind="key.revealed")
    assert (event.by, event.subject_id) == (by, str(key.pk))


def test_reveal_refuses_a_blocked_key():
    key = ApiKeyFactory()
    services.block(key, by=UserFactory(), reason="Gelekt")

    with pytest.raises(services.KeyBlocked):
        services.reveal(key, by=member_of(key))
    assert not Event.objects.filter(kind="key.revealed").exists()


def test_reveal_shows_the_newest_secret():
    key = ApiKeyFactory()
    newest = services.rotate(key, datetime.timedelta(days=7), by=member_of(key))

    assert newest.public_id in services.reveal(key, by=member_of(key))
    assert newest.public_id in key.masked


def test_secret_is_in_no_log_and_no_event(caplog):
    caplog.set_level(logging.DEBUG)
    key = ApiKeyFactory()

    text = services.reveal(key, by=member_of(key))

    random_part = text.split("_")[3]
    assert random_part not in caplog.text
    assert random_part not in str(list(Event.objects.values()))


def test_block_closes_the_key_for_a_reason():
    key = ApiKeyFactory()

    services.block(key, by=UserFactory(), reason="Gelekt")

    key.refresh_from_db()
    assert key.blocked_at
    assert key.blocked_reason == "Gelekt"
    assert Event.objects.get(kind="key.blocked").data == {"reason": "Gelekt"}


def test_block_refuses_a_key_that_is_blocked():
    key = ApiKeyFactory()
    services.block(key, by=UserFactory(), reason="Gelekt")

    with pytest.raises(services.KeyBlocked):
        services.block(key, by=UserFactory(), reason="Nog eens")


def test_block_without_a_reason_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        services.block(ApiKeyFactory(), by=UserFactory(), reason="")


def test_unblock_lets_the_key_in_again():
    key = ApiKeyFactory()
    services.block(key, by=UserFactory(), reason="Gelekt")

    services.unblock(key, by=UserFactory(is_staff=True))

    key.refresh_from_db()
    assert (key.blocked_at, key.blocked_reason) == (None, "")
    with pytest.raises(services.KeyNotBlocked):
        services.unblock(key, by=UserFactory(is_staff=True))


@pytest.mark.parametrize("change", [{"public_id": "00000000"}, {"digest": b"0" * 32}])
def test_a_secret_never_becomes_another(change):
    secret = ApiKeyFactory().secrets.all()

    with pytest.raises(DatabaseError, match="never given"), transaction.atomic():
        secret.update(**change)


@pytest.mark.parametrize(
    ("day", "key_month", "per_request"),
    [
        ("2023-01-01", "5.20", "0.016"),
        ("2023-12-31", "5.20", "0.016"),
        ("2024-01-01", "6.00", "0.019"),
        ("2025-06-30", "6.20", "0.02"),
        ("2026-11-23", "6.40", "0.02"),
        ("2031-01-01", "6.40", "0.02"),
    ],
)
def test_catalogue_has_the_price_of_each_day(day, key_month, per_request):
    prices = Price.objects.valid_on(datetime.date.fromisoformat(day))

    assert prices.get(unit=PriceUnit.KEY_MONTH).amount == Decimal(key_month)
    charged = prices.filter(unit=PriceUnit.REQUEST).exclude(api__slug="zoeken")
    assert [price.amount for price in charged] == [Decimal(per_request)] * 3


def test_catalogue_has_both_products_in_both_languages():
    products = {product.slug: product.apis.count() for product in Product.objects.all()}

    assert products == {"api-abonnement": 4, "mutatieservice": 1}
    for thing in [*Product.objects.all(), *Api.objects.all()]:
        assert thing.summary
        assert thing.summary_en
        assert thing.summary != thing.summary_en

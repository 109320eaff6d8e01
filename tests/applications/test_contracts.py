"""Cancelling a contract: the last day, what stops then, and taking it back."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest import mock

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apikeys import gateways
from apikeys import secrets as key_secrets
from apikeys import services as apikeys
from apikeys.gateway.deciding import Call, Refusal, decide
from apikeys.models import Gateway
from applications.models import Contract, Status
from applications.services import contracts
from audit.models import Event
from mail.models import Message
from organisations.roles import Role
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

AMSTERDAM = timezone.get_default_timezone()


@pytest.fixture
def contract(db):
    return ApplicationFactory(status=Status.APPROVED).contract


@pytest.fixture
def alice(contract, sign_in):
    """An administrator who just typed the password."""
    alice = MembershipFactory(
        organisation=contract.organisation, user__name="Alice Admin"
    ).user
    sign_in(alice)
    return alice


def address(name, contract, *more):
    return reverse(f"applications:{name}", args=[contract.organisation.slug, *more])


def at(*moment):
    """The clock of the portal stands still at this moment in Amsterdam."""
    now = datetime.datetime(*moment, tzinfo=AMSTERDAM)
    utc = now.astimezone(datetime.UTC)
    return mock.patch.object(timezone, "now", return_value=utc)


def cancel(contract, by):
    contracts.cancel(contract, ends_on=contracts.last_day(timezone.localdate()), by=by)


@pytest.mark.parametrize(
    ("on", "last"),
    [
        ("2026-11-02", "2026-12-31"),
        ("2026-11-30", "2026-12-31"),
        ("2026-12-31", "2027-01-31"),
        ("2027-01-31", "2027-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2027-10-01", "2027-11-30"),
    ],
)
def test_last_day_is_that_of_the_next_calendar_month(on, last):
    day = datetime.date.fromisoformat

    assert contracts.last_day(day(on)) == day(last)


@given(
    st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2200, 1, 1))
)
def test_last_day_ends_a_month_that_is_the_next(on):
    last = contracts.last_day(on)

    assert (last + datetime.timedelta(days=1)).day == 1
    assert (last.year * 12 + last.month) - (on.year * 12 + on.month) == 1


def test_the_page_shows_the_last_day_before_anything_happens(
    client, contract, alice, sign_in
):
    with at(2027, 1, 31, 23, 59):
        sign_in(alice)  # the session of today is over by then
        html = client.get(address("cancel_contract", contract, contract.pk)).text

    assert "28 februari 2027" in html
    contract.refresh_from_db()
    assert contract.cancelled_at is None


def test_cancelling_tells_everybody_and_the_operator(client, contract, alice, settings):
    url = address("cancel_contract", contract, contract.pk)
    Message.objects.all().delete()
    ends_on = client.get(url).context["last_day"]

    client.post(url, {"ends_on": ends_on.isoformat(), "reason": "We stoppen"})

    contract.refresh_from_db()
    assert contract.ends_on == ends_on
    assert contract.cancelled_by == alice
    told = set(Message.objects.values_list("to", flat=True))
    applicant = contract.application.contact_email  # contact, and administrator too
    assert told == {alice.email, applicant, settings.SALES_EMAIL}
    assert Event.objects.filter(kind="contract.cancelled").count() == 1


def test_a_last_day_that_was_shown_yesterday_is_shown_anew(contract, alice):
    shown = contracts.last_day(timezone.localdate())
    a_month_later = shown - datetime.timedelta(days=5)

    with (
        at(*a_month_later.timetuple()[:3], 12),
        pytest.raises(contracts.AnotherDay),
    ):
        contracts.cancel(contract, ends_on=shown, by=alice)


@pytest.mark.parametrize("cancelled_on", [(2027, 1, 15), (2027, 2, 28), (2027, 9, 10)])
def test_the_key_works_to_the_last_midnight_in_amsterdam(contract, alice, cancelled_on):
    """Also when summer time begins or ends in that month, and no worker ran."""
    secret = contract.api_key.secrets.get()
    text = key_secrets.unseal(secret)
    token = gateways.renew_token(Gateway(name="Gateway"), by=alice)
    bearer = f"Bearer {token}"
    with at(*cancelled_on, 12):
        cancel(contract, alice)
    last = contract.ends_on

    with at(last.year, last.month, last.day, 23, 59, 59):
        assert decide(bearer, text, Call()).refusal is None
    after = last + datetime.timedelta(days=1)
    with at(after.year, after.month, after.day, 0, 0, 0):
        assert decide(bearer, text, Call()).refusal is Refusal.ENDED
        with pytest.raises(apikeys.KeyOver):
            apikeys.reveal(contract.api_key, by=alice)


def test_taking_it_back_lets_the_key_work_on(client, contract, alice):
    cancel(contract, alice)

    client.post(address("keep_contract", contract, contract.pk))

    contract.refresh_from_db()
    assert (contract.ends_on, contract.cancelled_at) == (None, None)
    contract.api_key.refresh_from_db()
    assert contract.api_key.expires_at is None
    assert Event.objects.filter(kind="contract.kept", by=alice).exists()


def test_after_the_last_day_nothing_can_be_taken_back(contract, alice):
    with at(2027, 1, 15, 12):
        cancel(contract, alice)

    with at(2027, 2, 28, 23, 59):
        assert not contract.is_over
    with at(2027, 3, 1, 0, 0), pytest.raises(contracts.NotCancelled):
        contracts.take_back(contract, by=alice)


def test_the_worker_ends_what_is_over_once_and_only_for_this_key(contract, alice):
    subscription = contract.api_key.subscriptions.get()
    with at(2027, 1, 15, 12):
        cancel(contract, alice)
    with at(2027, 2, 28, 23, 30):
        contracts.end_those_over()
        subscription.refresh_from_db()
        assert subscription.ends_on is None

    with at(2027, 3, 1, 0, 10):
        contracts.end_those_over()
        contracts.end_those_over()

    subscription.refresh_from_db()
    assert subscription.ends_on == datetime.date(2027, 2, 28)
    assert Event.objects.filter(kind="contract.ended").count() == 1


def test_a_subscription_that_another_key_uses_runs_on(contract, alice):
    subscription = contract.api_key.subscriptions.get()
    apikeys.issue(
        contract.organisation, products=[subscription.product], name="Twee", by=alice
    )
    with at(2027, 1, 15, 12):
        cancel(contract, alice)

    with at(2027, 3, 1, 1):
        contracts.end_those_over()

    subscription.refresh_from_db()
    assert subscription.ends_on is None


def test_two_who_cancel_at_once_cancel_once(committed):
    contract = ApplicationFactory(status=Status.APPROVED).contract
    places = MembershipFactory.create_batch(2, organisation=contract.organisation)
    people, barrier = [one.user for one in places], Barrier(2)

    def press(person):
        try:
            row = Contract.objects.get(pk=contract.pk)
            barrier.wait()
            cancel(row, person)
        except contracts.AlreadyCancelled:
            return "already"
        finally:
            connection.close()
        return "cancelled"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, people)) == ["already", "cancelled"]
    assert Event.objects.filter(kind="contract.cancelled").count() == 1


def test_the_database_wants_a_cancellation_whole(contract):
    rows = Contract.objects.filter(pk=contract.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(ends_on=contract.starts_on + datetime.timedelta(days=40))
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(cancelled_at=timezone.now())


def test_the_page_lists_the_documents_to_download(client, contract, alice):
    html = client.get(address("contract", contract)).text

    for words in ("Overeenkomst (pdf", "Service Garantie Document (pdf", "versie 1.0"):
        assert words in html
    document = contract.application.documents.first()
    answer = client.get(address("organisation_document", contract, document.pk))
    assert answer.content == bytes(document.content)
    assert answer["Content-Disposition"].startswith("attachment")


def test_documents_of_another_organisation_are_not_found(client, alice, contract):
    theirs = ApplicationFactory(status=Status.APPROVED).contract
    document = theirs.application.documents.first()

    mine = address("organisation_document", contract, document.pk)
    assert client.get(mine).status_code == 404
    assert client.get(address("contract", theirs)).status_code == 404
    cancelling = address("cancel_contract", contract, theirs.pk)
    assert client.post(cancelling).status_code == 404


def test_a_developer_cancels_nothing(client, contract):
    developer = MembershipFactory(
        organisation=contract.organisation, role=Role.DEVELOPER
    )
    client.force_login(developer.user)

    assert client.get(address("contract", contract)).status_code == 403


def test_cancelling_asks_for_the_password_again(client, contract, alice):
    client.logout()
    client.force_login(alice)  # and so without the password

    answer = client.post(address("cancel_contract", contract, contract.pk))

    assert "reauthenticate" in answer["Location"]


def test_staff_read_who_cancelled_and_why(client, contract, alice):
    contracts.cancel(
        contract,
        ends_on=contracts.last_day(timezone.localdate()),
        reason="We stappen over",
        by=alice,
    )
    coen = UserFactory(is_staff=True)
    coen.groups.add(Group.objects.get(name="contracten"))
    client.force_login(coen)

    html = client.get(
        reverse("admin:applications_contract_change", args=[contract.pk])
    ).text

    assert "We stappen over" in html
    assert "Alice Admin" in html

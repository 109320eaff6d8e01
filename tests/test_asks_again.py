"""What one with an open session, but without the password, does not do."""

import pytest
from django.urls import reverse

from applications.models import Status
from applications.services import bank
from audit.models import Event
from organisations.models import ContactKind
from organisations.roles import Role
from organisations.services import details, inviting
from tests.applications.test_bank import DEBIT, HOLDER, NEW, token
from tests.factories import PASSWORD, ApplicationFactory, MembershipFactory, UserFactory
from tests.organisations.test_details import KATRIJN, form

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    contract = ApplicationFactory(status=Status.APPROVED, **DEBIT).contract
    alice = MembershipFactory(organisation=contract.organisation)
    client.force_login(alice.user)
    return alice


@pytest.fixture
def change(alice):
    contract = alice.organisation.contracts.get()
    asked = bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice.user)
    change = bank.confirm(token(asked))
    bank.agree_as_staff(change, how_checked="Gebeld", by=UserFactory(is_staff=True))
    return change


def invitation(alice, role):
    organisation = alice.organisation
    inviting.invite(organisation, ["bo@b.nl"], role=role, by=alice.user, language="nl")
    return organisation.invitations.get()


def resend(alice, invitation):
    args = [alice.organisation.slug, invitation.pk]
    return reverse("organisations:resend", args=args)


def is_asked(answer):
    return answer.headers.get("Location", "").startswith("/account/reauthenticate/")


def test_another_link_for_who_becomes_administrator(client, alice):
    asked = invitation(alice, Role.ADMINISTRATOR)

    answer = client.post(resend(alice, asked))

    assert is_asked(answer)
    assert not Event.objects.filter(kind="invitation.resent").exists()
    client.post(answer["Location"], {"password": PASSWORD})
    assert Event.objects.filter(kind="invitation.resent").exists()


def test_another_link_for_a_developer_needs_no_password(client, alice):
    assert not is_asked(client.post(resend(alice, invitation(alice, Role.DEVELOPER))))


def test_nobody_learns_what_a_stranger_was_invited_as(client, alice):
    foreign = invitation(MembershipFactory(), Role.ADMINISTRATOR)

    assert client.post(resend(alice, foreign)).status_code == 404


@pytest.mark.parametrize("name", ["return_mandate", "stop_bank_change"])
def test_what_concerns_the_bank_account(client, alice, change, name):
    url = reverse(f"applications:{name}", args=[alice.organisation.slug, change.pk])

    assert is_asked(client.get(url))
    assert is_asked(client.post(url, {"reason": "Nee"}))
    change.refresh_from_db()
    assert change.is_open


def test_the_contact_who_is_told_of_fraud(client, alice):
    details.set_contact(alice.organisation, kind=ContactKind.CONTRACT, **KATRIJN)
    args = [alice.organisation.slug, "contact-overeenkomst"]
    url = reverse("organisations:change_details", args=args)
    mine = form(client, url) | {"email": "mallory@elders.example"}

    answer = client.post(url, mine)

    contacts = alice.organisation.contacts
    assert is_asked(answer)
    assert contacts.of_kind("contract").email == KATRIJN["email"]
    client.post(answer["Location"], {"password": PASSWORD})
    assert contacts.of_kind("contract").email == "mallory@elders.example"

"""A first administrator is asked for a second one at once, and reminded until there is."""

import pytest
from django.urls import reverse

from organisations.models import Invitation
from organisations.roles import Role
from tests.factories import MembershipFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
QUESTION = "Wie wordt de tweede administrator?"
REMINDER = "Jij bent de enige administrator"


@pytest.fixture
def alice(client):
    """The only administrator, signed in, who was never here."""
    alice = MembershipFactory()
    signed_in(alice.user, client)
    return alice


def page(name, member):
    return reverse(f"organisations:{name}", args=[member.organisation.slug])


def test_the_first_visit_asks_and_later_ones_remind(client, alice):
    first = client.get(page("dashboard", alice)).text
    later = client.get(page("dashboard", alice)).text

    assert QUESTION in first
    assert REMINDER not in first
    assert REMINDER in later
    assert QUESTION not in later


def test_who_is_not_alone_is_not_asked(client, alice):
    MembershipFactory(organisation=alice.organisation)

    html = client.get(page("dashboard", alice)).text

    assert QUESTION not in html
    assert REMINDER not in html


def test_a_developer_is_not_asked(client, alice):
    bob = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    client.force_login(bob.user)

    assert QUESTION not in client.get(page("dashboard", bob)).text


def test_the_colleague_is_invited_as_administrator(client, alice):
    answer = client.post(
        page("second_administrator", alice), {"email": "bob@b.nl"}, follow=True
    )

    invitation = Invitation.objects.get(organisation=alice.organisation)
    assert (invitation.email, invitation.role) == ("bob@b.nl", Role.ADMINISTRATOR)
    assert "Uitnodiging verstuurd aan bob@b.nl." in answer.text
    assert REMINDER in answer.text  # until there is one
    assert "Je hebt bob@b.nl uitgenodigd als administrator." in answer.text


def test_a_wrong_address_is_said_beside_the_field(client, alice):
    html = client.post(page("second_administrator", alice), {"email": "bob"}).text

    assert QUESTION in html
    assert "portal-errors" in html or "invalid" in html
    assert not Invitation.objects.exists()


def test_the_reminder_leads_to_an_invitation_as_administrator(client, alice):
    client.get(page("dashboard", alice))
    address = page("invite", alice) + "?rol=administrator"

    assert address in client.get(page("dashboard", alice)).text
    assert client.get(address).context["form"]["role"].value() == Role.ADMINISTRATOR

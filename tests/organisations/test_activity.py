"""Activiteit: what happened in the organisation, as its administrator reads it back."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apikeys import services as apikeys
from audit.services import record
from organisations.roles import Role
from organisations.services import inviting, members
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    """The administrator, signed in."""
    alice = MembershipFactory(user__name="Alice Admin")
    client.force_login(alice.user)
    return alice


def activity(member, name="activity", **query):
    return reverse(
        f"organisations:{name}", args=[member.organisation.slug], query=query or None
    )


def lived_in(alice):
    """An organisation in which something of every kind happened."""
    organisation, staff = alice.organisation, UserFactory(name="Sara", is_staff=True)
    bob = members.add_member(
        organisation, UserFactory(name="Bob Bouwer"), role=Role.DEVELOPER, by=alice.user
    )
    inviting.invite(
        organisation, ["cas@b.nl"], role=Role.DEVELOPER, by=alice.user, language="nl"
    )
    invitation = organisation.invitations.get()
    inviting.resend(invitation, by=alice.user, language="nl")
    inviting.withdraw(invitation, by=alice.user)
    key = ApiKeyFactory(organisation=organisation, name="Klantregistratie", by=staff)
    apikeys.reveal(key, by=bob.user)
    apikeys.block(key, by=staff, reason="Gelekt op internet")
    apikeys.unblock(key, by=staff)
    members.change_role(bob, Role.ADMINISTRATOR, by=alice.user)
    members.sign_out(bob, by=alice.user)
    members.remove_member(bob, by=alice.user)
    return bob.user


TOLD = [
    "Bob Bouwer hoort niet meer bij de organisatie",
    "Bob Bouwer is overal uitgelogd",
    "Bob Bouwer is nu administrator en was ontwikkelaar",
    "De blokkade van API-key Klantregistratie is opgeheven",
    "API-key Klantregistratie is geblokkeerd: Gelekt op internet",
    "API-key Klantregistratie is getoond",
    "API-key Klantregistratie is uitgegeven",
    "De uitnodiging van cas@b.nl is ingetrokken",
    "De uitnodiging van cas@b.nl is opnieuw gestuurd",
    "cas@b.nl is uitgenodigd als ontwikkelaar",
    "Bob Bouwer hoort nu bij de organisatie, als ontwikkelaar",
]


def rows(response):
    return [*csv.reader(io.StringIO(response.getvalue().decode()))]


def test_activity_tells_everything_the_newest_first(client, alice):
    lived_in(alice)
    lived_in(MembershipFactory(user__name="Vreemde Snuiter"))

    html = client.get(activity(alice)).text

    places = [html.index(told) for told in TOLD]
    assert places == sorted(places)
    assert html.count("API-key Klantregistratie is getoond") == 1
    assert "Vreemde Snuiter" not in html


def test_activity_names_the_operator_and_not_its_staff(client, alice):
    lived_in(alice)

    html = client.get(activity(alice)).text

    assert "Sara" not in html
    assert ">KVK</td>" in html


def test_activity_is_filtered_by_person_and_topic(client, alice):
    bob = lived_in(alice)

    by_bob = rows(client.get(activity(alice, "activity_csv", person=bob.pk)))
    on_keys = rows(client.get(activity(alice, "activity_csv", topic="key")))
    odd = rows(client.get(activity(alice, "activity_csv", topic="x", person="y")))

    assert [what for _at, _who, what in by_bob[1:]] == [TOLD[5]]
    assert [what for _at, _who, what in on_keys[1:]] == TOLD[3:7]
    assert len(odd) == len(TOLD) + 1


def test_activity_is_downloaded_whole(client, alice):
    lived_in(alice)

    response = client.get(activity(alice, "activity_csv"))

    assert response["Content-Disposition"].startswith("attachment; filename=")
    heading, *told = rows(response)
    assert heading == ["Wanneer", "Wie", "Wat"]
    assert [what for _at, _who, what in told] == TOLD


@pytest.mark.parametrize("name", ["=1+1", "+31", "-1", "@sum", "gewoon"])
def test_download_holds_no_formula(client, alice, name):
    person = UserFactory(name=name)
    members.add_member(alice.organisation, person, role=Role.DEVELOPER, by=person)

    _at, who, what = rows(client.get(activity(alice, "activity_csv")))[1]

    assert who == (name if name == "gewoon" else f"'{name}")
    assert what[0] not in "=+-@"


def test_download_goes_on_after_the_first_thousand(client, alice):
    for _ in range(1005):
        record(
            "member.signed_out",
            subject=alice,
            organisation=alice.organisation,
            by=alice.user,
            user=alice.user_id,
        )

    assert len(rows(client.get(activity(alice, "activity_csv")))) == 1006


def test_activity_comes_in_pages_and_takes_no_query_per_event(client, alice):
    for _ in range(60):
        record(
            "member.signed_out",
            subject=alice,
            organisation=alice.organisation,
            by=alice.user,
            user=alice.user_id,
        )
    client.get("/ondersteuning/")  # the first page of a session notes it

    with CaptureQueriesContext(connection) as asked:
        first = client.get(activity(alice, topic="member")).text
    second = client.get(activity(alice, topic="member", bladzijde=2)).text

    assert len(asked) <= 12
    assert "Bladzijde 1 van 2" in first
    assert "?topic=member&amp;bladzijde=2" in first
    assert second.count("is overal uitgelogd") == 10


def test_activity_of_nothing_says_so(client, alice):
    assert "Niets gevonden." in client.get(activity(alice)).text

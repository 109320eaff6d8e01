"""Mijn Organisatie, as its administrator uses it."""

import pytest
from django.urls import reverse

from organisations.models import Membership
from organisations.roles import Role
from tests.factories import PASSWORD, MembershipFactory, OrganisationFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
STEP_BACK = {"seen": "administrator", "role": "developer"}


@pytest.fixture
def alice(client):
    """The administrator, signed in."""
    alice = MembershipFactory(user__name="Alice Admin")
    signed_in(alice.user, client)
    return alice


@pytest.fixture
def bob(alice):
    """A developer of the same organisation."""
    return MembershipFactory(
        organisation=alice.organisation, role=Role.DEVELOPER, user__name="Bob Bouwer"
    )


def page(name, member, of=None):
    organisation = (of or member).organisation
    return reverse(f"organisations:{name}", args=[organisation.slug, member.pk])


def users(member, **query):
    return reverse(
        "organisations:users", args=[member.organisation.slug], query=query or None
    )


def test_users_shows_who_belongs_here_and_nobody_else(client, alice, bob):
    stranger = MembershipFactory(user__name="Charlie Ander")

    html = client.get(users(alice)).text

    for shown in ("Alice Admin", "Bob Bouwer", bob.user.username, bob.user.email):
        assert shown in html
    assert "nog nooit" in html
    assert stranger.user.name not in html


def test_users_finds_and_filters(client, alice, bob):
    found = client.get(users(alice, q="bouw")).text
    developers = client.get(users(alice, role="developer")).text
    nobody = client.get(users(alice, q="niemand zo")).text

    for html in (found, developers):
        assert "Bob Bouwer" in html
        assert ">Alice Admin<span" not in html
    assert "Niemand gevonden." in nobody


def test_users_shows_all_when_what_is_asked_makes_no_sense(client, alice, bob):
    html = client.get(users(alice, role="koning", sort="grootte")).text

    assert "Alice Admin" in html
    assert "Bob Bouwer" in html


def test_users_takes_no_query_per_user(client, alice, django_assert_max_num_queries):
    for _ in range(20):
        MembershipFactory(organisation=alice.organisation)
    client.get("/ondersteuning/")  # the first page of a session notes it

    with django_assert_max_num_queries(12):
        client.get(users(alice))


def test_an_administrator_changes_a_role(client, alice, bob):
    response = client.post(
        page("member", bob), {"seen": "developer", "role": "administrator"}, follow=True
    )

    assert "Bob Bouwer is nu administrator." in response.text
    assert Membership.objects.get(pk=bob.pk).role == Role.ADMINISTRATOR


def test_who_gives_up_being_administrator_is_led_to_the_own_place(client, alice, bob):
    Membership.objects.filter(pk=bob.pk).update(role=Role.ADMINISTRATOR)

    response = client.post(page("member", alice), STEP_BACK, follow=True)

    assert response.resolver_match.view_name == "organisations:dashboard"
    assert "Mijn Organisatie" not in response.text


def test_the_last_administrator_is_told_what_to_do_first(client, alice, bob):
    for response in (
        client.post(page("member", alice), STEP_BACK),
        client.post(page("remove", alice)),
    ):
        assert "Maak eerst iemand anders administrator." in response.text
    assert Membership.objects.get(pk=alice.pk).role == Role.ADMINISTRATOR


def test_removing_says_what_will_happen_and_asks_first(client, alice, bob):
    html = client.get(page("remove", bob)).text

    assert "wordt meteen overal uitgelogd" in html
    assert Membership.objects.filter(pk=bob.pk).exists()


def test_removing_is_done_and_said(client, alice, bob):
    html = client.post(page("remove", bob), follow=True).text

    assert "Bob Bouwer is verwijderd." in html
    assert not Membership.objects.filter(pk=bob.pk).exists()


def test_a_second_click_on_remove_says_who_was_first(client, alice, bob):
    client.post(page("remove", bob))

    second = client.post(page("remove", bob), follow=True)

    assert "Bob Bouwer hoort niet meer bij de organisatie." in second.text


def test_signing_somebody_out_is_done_and_said(client, alice, bob):
    html = client.post(page("end_sessions", bob), follow=True).text

    assert "De gebruiker is overal uitgelogd." in html


@pytest.mark.parametrize("name", ["member", "remove", "end_sessions"])
def test_a_member_of_another_organisation_is_not_found(client, alice, name):
    theirs = MembershipFactory(organisation=OrganisationFactory())

    assert client.post(page(name, theirs, of=alice)).status_code == 404
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_a_developer_sees_no_entry_and_is_told_whom_to_ask(client, bob):
    client.force_login(bob.user)
    dashboard = reverse("organisations:dashboard", args=[bob.organisation.slug])

    assert "Mijn Organisatie" not in client.get(dashboard).text
    refused = client.get(users(bob))
    assert refused.status_code == 403
    assert "Vraag het de administrator" in refused.text


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ("end_sessions", "Je bent overal uitgelogd."),
        ("remove", "Je hoort niet meer bij de organisatie."),
    ],
)
def test_who_ends_the_own_session_is_told_on_the_login_page(client, act, says):
    alice = MembershipFactory()
    MembershipFactory(organisation=alice.organisation)
    login = {"login": alice.user.username, "password": PASSWORD}
    client.post(reverse("account_login"), login)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    answer = client.post(page(act, alice), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("account_login")
    assert says in answer.text

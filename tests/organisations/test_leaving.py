"""Who is removed or steps back: nothing of what they could do outlives it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mail import private_links
from organisations.models import Invitation, Membership
from organisations.roles import Role
from organisations.services import inviting, members
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def alice(db):
    """The administrator who stays."""
    return MembershipFactory(user__name="Alice Admin")


@pytest.fixture
def bob(alice):
    """The administrator who goes."""
    return MembershipFactory(organisation=alice.organisation, user__name="Bob Bouwer")


def invite(by, address, role=Role.ADMINISTRATOR):
    organisation = by.organisation
    inviting.invite(organisation, [address], role=role, by=by.user, language="nl")
    return organisation.invitations.get(email=address)


def token(invitation):
    return private_links.token("invitation", invitation.pk, invitation.link_version)


def remove(alice, bob):
    members.remove_member(bob, by=alice.user)


def demote(alice, bob):
    members.change_role(bob, Role.DEVELOPER, by=alice.user)


def hand_over(alice, bob):
    members.hand_over(bob, alice, by=bob.user)


GOING = pytest.mark.parametrize("go", [remove, demote, hand_over])


@GOING
def test_invitations_to_and_by_who_goes_end_with_it(alice, bob, go):
    by_bob = invite(bob, "handlanger@b.nl")
    to_bob = invite(alice, "bob@b.nl")
    User.objects.filter(pk=bob.user_id).update(email="Bob@b.nl")
    by_alice = invite(alice, "iemand@b.nl")
    elsewhere = MembershipFactory(user=bob.user)
    of_elsewhere = invite(elsewhere, "ander@b.nl")

    go(alice, Membership.objects.select_related("user").get(pk=bob.pk))

    open_now = {*Invitation.objects.waiting()}
    assert open_now == {by_alice, of_elsewhere}
    assert Client().get(f"/uitnodiging/{token(by_bob)}/").status_code == 410
    assert Client().get(f"/uitnodiging/{token(to_bob)}/").status_code == 410


def test_nothing_is_withdrawn_when_going_is_refused(alice):
    invitation = invite(alice, "bo@b.nl")

    with pytest.raises(members.LastAdministrator):
        members.remove_member(alice, by=alice.user)

    invitation.refresh_from_db()
    assert invitation.withdrawn_at is None


@pytest.mark.parametrize("change", [{"role": "developer"}, None])
def test_an_invitation_by_who_is_no_administrator_lets_nobody_in(alice, bob, change):
    invitation = invite(bob, "handlanger@b.nl")
    if change:  # past the service, as before it withdrew anything
        Membership.objects.filter(pk=bob.pk).update(**change)
    else:
        User.objects.filter(pk=bob.user_id).update(is_active=False)

    assert Client().get(f"/uitnodiging/{token(invitation)}/").status_code == 410
    with pytest.raises(inviting.InvitationWithdrawn):
        inviting.join(token(invitation), user=UserFactory())


def test_who_is_removed_is_out_in_the_middle_of_a_page(alice, bob):
    """Every browser, the one that just gave the password too, and every kind of click."""
    carol = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    browsers = [Client() for _ in range(2)]
    for browser in browsers:
        login = {"login": bob.user.username, "password": PASSWORD}
        browser.post("/account/login/", login)
        browser.get("/mijn/")
    browsers[0].post("/account/reauthenticate/", {"password": PASSWORD})
    home = reverse("organisations:dashboard", args=[bob.organisation.slug])
    act = reverse("organisations:remove", args=[bob.organisation.slug, carol.pk])
    assert browsers[0].get(act).status_code == 200

    members.remove_member(bob, by=alice.user)

    for browser in browsers:
        assert browser.get(home)["Location"].startswith("/account/login/")
        assert browser.post(act)["Location"].startswith("/account/login/")
        click = browser.post(act, headers=HTMX)
        assert click["HX-Redirect"].startswith("/account/login/")
    assert Membership.objects.filter(pk=carol.pk).exists()
    browsers[0].post("/account/login/", login)
    assert browsers[0].get(home).status_code == 404
    assert browsers[0].post(act).status_code == 404


def test_a_session_that_outlives_removal_opens_nothing(alice, bob):
    browser = signed_in(bob.user)  # of which the list of sessions does not know
    home = reverse("organisations:dashboard", args=[bob.organisation.slug])

    members.remove_member(bob, by=alice.user)

    for headers in ({}, HTMX):
        assert browser.get(home, headers=headers).status_code == 404


def test_what_waits_for_a_password_is_not_done_for_who_was_removed(alice, bob):
    carol = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    browser = signed_in(bob.user, proven=False)
    act = reverse("organisations:remove", args=[bob.organisation.slug, carol.pk])
    asked = browser.post(act)["Location"]

    bob.delete()
    answer = browser.post(asked, {"password": PASSWORD})

    assert answer.status_code == 404
    assert Membership.objects.filter(pk=carol.pk).exists()


@pytest.mark.parametrize("go", [demote, hand_over])
def test_who_steps_back_proves_anew_who_they_are(alice, bob, go):
    browser = Client()
    login = {"login": bob.user.username, "password": PASSWORD}
    browser.post("/account/login/", login)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    assert browser.get(reverse("organisations:my_username")).status_code == 200

    go(alice, bob)

    asked = browser.get(reverse("organisations:my_username"))
    assert asked["Location"].startswith("/account/reauthenticate/")
    assert browser.get("/mijn/", follow=True).status_code == 200  # still signed in


def test_who_hands_over_on_the_page_proves_anew_too(alice):
    bob = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    browser = signed_in(alice.user)
    browser.get("/mijn/")

    browser.post(
        reverse("organisations:hand_over", args=[alice.organisation.slug, bob.pk])
    )

    asked = browser.get(reverse("organisations:my_username"))
    assert asked["Location"].startswith("/account/reauthenticate/")


@pytest.mark.parametrize(
    "act",
    [
        lambda bob, carol: members.change_role(carol, Role.ADMINISTRATOR, by=bob.user),
        lambda bob, carol: members.change_role(bob, Role.ADMINISTRATOR, by=bob.user),
        lambda bob, carol: members.hand_over(bob, carol, by=bob.user),
        lambda bob, carol: members.remove_member(carol, by=bob.user),
        lambda bob, carol: members.sign_out(carol, by=bob.user),
        lambda bob, carol: invite(bob, "bo@b.nl"),
    ],
    ids=["promote", "promote oneself", "hand over", "remove", "sign out", "invite"],
)
def test_a_right_that_was_lost_since_the_page_opened_is_used_no_more(alice, bob, act):
    carol = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    demote(alice, Membership.objects.get(pk=bob.pk))

    with pytest.raises(PermissionDenied):
        act(bob, carol)

    carol.refresh_from_db()
    assert carol.role == Role.DEVELOPER


@pytest.mark.django_db(transaction=True)
def test_who_joins_while_the_inviter_is_removed_leaves_no_deadlock_and_no_way_in():
    """Either the removal was first and nobody joins, or the joining was."""
    alice = MembershipFactory()

    for round_ in range(50):
        bob = MembershipFactory(organisation=alice.organisation, user__password=None)
        link = token(invite(bob, f"erbij{round_}@b.nl"))
        newcomer = UserFactory(password=None)
        start = Barrier(2)

        def go(act, start=start):
            start.wait()
            try:
                return act()
            except inviting.InvitationWithdrawn:
                return "too late"
            finally:
                connection.close()

        acts = [
            lambda bob=bob: members.remove_member(bob, by=alice.user),
            lambda link=link, who=newcomer: inviting.join(link, user=who),
        ]
        with ThreadPoolExecutor(2) as pool:
            _removed, joined = pool.map(go, acts)
        assert not Membership.objects.filter(pk=bob.pk).exists()
        assert (joined == "too late") != newcomer.memberships.exists()
        assert not Invitation.objects.waiting().exists()

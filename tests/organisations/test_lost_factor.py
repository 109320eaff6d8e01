"""Who lost telephone and recovery codes is helped by an administrator."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from audit.models import Event
from mail.models import Message
from organisations.roles import Role
from organisations.services import lost_factor, members
from tests.factories import PASSWORD, MembershipFactory
from tests.organisations.test_asking import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    """The administrator."""
    return MembershipFactory(user__name="Alice Admin")


@pytest.fixture
def bob(alice):
    """A developer of the same organisation, with a second factor."""
    bob = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    TOTP.activate(bob.user, generate_totp_secret())
    return bob


def page(bob):
    slug = bob.organisation.slug
    return reverse("organisations:end_second_factor", args=[slug, bob.pk])


def login(user, site=None):
    typed = {"login": user.username, "password": PASSWORD}
    return (site or Client()).post("/account/login/", typed, follow=True)


def test_an_administrator_takes_it_away_and_the_password_lets_in(alice, bob):
    assert "account/2fa/authenticate" in login(bob.user).redirect_chain[-1][0]
    site = signed_in(alice)
    assert "alleen het wachtwoord nodig" in site.get(page(bob)).text

    site.post(page(bob))

    assert login(bob.user).resolver_match.view_name == "organisations:dashboard"
    mail = Message.objects.get(to=bob.user.email)
    assert (mail.template, mail.context["by"]) == (
        "accounts/emails/second_factor_taken",
        "Alice Admin",
    )
    event = Event.objects.get(kind="member.second_factor_taken")
    assert (event.by, event.organisation) == (alice.user, bob.organisation)


def test_sessions_end_with_it(alice, bob):
    Authenticator.objects.all().delete()
    site = signed_in(bob)

    lost_factor.end_of(bob, by=alice.user)

    assert "/account/login/" in site.get("/mijn/gegevens/")["Location"]


def elsewhere(bob):
    MembershipFactory(user=bob.user)


def of_staff(bob):
    bob.user.is_staff = True
    bob.user.save()


@pytest.mark.parametrize("change", [elsewhere, of_staff])
def test_what_guards_more_than_this_organisation_stays(alice, bob, change):
    change(bob)
    site = signed_in(alice)

    assert "kun jij niet weghalen" in site.get(page(bob)).text
    site.post(page(bob))
    with pytest.raises(lost_factor.NotOursToEnd):
        lost_factor.end_of(bob, by=alice.user)

    assert Authenticator.objects.filter(user=bob.user).exists()


def test_it_takes_the_password(client, alice, bob):
    client.force_login(alice.user)

    assert "/account/reauthenticate/" in client.post(page(bob))["Location"]
    assert Authenticator.objects.filter(user=bob.user).exists()


def test_a_member_of_another_organisation_is_not_found(bob):
    other = MembershipFactory()
    slug = other.organisation.slug
    address = reverse("organisations:end_second_factor", args=[slug, bob.pk])

    assert signed_in(other).post(address).status_code == 404
    assert Authenticator.objects.filter(user=bob.user).exists()


def test_who_is_stuck_is_told_whom_to_ask(bob):
    html = login(bob.user).text

    assert "Telefoon kwijt?" in html
    assert "Vraag een administrator van je organisatie" in html


def test_what_was_changed_in_another_window_is_no_error(alice, bob, monkeypatch):
    site = signed_in(alice)
    monkeypatch.setattr(lost_factor, "may_end", meanwhile(lambda: elsewhere(bob)))

    page_after = site.post(page(bob), follow=True)

    assert "kun jij niet weghalen" in page_after.text
    assert Authenticator.objects.filter(user=bob.user).exists()


def test_who_was_removed_in_another_window_is_no_error(alice, bob, monkeypatch):
    site = signed_in(alice)
    remove = meanwhile(lambda: members.remove_member(bob, by=alice.user))
    monkeypatch.setattr(lost_factor, "may_end", remove)
    address = page(bob)

    page_after = site.post(address, follow=True)

    assert "Alice Admin" in page_after.text
    assert page_after.resolver_match.view_name == "organisations:users"


def meanwhile(act):
    """What is asked first says yes, and then somebody else acts, once."""
    truly, acted = lost_factor.may_end, []

    def may_end(membership, *, by):
        may = truly(membership, by=by)
        if not acted:
            acted.append(True)
            act()
        return may

    return may_end

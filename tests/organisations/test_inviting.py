"""Inviting colleagues and joining, as both sides use it."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from audit.models import Event
from mail import private_links, rendering
from mail.models import Message
from organisations.models import Invitation, Membership
from organisations.roles import Role
from organisations.services import blocking, inviting
from organisations.services.inviting import Outcome
from tests.factories import (
    PASSWORD,
    MembershipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    """The administrator, signed in."""
    alice = MembershipFactory(
        user__name="Alice Admin", organisation__name="Test NV Katrien"
    )
    client.force_login(alice.user)
    return alice


def address(name, member, *args):
    return reverse(f"organisations:{name}", args=[member.organisation.slug, *args])


def invite(alice, *addresses, role=Role.DEVELOPER):
    """Invite, and give the invitation of the last address."""
    inviting.invite(
        alice.organisation, [*addresses], role=role, by=alice.user, language="nl"
    )
    return Invitation.objects.get(
        organisation=alice.organisation, email__iexact=addresses[-1]
    )


def link(invitation):
    token = private_links.token("invitation", invitation.pk, invitation.link_version)
    return f"/uitnodiging/{token}/"


def asked(*addresses, role="developer"):
    return {"addresses": "\n".join(addresses), "role": role}


def test_invite_mails_each_address_a_link_of_its_own(client, alice):
    page = client.post(
        address("invite", alice), asked("bo@b.nl", "Cas <CAS@B.nl>"), follow=True
    )

    assert "2 uitnodigingen verstuurd: bo@b.nl, CAS@b.nl." in page.text
    mails = [rendering.email(message) for message in Message.objects.all()]
    assert {mail.to[0] for mail in mails} == {"bo@b.nl", "CAS@b.nl"}
    links = [link(invitation) for invitation in Invitation.objects.all()]
    assert sum(one in mail.body for one in links for mail in mails) == 2
    for mail in mails:
        assert mail.subject == "Uitnodiging voor Test NV Katrien"
        assert "Alice Admin nodigt je uit" in mail.body
        assert "als ontwikkelaar" in mail.body


def test_invite_judges_each_line_and_keeps_only_the_wrong_ones(client, alice):
    page = client.post(
        address("invite", alice), asked("bo@b.nl", "geen adres", "", "x@", "bo@b.nl;")
    ).text

    assert "Uitnodiging verstuurd aan bo@b.nl." in page
    assert "“geen adres” is geen e-mailadres." in page
    assert "“x@” is geen e-mailadres." in page
    assert ">\ngeen adres\nx@</textarea>" in page
    assert [one.email for one in Invitation.objects.all()] == ["bo@b.nl"]


def test_invite_tells_of_who_is_a_member_or_was_asked_already(client, alice):
    MembershipFactory(organisation=alice.organisation, user__email="Lid@b.nl")
    invite(alice, "gevraagd@b.nl")

    page = client.post(
        address("invite", alice), asked("lid@b.nl", "Gevraagd@b.nl"), follow=True
    ).text

    assert "lid@b.nl hoort al bij je organisatie." in page
    assert "Gevraagd@b.nl is al uitgenodigd." in page
    assert Message.objects.count() == 1


def test_invite_says_nothing_of_accounts_elsewhere(alice):
    MembershipFactory(user__email="elders@b.nl")

    outcomes = inviting.invite(
        alice.organisation,
        ["elders@b.nl", "nergens@b.nl"],
        role=Role.DEVELOPER,
        by=alice.user,
        language="nl",
    )

    assert {*outcomes.values()} == {Outcome.INVITED}
    bodies = [rendering.email(message).body for message in Message.objects.all()]
    hidden = [
        body.replace(link(one), "")
        for body, one in zip(bodies, Invitation.objects.all(), strict=True)
    ]
    assert hidden[0] == hidden[1]


def test_invite_again_renews_the_one_row_of_that_address(alice):
    first = invite(alice, "bo@b.nl")
    old = link(first)
    inviting.withdraw(first, by=alice.user)

    second = invite(alice, "BO@b.nl", role=Role.ADMINISTRATOR)

    assert second.pk == first.pk
    assert (second.role, second.withdrawn_at) == (Role.ADMINISTRATOR, None)
    assert Client().get(old).status_code == 404
    assert Client().get(link(second)).status_code == 200


def test_the_database_has_one_row_for_an_address(alice):
    invitation = invite(alice, "bo@b.nl")
    invitation.pk, invitation.email, invitation.link_digest = None, "BO@b.nl", "x"

    with pytest.raises(IntegrityError), transaction.atomic():
        invitation.save(force_insert=True)


def test_invite_stops_at_what_one_organisation_needs_in_a_day(client, alice, settings):
    settings.INVITATIONS_PER_DAY = 2

    page = client.post(address("invite", alice), asked("a@b.nl", "c@b.nl", "d@b.nl"))

    assert "Er zijn vandaag al veel uitnodigingen verstuurd." in page.text
    assert "c@b.nl" in page.text
    assert not Invitation.objects.exists()
    assert not Message.objects.exists()


def test_users_shows_what_was_asked_and_not_answered(client, alice):
    waiting, late = invite(alice, "bo@b.nl"), invite(alice, "cas@b.nl")
    Invitation.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    inviting.withdraw(invite(alice, "weg@b.nl"), by=alice.user)
    invite(MembershipFactory(), "elders@b.nl")

    page = client.get(address("users", alice)).text

    assert "bo@b.nl" in page
    assert "cas@b.nl" in page
    assert page.count("verlopen") == 1
    assert "weg@b.nl" not in page
    assert "elders@b.nl" not in page
    assert address("withdraw", alice, waiting.pk) in page


def test_resend_makes_a_new_link_on_the_same_row(client, alice):
    invitation = invite(alice, "bo@b.nl")
    Invitation.objects.update(expires_at=timezone.now() - datetime.timedelta(days=1))
    old = link(invitation)

    page = client.post(address("resend", alice, invitation.pk), follow=True)

    assert "bo@b.nl krijgt een nieuwe link." in page.text
    invitation.refresh_from_db()
    assert Invitation.objects.count() == 1
    assert Client().get(old).status_code == 404
    assert Client().get(link(invitation)).status_code == 200


def test_withdraw_ends_the_link(client, alice):
    invitation = invite(alice, "bo@b.nl")

    client.post(address("withdraw", alice, invitation.pk))

    page = Client().get(link(invitation))
    assert page.status_code == 410
    assert "heeft de uitnodiging ingetrokken" in page.text
    assert "Vraag de administrator" in page.text


@pytest.mark.parametrize("act", ["resend", "withdraw"])
def test_nothing_is_done_with_an_invitation_that_was_accepted(client, alice, act):
    invitation = invite(alice, "bo@b.nl")
    inviting.join(_token(invitation), user=UserFactory())

    page = client.post(address(act, alice, invitation.pk), follow=True)

    assert "bo@b.nl heeft de uitnodiging net aangenomen." in page.text
    invitation.refresh_from_db()
    assert invitation.accepted_at


@pytest.mark.parametrize("act", ["resend", "withdraw"])
def test_another_organisations_invitation_is_not_found(client, alice, act):
    foreign = invite(MembershipFactory(), "bo@b.nl")

    assert client.post(address(act, alice, foreign.pk)).status_code == 404


def _token(invitation):
    return link(invitation).split("/")[2]


NEW = {"name": "Bo Bouwer", "username": "bo.bouwer", "password": PASSWORD}


def test_link_says_who_asks_what_before_anything_is_typed(alice):
    invitation = invite(alice, "bo@b.nl", role=Role.ADMINISTRATOR)
    browser = Client()

    for method in (browser.head, browser.get, browser.options, browser.get):
        page = method(link(invitation))

    assert "Alice Admin nodigt je uit" in page.text
    assert "Test NV Katrien" in page.text
    assert "als administrator" in page.text
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_join_with_a_new_account_leads_to_the_login_and_then_there(alice):
    invitation = invite(alice, "bo@b.nl")
    browser = Client()

    answer = browser.post(link(invitation), NEW)

    home = address("dashboard", alice)
    assert answer["Location"] == f"/account/login/?next={home.replace('/', '%2F')}"
    login = {"login": "bo.bouwer", "password": PASSWORD, "next": home}
    assert browser.post("/account/login/", login)["Location"] == home
    bo = User.objects.get(username="bo.bouwer")
    assert (bo.name, bo.email) == ("Bo Bouwer", "bo@b.nl")
    assert Membership.objects.get(user=bo).role == Role.DEVELOPER
    assert "Welkom, Bo Bouwer" in browser.get(home).text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"username": "Bezet"}, "Deze gebruikersnaam is niet beschikbaar."),
        ({"username": "jan jansen"}, "bevat een teken dat niet kan"),
        ({"name": ""}, "Vul je naam in."),
        ({"password": "kort"}, "Dit wachtwoord is te kort."),
        ({"password": "Test NV Katrien Katrien"}, "makkelijk te raden"),
        ({"password": "bo.bouwer-bo.bouwer"}, "makkelijk te raden"),
    ],
)
def test_join_says_what_is_wrong_and_loses_nothing(alice, changes, says):
    accounts.reserve_username("bezet")
    invitation = invite(alice, "bo@b.nl")
    typed = NEW | changes

    page = Client().post(link(invitation), typed)

    assert says in page.text
    assert f'value="{typed["username"]}"' in page.text
    assert Membership.objects.count() == 1
    assert not User.objects.filter(email="bo@b.nl").exists()


def test_join_with_the_account_one_has(alice):
    elsewhere = MembershipFactory(organisation__name="Elders BV")
    invitation = invite(alice, "bo@b.nl")
    browser = Client()
    browser.force_login(elsewhere.user)

    shown = browser.get(link(invitation)).text
    assert f"Meedoen als {elsewhere.user.username}" in shown
    assert "Een ander account gebruiken" in shown
    page = browser.post(link(invitation), follow=True).text

    assert "Je hoort nu bij Test NV Katrien." in page
    assert "Elders BV" in page  # the way to the other organisation
    assert Membership.objects.filter(user=elsewhere.user).count() == 2


def test_join_of_a_member_uses_nothing_up(client, alice):
    invitation = invite(alice, "ander.adres@b.nl")

    page = client.post(link(invitation), follow=True).text

    assert "Je hoort al bij deze organisatie." in page
    assert Client().get(link(invitation)).status_code == 200


def test_who_has_an_account_logs_in_and_comes_back(alice):
    invitation = invite(alice, "bo@b.nl")
    bo = UserFactory()
    browser = Client()
    page = browser.get(link(invitation))
    there = page.context["login_url"]
    assert there in page.text.replace("&amp;", "&")

    login = {"login": bo.username, "password": PASSWORD, "next": link(invitation)}
    assert browser.post(there, login)["Location"] == link(invitation)


@pytest.mark.parametrize(
    ("end", "status", "says"),
    [
        ("used", 410, "Met deze link is al meegedaan."),
        ("expired", 410, "De termijn van de uitnodiging is voorbij."),
        ("unknown", 404, "We kennen deze link niet."),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_link_that_is_no_good_says_so_and_what_to_do(alice, end, status, says, method):
    invitation = invite(alice, "bo@b.nl")
    there = link(invitation)
    if end == "used":
        inviting.join(_token(invitation), user=UserFactory())
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    else:
        there = "/uitnodiging/" + "x" * 43 + "/"

    page = getattr(Client(), method)(there, NEW)

    assert page.status_code == status
    assert says in page.text
    assert not User.objects.filter(username="bo.bouwer").exists()


def test_who_was_removed_can_be_asked_again(alice):
    invitation = invite(alice, "bo@b.nl")
    bo = UserFactory(email="bo@b.nl")
    membership = inviting.join(_token(invitation), user=bo)
    membership.delete()

    again = invite(alice, "bo@b.nl")

    assert again.pk == invitation.pk
    assert inviting.join(_token(again), user=bo).user == bo


def test_what_happens_to_an_invitation_is_recorded(alice):
    invitation = invite(alice, "bo@b.nl")
    inviting.resend(invitation, by=alice.user, language="nl")
    inviting.withdraw(invitation, by=alice.user)
    bo = UserFactory()
    inviting.join(_token(invite(alice, "bo@b.nl")), user=bo)

    events = Event.objects.filter(organisation=alice.organisation).order_by("pk")
    assert [(event.kind, event.by) for event in events] == [
        ("invitation.sent", alice.user),
        ("invitation.resent", alice.user),
        ("invitation.withdrawn", alice.user),
        ("invitation.sent", alice.user),
        ("member.added", bo),
    ]
    assert "bo@b.nl" not in str([event.data for event in events])


def test_nobody_joins_a_blocked_organisation_whom_its_members_asked(alice):
    """Whether with a new account or one's own; once it is lifted the link works again."""
    sara, client = UserFactory(is_staff=True), Client()
    path = link(invite(alice, "bo@b.nl"))
    blocking.block(alice.organisation, reason="Misbruik van Zoeken", by=sara)

    shown = client.get(path)
    assert shown.status_code == client.post(path, NEW).status_code == 403
    assert "kan niemand zich erbij aansluiten" in shown.text
    assert "Misbruik" not in shown.text
    client.force_login(UserFactory())
    assert client.post(path).status_code == 403
    assert alice.organisation.memberships.count() == 1

    blocking.unblock(alice.organisation, reason="Opgelost", by=sara)
    client.post(path)
    assert alice.organisation.memberships.count() == 2


def test_whom_staff_asked_joins_a_blocked_organisation(client, alice):
    """Who is to run it in the place of who is gone."""
    sara = UserFactory(is_staff=True)
    inviting.ask(
        alice.organisation, "bo@b.nl", role=Role.ADMINISTRATOR, by=sara, language="nl"
    )
    path = link(alice.organisation.invitations.get())
    blocking.block(alice.organisation, reason="Misbruik", by=sara)
    client.force_login(UserFactory())

    client.post(path)

    assert alice.organisation.memberships.count() == 2

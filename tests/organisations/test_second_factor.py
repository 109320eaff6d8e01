"""An organisation that asks a second factor of all its members."""

import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mail import rendering
from mail.models import Message
from organisations import activity
from organisations.models import Organisation
from organisations.roles import Role
from organisations.services import members
from organisations.services import second_factor as services
from tests.factories import MembershipFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def alice(client):
    """The administrator, with a second factor, signed in."""
    alice = MembershipFactory(
        user__name="Alice Admin", organisation__name="Test NV Katrien"
    )
    with_factor(alice)
    signed_in(alice.user, client)
    return alice


@pytest.fixture
def bob(alice):
    """A developer who has none."""
    return MembershipFactory(
        organisation=alice.organisation, role=Role.DEVELOPER, user__name="Bob Bouwer"
    )


def with_factor(member):
    Authenticator.objects.create(user=member.user, type="totp", data={"secret": "x"})


def page(name, member):
    return reverse(f"organisations:{name}", args=[member.organisation.slug])


def asks_since(member, days):
    day = timezone.localdate() + datetime.timedelta(days=days)
    Organisation.objects.filter(pk=member.organisation_id).update(
        second_factor_from=day
    )
    return day


def require(alice, days=14, **changes):
    day = timezone.localdate() + datetime.timedelta(days=days)
    given = {"by": alice.user, "has_one": True, "seen": None} | changes
    services.require(alice.organisation, day, **given)
    return day


def test_the_page_suggests_two_weeks_and_names_who_has_none(client, alice, bob):
    html = client.get(page("security", alice)).text

    in_two_weeks = timezone.localdate() + datetime.timedelta(weeks=2)
    assert f'value="{in_two_weeks.isoformat()}"' in html
    assert "1 gebruiker heeft nog geen tweede stap." in html
    assert "Bob Bouwer" in html
    assert "Alice Admin" not in html.partition("Wie heeft er nog geen?")[2]


def test_requiring_is_recorded_and_told_to_everybody_in_their_own_words(alice, bob):
    User.objects.filter(pk=bob.user_id).update(language="en")

    day = require(alice)

    alice.organisation.refresh_from_db()
    assert alice.organisation.second_factor_from == day
    mails = {one.to: rendering.email(one) for one in Message.objects.all()}
    assert set(mails) == {alice.user.email, bob.user.email}
    assert "Jij hebt er al een." in mails[alice.user.email].body
    assert "You do not have one yet." in mails[bob.user.email].body
    done = activity.in_words(
        alice.organisation, activity.events(alice.organisation)[:1]
    )
    assert done[0].what.startswith("Iedereen heeft vanaf ")


def test_requiring_the_same_once_more_mails_nobody(alice, bob):
    day = require(alice)
    sent = Message.objects.count()

    require(alice, seen=day)

    assert Message.objects.count() == sent


@pytest.mark.parametrize(
    ("days", "changes", "error"),
    [
        (-1, {}, services.InThePast),
        (14, {"has_one": False}, services.HasNone),
        (14, {"seen": datetime.date(2030, 1, 1)}, members.ChangedMeanwhile),
    ],
)
def test_requiring_is_refused(alice, days, changes, error):
    with pytest.raises(error):
        require(alice, days, **changes)

    alice.organisation.refresh_from_db()
    assert alice.organisation.second_factor_from is None


def test_only_an_administrator_requires(alice, bob):
    for act in (
        lambda: require(alice, by=bob.user),
        lambda: services.release(alice.organisation, by=bob.user, seen=None),
        lambda: services.remind(alice.organisation, by=bob.user),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_an_administrator_without_one_is_led_to_set_it_up_first(client):
    carol = MembershipFactory()
    signed_in(carol.user, client)

    html = client.get(page("security", carol)).text
    refused = client.post(
        page("security", carol), {"seen": "", "day": "2099-01-01"}
    ).text

    assert reverse("mfa_activate_totp") in html
    assert 'name="day"' not in html
    assert "Verplicht" not in refused.partition("<h1")[2].partition("Wie heeft")[0]
    carol.organisation.refresh_from_db()
    assert carol.organisation.second_factor_from is None


def test_requiring_asks_the_password(client, alice):
    signed_in(alice.user, client, proven=False)

    for name in ("security", "release_second_factor"):
        asked = client.post(page(name, alice), {"seen": "", "day": "2099-01-01"})
        assert asked["Location"].startswith("/account/reauthenticate/")


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("", "Kies een datum."),
        ("gisteren", "Dit is geen datum."),
        ("2020-01-01", "Kies vandaag of een latere dag."),
        ("2099-01-01", "Het is ingesteld."),
    ],
)
def test_the_page_says_what_came_of_it(client, alice, day, says):
    typed = {"seen": "", "day": day}

    assert says in client.post(page("security", alice), typed, follow=True).text


def test_who_comes_second_is_told_what_changed(client, alice):
    dora = MembershipFactory(organisation=alice.organisation, user__name="Dora Data")
    require(alice, by=dora.user)

    for name in ("security", "release_second_factor"):
        typed = {"seen": "", "day": "2099-01-01"}
        html = client.post(page(name, alice), typed, follow=True).text

        assert "Er is niets opgeslagen." in html
        assert "Dora Data, " in html
    alice.organisation.refresh_from_db()
    assert alice.organisation.second_factor_from.year != 2099


def test_the_day_that_the_second_chose_is_kept_to_be_saved_after_all(client, alice):
    asks_since(alice, days=30)
    typed = {"seen": "", "day": "2099-01-01"}

    again = client.post(page("security", alice), typed).context["form"]

    assert again["day"].value().isoformat() == "2099-01-01"
    typed["seen"] = again["seen"].value().isoformat()
    client.post(page("security", alice), typed)
    alice.organisation.refresh_from_db()
    assert alice.organisation.second_factor_from == datetime.date(2099, 1, 1)


def test_it_can_be_left_to_everybody_again(client, alice):
    day = require(alice)

    typed = {"seen": day.isoformat()}
    html = client.post(page("release_second_factor", alice), typed, follow=True).text

    assert "Een tweede stap is niet meer verplicht." in html
    assert "Iedereen kiest nu zelf." in html


def test_reminding_mails_who_has_none_once_a_day(client, alice, bob):
    first = client.post(page("remind_second_factor", alice), follow=True).text
    second = client.post(page("remind_second_factor", alice), follow=True).text

    assert "1 gebruiker krijgt een mail." in first
    assert "Vandaag is er al een herinnering gestuurd." in second
    assert [one.to for one in Message.objects.all()] == [bob.user.email]


@pytest.mark.parametrize("days", [0, -30])
def test_who_has_none_sets_it_up_and_comes_back(client, alice, bob, days):
    asks_since(bob, days)
    signed_in(bob.user, client)
    wanted = page("dashboard", bob)

    sent = client.get(wanted)
    assert sent["Location"] == reverse("mfa_activate_totp")
    assert "Om verder te gaan" in client.get(sent["Location"]).text
    with_factor(bob)
    ready = client.get(reverse("mfa_index")).text

    assert f'href="{wanted}"' in ready
    assert client.get(wanted).status_code == 200
    assert "Om verder te gaan" not in client.get(reverse("mfa_index")).text


def test_where_the_operator_asks_it_of_all_one_comes_back_too(client, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    carol = MembershipFactory()
    signed_in(carol.user, client)
    wanted = reverse("organisations:my_sessions")

    assert client.get(wanted)["Location"] == reverse("mfa_activate_totp")
    with_factor(carol)

    assert f'href="{wanted}"' in client.get(reverse("mfa_index")).text


def test_recovery_codes_alone_are_no_second_factor(client, alice, bob):
    asks_since(bob, 0)
    Authenticator.objects.create(user=bob.user, type="recovery_codes", data={})
    signed_in(bob.user, client)

    assert client.get(page("dashboard", bob)).status_code == 302


def test_a_click_within_a_page_leads_there_too(client, alice):
    Authenticator.objects.all().delete()
    asks_since(alice, 0)
    url = reverse("organisations:member", args=[alice.organisation.slug, alice.pk])

    for ask in (client.get, client.post):
        answer = ask(url, headers=HTMX)
        assert answer["HX-Redirect"] == reverse("mfa_activate_totp")


def test_before_the_day_everybody_gets_in_and_is_told_until_when(client, alice, bob):
    asks_since(bob, 1)
    signed_in(bob.user, client)

    html = client.get(page("dashboard", bob)).text

    assert "kom je zonder tweede stap niet meer bij Test NV Katrien." in html
    signed_in(alice.user, client)
    assert "Stel een tweede stap in" not in client.get(page("dashboard", alice)).text


def test_other_organisations_of_the_same_person_stay_open(client, alice, bob):
    elsewhere = MembershipFactory(user=bob.user)
    asks_since(bob, 0)
    signed_in(bob.user, client)

    assert client.get(page("dashboard", bob)).status_code == 302
    assert client.get(page("dashboard", elsewhere)).status_code == 200
    assert client.get(reverse("organisations:me")).status_code == 200


def test_a_stranger_learns_nothing_of_it(client, alice, bob):
    asks_since(bob, 0)
    signed_in(MembershipFactory().user, client)

    assert client.get(page("dashboard", bob)).status_code == 404

"""Mijn Gegevens, as its owner uses it."""

import io
import json
import zipfile

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts import services as accounts
from accounts.devices import device
from accounts.models import EmailChange, User, Username
from audit.models import Event
from mail import private_links, rendering
from mail.models import Message
from organisations.models import Membership
from organisations.roles import Role
from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Firefox/140.0"


def signed_in(user, agent=FIREFOX):
    """A browser in which this person typed the password a moment ago."""
    site = Client(headers={"user-agent": agent})
    site.post("/account/login/", {"login": user.username, "password": PASSWORD})
    site.post("/account/reauthenticate/", {"password": PASSWORD})
    return site


def page(name, *args):
    return reverse(f"organisations:{name}", args=args)


@pytest.fixture
def dora():
    """A developer."""
    return MembershipFactory(
        role=Role.DEVELOPER,
        user__username="dora",
        user__name="Dora Bouwer",
        user__email="dora@b.nl",
    ).user


@pytest.fixture
def site(dora):
    return signed_in(dora)


def test_me_shows_what_we_know_and_where_to_change_it(site, dora):
    html = site.get(page("me")).text

    for shown in ("Dora Bouwer", "dora", "dora@b.nl", "Nederlands", "1 apparaat"):
        assert shown in html
    for name in ("my_contact", "my_username", "my_email", "my_sessions"):
        assert f'href="{page(name)}"' in html


def test_contact_changes_name_number_and_language(site, dora):
    typed = {"name": "Dora de Bouwer", "phone": "020 555 12 34", "language": "en"}

    html = site.post(page("my_contact"), typed, follow=True).text

    dora.refresh_from_db()
    assert (dora.name, dora.phone) == ("Dora de Bouwer", "+31205551234")
    assert "Your details have been changed." in html
    assert '<html lang="en">' in html
    assert Event.objects.get(kind="person.changed").by == dora


def test_contact_says_what_is_wrong_and_loses_nothing(site, dora):
    typed = {"name": "", "phone": "112", "language": "nl"}

    html = site.post(page("my_contact"), typed).text

    assert "Vul je naam in." in html
    assert "Dit is een alarmnummer." in html
    assert 'value="112"' in html


def test_username_can_be_changed_and_the_old_one_stays_ones_own(site, dora):
    html = site.post(page("my_username"), {"username": "Dora.2"}, follow=True).text

    assert "Je gebruikersnaam is gewijzigd." in html
    dora.refresh_from_db()
    assert dora.username == "dora.2"
    with pytest.raises(accounts.UsernameTaken):
        accounts.reserve_username("dora")
    site.post(page("my_username"), {"username": "dora"})
    dora.refresh_from_db()
    assert dora.username == "dora"
    assert {*dora.usernames.values_list("name", flat=True)} == {"dora", "dora.2"}


def test_username_of_somebody_else_is_refused(site, dora):
    UserFactory(username="bezet")

    html = site.post(page("my_username"), {"username": "bezet"}).text

    assert "Deze gebruikersnaam is niet beschikbaar." in html
    assert Username.objects.get(name="bezet").held_by != dora


def change_email(site, email="nieuw@b.nl"):
    """Ask for another address; gives the path in the mail."""
    site.post(page("my_email"), {"email": email})
    change = EmailChange.objects.get()
    token = private_links.token("email_change", change.pk, change.link_version)
    return f"/e-mailadres/{token}/"


def test_email_changes_only_when_the_new_address_confirms_and_the_old_is_told(
    site, dora
):
    link = change_email(site)

    message = Message.objects.get()
    assert message.to == "nieuw@b.nl"
    assert link in rendering.email(message).body
    assert "Wacht op bevestiging: nieuw@b.nl" in site.get(page("me")).text
    Client().get(link)  # a scanner of mail
    dora.refresh_from_db()
    assert dora.email == "dora@b.nl"
    Client().post(link)
    dora.refresh_from_db()
    assert dora.email == "nieuw@b.nl"
    assert Message.objects.first().to == "dora@b.nl"
    assert [one.email for one in EmailAddress.objects.filter(user=dora)] == [
        "nieuw@b.nl"
    ]
    assert site.get(page("me")).status_code == 200  # still signed in
    assert Client().post(link).status_code == 404


def test_email_asked_for_again_makes_the_first_link_worthless(site):
    first = change_email(site, "eerst@b.nl")
    change_email(site, "later@b.nl")

    assert Client().post(first).status_code == 404
    assert EmailChange.objects.count() == 1


def test_email_link_ends(site, dora):
    link = change_email(site)
    EmailChange.objects.update(expires_at=timezone.now())

    answer = Client().post(link)

    assert answer.status_code == 404
    assert "Deze link werkt niet meer" in answer.text
    assert User.objects.get(pk=dora.pk).email == "dora@b.nl"


def test_email_floods_nobodys_mailbox(site, settings):
    settings.MAIL_PER_ADDRESS_PER_HOUR = 1

    change_email(site)
    html = site.post(page("my_email"), {"email": "nieuw@b.nl"}).text

    assert "Probeer het later nog eens." in html
    assert Message.objects.count() == 1


@pytest.mark.parametrize("name", ["my_username", "my_email", "close_account"])
def test_what_matters_asks_for_the_password_again(dora, name):
    site = Client()
    site.force_login(dora)

    assert "/account/reauthenticate/" in site.get(page(name))["Location"]


def test_sessions_lists_devices_and_ends_one(site, dora):
    phone = signed_in(dora, "Mozilla/5.0 (iPhone; CPU iPhone OS 19) Safari/604.1")

    html = site.get(page("my_sessions")).text

    assert "Firefox op Windows" in html
    assert "Safari op iPhone" in html
    assert html.count("Dit apparaat") == 1
    end = [one for one in accounts.sessions(dora) if "iPhone" in one.user_agent]
    site.post(page("end_my_session", end[0].pk))
    assert phone.get(page("me")).status_code == 302
    assert site.get(page("me")).status_code == 200


def test_sessions_of_somebody_else_are_not_found(site):
    other = UserFactory()
    elsewhere = signed_in(other)
    session = accounts.sessions(other)[0]

    assert site.post(page("end_my_session", session.pk)).status_code == 404
    assert elsewhere.get(page("me")).status_code == 200


def test_sessions_says_when_each_was_seen_last(site, dora):
    session = accounts.sessions(dora)[0]
    session.last_seen_at = timezone.now() - timezone.timedelta(hours=3)
    session.save()
    store = site.session
    store["seen"] -= 400
    store.save()

    site.get(page("me"))

    session.refresh_from_db()
    assert (timezone.now() - session.last_seen_at).total_seconds() < 60


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox op Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36",
            "Chrome op Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140",
            "Edge op Windows",
        ),
        ("curl/8", "Onbekende browser"),
        ("", "Onbekende browser"),
    ],
)
def test_device_is_named_as_its_owner_knows_it(agent, name):
    assert device(agent) == name


def test_download_gives_the_same_to_read_and_for_a_program(site, dora):
    dora.set_password(PASSWORD)  # a digest that must not be in it

    answer = site.post(page("my_data"))

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        data = json.loads(archive.read("gegevens.json"))
        html = archive.read("gegevens.html").decode()
    assert answer["Content-Disposition"].startswith(
        'attachment; filename="mijn-gegevens'
    )
    assert data["account"]["email"] == "dora@b.nl"
    assert data["organisations"][0]["role"] == "developer"
    assert data["sessions"][0]["device"] == "Firefox op Windows"
    assert "Dora Bouwer" in html
    assert "Firefox op Windows" in html
    assert "scrypt" not in html + str(data)


def test_download_asks_for_the_password_and_then_goes_on(dora):
    site = Client()
    site.force_login(dora)

    asked = site.post(page("my_data"))
    answer = site.post(asked["Location"], {"password": PASSWORD}, follow=True)

    assert answer["Content-Type"] == "application/zip"


def test_close_ends_everything_but_what_was_done(site, dora):
    TOTP.activate(dora, generate_totp_secret())
    accounts.change_contact(
        dora, name="Dora Bouwer", phone="+31205551234", language="nl"
    )

    html = site.post(page("close_account"), follow=True).text

    assert "Je account is gesloten." in html
    dora.refresh_from_db()
    assert (dora.is_active, dora.email, dora.phone) == (False, "", "")
    assert not dora.has_usable_password()
    assert not Membership.objects.filter(user=dora).exists()
    assert not Authenticator.objects.filter(user=dora).exists()
    assert Event.objects.filter(by=dora, kind="member.removed").exists()
    assert Username.objects.get(name="dora").held_by == dora
    assert site.get(page("me")).status_code == 302


def test_close_is_refused_to_a_last_administrator_with_the_way_out():
    alice = MembershipFactory(organisation__name="Alleen BV")
    site = signed_in(alice.user)

    for method in (site.get, site.post):
        html = method(page("close_account")).text
        assert "Draag eerst het beheer over" in html
        assert page("users", alice.organisation.slug) in html
    alice.user.refresh_from_db()
    assert alice.user.is_active


def test_language_that_is_chosen_is_that_of_ones_mail_too(site, dora):
    answer = site.post("/taal/", {"language": "en", "next": page("me")})

    dora.refresh_from_db()
    assert dora.language == "en"
    assert answer.cookies["django_language"]["max-age"] == 365 * 24 * 3600


def test_usernames_are_not_tried_without_end(site, dora):
    for _ in range(limits.USERNAME.most):
        site.post(page("my_username"), {"username": dora.username})

    answer = site.post(page("my_username"), {"username": "vrij"})

    dora.refresh_from_db()
    assert answer.status_code == 429
    assert dora.username == "dora"

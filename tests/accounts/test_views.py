import datetime
import logging
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.encryption import NotDecryptable
from accounts.models import Activation, User
from audit.models import Event
from mail import private_links
from mail.models import Message
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return services.create_person(
        services.reserve_username("jan.devries"),
        name="Jan de Vries",
        email="jan@voorbeeld.example",
        language="nl",
    )


@pytest.fixture
def token(user):
    activation = services.start_activation(user, by=UserFactory())
    return private_links.token("activation", activation.pk, activation.link_version)


@pytest.fixture
def url(token):
    return reverse("accounts:activate", args=[token])


def test_activate_says_who_one_is_and_what_a_password_needs(client, url):
    response = client.get(url)

    assert "jan.devries" in response.text
    assert "Jan de Vries" in response.text
    assert "minstens 15 tekens" in response.text
    assert 'autocomplete="new-password"' in response.text
    assert "no-store" in response["Cache-Control"]


def test_activate_uses_up_nothing_by_being_looked_at(client, url, user):
    for method in (client.get, client.head, client.get, client.options):
        method(url)

    assert Activation.objects.get().used_at is None
    assert client.post(url, {"password": PASSWORD}).status_code == 302


def test_activate_leads_to_the_login_which_then_works(client, url):
    response = client.post(url, {"password": PASSWORD}, follow=True)

    assert response.redirect_chain[0][0] == reverse("account_login")
    assert "Je account is klaar" in response.text
    login = client.post(
        reverse("account_login"), {"login": " Jan.deVries ", "password": PASSWORD}
    )
    assert login["Location"] == reverse("organisations:mine")


@pytest.mark.parametrize("password", ["kort", "welkomwelkomwelkom", "jan.devries12345"])
def test_activate_says_what_is_wrong_with_a_password(client, url, password):
    response = client.post(url, {"password": password})

    assert response.status_code == 200
    assert "Dit wachtwoord is" in response.text
    assert Activation.objects.get().used_at is None


def test_activate_tells_its_address_to_no_other_site(client, url):
    assert client.get(url)["Referrer-Policy"] == "same-origin"
    client.post(url, {"password": PASSWORD})
    assert client.get(url)["Referrer-Policy"] == "no-referrer"


def test_activate_says_that_the_link_was_used(client, url):
    client.post(url, {"password": PASSWORD})

    for method in (client.get, client.post):
        response = method(url, {"password": "een heel ander wachtwoord"})
        assert response.status_code == 410
        assert "al een wachtwoord gekozen" in response.text


def test_activate_says_whom_to_ask_when_the_term_is_over(client, url):
    Activation.objects.update(expires_at=timezone.now() - datetime.timedelta(days=1))

    response = client.get(url)

    assert response.status_code == 410
    assert "apisupport@kvk.nl" in response.text


@pytest.mark.parametrize("guess", ["a" * 43, "x", "%00", "a" * 5000])
def test_activate_knows_no_other_link(client, url, guess):
    response = client.get(f"/activeren/{guess}/")

    assert response.status_code == 404
    assert "apisupport@kvk.nl" in response.text


def test_activate_tells_somebody_else_to_sign_out_first(client, url):
    client.force_login(UserFactory(username="piet"))

    html = client.get(url).text

    assert "piet" in html
    assert "Uitloggen" in html
    assert 'type="password"' not in html


def test_activate_puts_token_and_password_in_no_log(client, url, token, caplog):
    caplog.set_level(logging.DEBUG)

    client.post(url, {"password": PASSWORD})

    assert PASSWORD not in caplog.text
    assert token not in caplog.text


def test_login_address_of_the_manual_leads_to_the_login(client):
    assert client.get("/inloggen/")["Location"] == reverse("account_login")


def test_login_says_the_same_of_an_unknown_name_and_a_wrong_password(client):
    UserFactory(username="jan")
    answers = [
        client.post(reverse("account_login"), {"login": name, "password": "fout"})
        for name in ("jan", "bestaatniet")
    ]

    errors = [list(answer.context["form"].non_field_errors()) for answer in answers]
    assert errors[0] == errors[1]
    assert errors[0]


def test_password_reset_mails_each_account_of_an_address(client, mailoutbox, settings):
    settings.BASE_URL = "https://portaal.example"
    for name in ("jan", "jan.werk"):
        UserFactory(username=name, email="jan@voorbeeld.example")

    client.post(reverse("account_reset_password"), {"email": "Jan@voorbeeld.example"})

    texts = [mail.body for mail in mailoutbox]
    assert len(texts) == 2
    assert {"jan", "jan.werk"} == {
        re.search(r"jan(\.werk)?(?=[.\s])", text)[0] for text in texts
    }
    assert all("https://portaal.example/account/" in text for text in texts)


def test_password_reset_sets_a_new_password(client, mailoutbox):
    user = UserFactory()
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"http://[^/]+(/account/\S+)", mailoutbox[0].body)[1]

    form = client.get(link, follow=True)
    new = {"password1": "vier blauwe fietsen", "password2": "vier blauwe fietsen"}
    client.post(form.redirect_chain[-1][0], new)

    user.refresh_from_db()
    assert user.check_password("vier blauwe fietsen")


def test_password_reset_mails_nobody_who_has_no_account(client, mailoutbox):
    response = client.post(
        reverse("account_reset_password"), {"email": "wie@b.example"}
    )

    assert response.status_code == 302
    assert not mailoutbox


def test_signup_is_closed(client):
    answer = client.post(
        "/account/signup/",
        {"username": "nieuw", "email": "n@b.nl", "password1": PASSWORD},
    )

    assert answer.status_code in {200, 404}
    assert not User.objects.filter(username="nieuw").exists()


def test_seeds_and_recovery_codes_lie_encrypted():
    user, seed = UserFactory(), generate_totp_secret()
    totp = TOTP.activate(user, seed)
    codes = RecoveryCodes.activate(user)

    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert seed not in stored
    assert codes.instance.data["seed"] not in codes.get_unused_codes()
    assert totp.validate_code("000000") in {True, False}  # reads the seed back


def test_a_seed_under_a_key_that_is_gone_opens_nothing(settings):
    totp = TOTP.activate(UserFactory(), generate_totp_secret())
    settings.KEY_ENCRYPTION_KEYS = {2: b"2" * 32}

    with pytest.raises(NotDecryptable):
        totp.validate_code("123456")


@pytest.fixture
def admin(client):
    person = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


def test_admin_makes_a_person_who_gets_a_link_and_no_password(client, admin):
    form = {
        "username": "Intake.2",
        "name": "Inez",
        "email": "inez@b.nl",
        "language": "nl",
    }

    client.post(reverse("admin:accounts_user_add"), form | {"is_active": "on"})

    person = User.objects.get(username="intake.2")
    assert not person.has_usable_password()
    assert Message.objects.get().to == "inez@b.nl"


def test_admin_refuses_a_name_that_is_reserved(client, admin):
    services.reserve_username("bezet")
    form = {"username": "Bezet", "name": "Bo", "email": "bo@b.nl", "language": "nl"}

    response = client.post(reverse("admin:accounts_user_add"), form)

    assert "al in gebruik" in response.text


def test_admin_changes_a_person_but_not_the_name_to_sign_in_with(client, admin, user):
    url = reverse("admin:accounts_user_change", args=[user.pk])
    form = {
        "username": "anders",
        "name": "Jan V.",
        "email": user.email,
        "language": "en",
    }

    client.post(url, form | {"is_active": "on"})

    user.refresh_from_db()
    assert (user.username, user.name) == ("jan.devries", "Jan V.")
    assert "language" in Event.objects.get(kind="person.changed").data["fields"]


def test_admin_shows_no_password_hash(client, admin):
    url = reverse("admin:accounts_user_change", args=[admin.pk])

    assert "scrypt" not in client.get(url).text


@pytest.fixture
def support(client):
    person = UserFactory(is_staff=True)
    codenames = ["view_user", "change_user", "renew_activation"]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(person)
    return person


def test_admin_sends_the_link_anew(client, support, token, user):
    renew = {"action": "renew_activation", "_selected_action": [user.pk, support.pk]}

    response = client.post(
        reverse("admin:accounts_user_changelist"), renew, follow=True
    )

    assert "1 nieuwe link verstuurd" in response.text
    assert Message.objects.get().to == user.email
    assert client.get(f"/activeren/{token}/").status_code == 404


def test_admin_lets_only_who_may_send_a_link(client, support, token, user):
    support.user_permissions.set(Permission.objects.filter(codename="view_user"))
    renew = {"action": "renew_activation", "_selected_action": [user.pk]}

    client.post(reverse("admin:accounts_user_changelist"), renew)

    assert not Message.objects.exists()


def test_admin_lets_support_give_nobody_rights(client, support, user):
    url = reverse("admin:accounts_user_change", args=[user.pk])
    form = {"name": "Jan", "email": user.email, "language": "nl", "is_active": "on"}

    client.post(url, form | {"is_staff": "on", "is_superuser": "on"})

    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_admin_keeps_support_away_from_who_stands_above(client, support):
    boss = UserFactory(is_staff=True, is_superuser=True)
    url = reverse("admin:accounts_user_change", args=[boss.pk])

    assert client.post(url, {"email": "mij@b.nl"}).status_code == 403

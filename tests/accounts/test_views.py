import datetime
import logging
import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import resets, services
from accounts.encryption import NotDecryptable
from accounts.models import Activation, ResetRequest, User
from audit.models import Event
from mail import private_links, rendering
from mail.models import Message
from tests.factories import PASSWORD, MembershipFactory, UserFactory

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


RESET = reverse("account_reset_password")


def forgets(client, email, **headers):
    """Ask for a link on the page, and do what the worker then does."""
    answer = client.post(RESET, {"email": email}, headers=headers)
    for asked in ResetRequest.objects.all():
        resets.send(asked.pk)
    return answer


def reset_link(message):
    """The path in the mail as the worker makes it."""
    link = re.search(r"https?://\S+", rendering.email(message).body)[0]
    assert link.startswith(settings.BASE_URL)
    return link.removeprefix(settings.BASE_URL)


def test_password_reset_mails_each_account_of_an_address(client):
    for name in ("jan", "jan.werk"):
        UserFactory(username=name, email="jan@voorbeeld.example")

    forgets(client, "Jan@voorbeeld.example", host="testserver:6666")

    mails = Message.objects.all()
    assert {mail.context["username"] for mail in mails} == {"jan", "jan.werk"}
    assert {mail.to for mail in mails} == {"jan@voorbeeld.example"}
    assert all(reset_link(mail).startswith("/account/") for mail in mails)


@pytest.mark.parametrize(
    ("language", "subject"),
    [("nl", "Kies een nieuw wachtwoord"), ("en", "Choose a new password")],
)
def test_password_reset_mails_in_the_language_of_the_reader(client, language, subject):
    user = UserFactory(language=language)

    forgets(client, user.email)

    mail = rendering.email(Message.objects.get())
    assert mail.subject == subject
    assert user.username in mail.body
    assert subject in mail.alternatives[0].content


def test_password_reset_sets_a_new_password_once(client):
    user = UserFactory()
    forgets(client, user.email)
    link = reset_link(Message.objects.get())

    form = client.get(link, follow=True)
    new = {"password1": "vier blauwe fietsen", "password2": "vier blauwe fietsen"}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)

    assert "Je wachtwoord is gewijzigd" in done.text
    user.refresh_from_db()
    assert user.check_password("vier blauwe fietsen")
    assert Event.objects.get(kind="account.password_changed").by == user
    assert "Deze link werkt niet meer" in client.get(link, follow=True).text


def test_password_reset_refuses_a_password_that_is_easily_guessed(client):
    user = UserFactory()
    forgets(client, user.email)
    form = client.get(reset_link(Message.objects.get()), follow=True)

    weak = {"password1": "welkomwelkomwelkom", "password2": "welkomwelkomwelkom"}
    page = client.post(form.redirect_chain[-1][0], weak)

    assert "makkelijk te raden" in page.text


def test_password_reset_leaves_no_link_where_staff_or_the_database_can_read_it(client):
    user = UserFactory()
    forgets(client, user.email)
    message = Message.objects.get()

    key = reset_link(message).rstrip("/").rsplit("-", 1)[-1]

    stored = Message.objects.filter(pk=message.pk).values_list().get()
    assert key not in str(stored)
    assert key not in rendering.text_without_links(message)


def test_password_reset_of_who_never_had_a_password_renews_the_activation(
    client, token, user
):
    forgets(client, user.email)

    assert Message.objects.get().template == "accounts/emails/activation_renewed"
    assert client.get(f"/activeren/{token}/").status_code == 404


def test_password_reset_mails_no_more_than_three_links_an_hour(client):
    user = UserFactory()

    answers = {forgets(client, user.email).status_code for _ in range(4)}

    assert answers == {302}
    assert Message.objects.count() == 3


def test_password_reset_mails_nobody_who_has_no_account_or_whose_account_ended(client):
    UserFactory(email="weg@b.example", is_active=False)

    for email in ("wie@b.example", "weg@b.example"):
        assert forgets(client, email).status_code == 302
    assert not Message.objects.exists()


def test_changing_ones_password_is_recorded_and_ends_other_sessions(client):
    user = UserFactory()
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.force_login(user)
    new = "vier blauwe fietsen"

    client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert client.get("/mijn/").status_code == 200
    assert elsewhere.get("/mijn/").status_code == 302
    assert Event.objects.get(kind="account.password_changed").by == user


@pytest.mark.parametrize(
    "path",
    [
        "email/",
        "confirm-email/",
        "confirm-email/x/",
        "password/set/",
        "login/code/confirm/",
    ],
)
def test_pages_of_allauth_that_this_portal_does_not_have(client, path):
    client.force_login(UserFactory())

    assert client.get(f"/account/{path}").status_code == 404


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


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("accounts_user", "password__startswith=scrypt"),
        ("applications_application", "link_digest__startswith=a"),
        ("mail_message", "context__contains=a"),
    ],
)
def test_admin_answers_no_question_about_what_it_does_not_show(
    client, admin, model, lookup
):
    answer = client.get(f"{reverse(f'admin:{model}_changelist')}?{lookup}")

    assert answer.status_code == 400


def test_admin_corrects_an_address_and_the_old_mailbox_has_no_way_in(client, admin):
    person = UserFactory(email="oud@b.nl")
    browser = Client()
    browser.post(
        reverse("account_login"), {"login": person.username, "password": PASSWORD}
    )
    EmailAddress.objects.create(
        user=person, email="oud@b.nl", verified=True, primary=True
    )
    form = {"name": person.name, "email": "nieuw@b.nl", "language": "nl"}

    client.post(
        reverse("admin:accounts_user_change", args=[person.pk]),
        form | {"is_active": "on"},
    )

    assert browser.get("/mijn/").status_code == 302
    assert Message.objects.get().to == "oud@b.nl"
    client.logout()
    forgets(client, "oud@b.nl")
    assert Message.objects.count() == 1
    forgets(client, "nieuw@b.nl")
    assert Message.objects.first().to == "nieuw@b.nl"


def test_admin_corrects_an_address_and_the_activation_goes_to_the_new_one(
    client, admin, token, user
):
    form = {"name": user.name, "email": "nieuw@b.nl", "language": "nl"}

    client.post(
        reverse("admin:accounts_user_change", args=[user.pk]),
        form | {"is_active": "on"},
    )

    assert client.get(f"/activeren/{token}/").status_code == 404
    assert {message.to for message in Message.objects.all()} == {
        "jan@voorbeeld.example",
        "nieuw@b.nl",
    }


def test_admin_cannot_end_the_account_of_a_last_administrator(client, admin):
    person = MembershipFactory().user
    url = reverse("admin:accounts_user_change", args=[person.pk])
    form = {"name": person.name, "email": person.email, "language": "nl"}

    page = client.post(url, form)

    assert "Dit is de laatste administrator van een organisatie." in page.text
    MembershipFactory(organisation=person.memberships.get().organisation)
    assert client.post(url, form).status_code == 302
    person.refresh_from_db()
    assert not person.is_active


def test_activation_sets_no_password_over_one_that_is_in_use(client, url, user):
    user.set_password(PASSWORD)
    user.save()

    assert client.post(url, {"password": "vier blauwe fietsen"}).status_code == 410
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_admin_changes_a_password_on_the_page_that_has_a_limit(client, admin):
    answer = client.get(reverse("admin:password_change"))

    assert answer["Location"] == reverse("account_change_password")


def test_admin_says_which_organisation_a_person_belongs_to(client, admin):
    member = MembershipFactory(organisation__name="Bolderbast")

    page = client.get(reverse("admin:accounts_user_changelist"), {"q": "bolderbast"})

    assert member.user.username in page.text
    assert "Bolderbast" in page.text


def test_admin_says_who_needs_no_activation(client, support, user):
    active = UserFactory(username="actief")
    renew = {"action": "renew_activation", "_selected_action": [active.pk]}

    page = client.post(reverse("admin:accounts_user_changelist"), renew, follow=True)

    assert "Actief heeft al een wachtwoord" in page.text


def test_the_admins_own_login_is_no_way_to_become_a_colleague(client):
    client.force_login(UserFactory(username="staf", is_staff=True))
    UserFactory(username="collega", is_staff=True)

    client.post("/beheer/login/", {"username": "collega", "password": PASSWORD})

    assert client.get("/mijn/gegevens/").context["user"].username == "staf"


def test_asking_for_another_address_does_not_tell_whose_account_it_is(client):
    somebody = UserFactory(email="bestaat@voorbeeld.example")
    for _ in range(3):
        client.post("/account/password/reset/", {"email": somebody.email})
        resets.send(ResetRequest.objects.get().pk)
    asker = UserFactory()

    services.ask_email_change(asker, somebody.email)  # as for an unknown address

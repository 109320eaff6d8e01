import datetime

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import known_devices, limits, resets, services
from accounts.models import KnownDevice, ResetRequest
from audit.models import Event
from mail.models import Message
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client):
    """Signed in a moment ago, and proved it again."""
    user = UserFactory()
    client.post(
        reverse("account_login"), {"login": user.username, "password": PASSWORD}
    )
    again = {"password": PASSWORD, "next": "/mijn/gegevens/"}
    client.post(reverse("account_reauthenticate"), again)
    return user


def sets_up_an_app(client):
    page = client.get(reverse("mfa_activate_totp"))
    seed = page.context["form"].secret
    code = totp.format_hotp_value(
        totp.hotp_value(seed, next(totp.yield_hotp_counters_from_time()))
    )
    spaced = f"{code[:3]} {code[3:]}"
    return client.post(reverse("mfa_activate_totp"), {"code": spaced}, follow=True)


@pytest.mark.django_db(transaction=True)
def test_who_sets_up_an_app_gets_recovery_codes_at_once_and_is_told(client, user):
    page = sets_up_an_app(client)

    assert page.resolver_match.view_name == "mfa_view_recovery_codes"
    assert page.text.count("<li>") >= 10
    assert Message.objects.get().template == "accounts/emails/second_factor_changed"
    assert Event.objects.get(kind="account.second_factor_changed").by == user
    file = client.get(reverse("mfa_download_recovery_codes"))
    assert user.username in file.text
    assert "Elke code werkt één keer." in file.text


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_works_once(client, user):
    codes = sets_up_an_app(client).context["unused_codes"]

    ways = []
    for _ in range(2):
        browser = Client()
        login = {"login": user.username, "password": PASSWORD}
        browser.post(reverse("account_login"), login)
        answer = browser.post(reverse("mfa_authenticate"), {"code": codes[0]})
        ways.append(answer.status_code)

    assert ways == [302, 200]


PAGES = [
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "account_change_password",
    "account_reauthenticate",
]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_second_factor_is_in_our_words(client, user, name):
    html = client.get(reverse(name)).text

    assert html.count("<h1") == 1
    for word in ("Authenticator", "twee-factor", "Beveiligingssleutels", "Security"):
        assert word not in html


def test_a_form_that_mails_new_addresses_has_a_limit(user):
    for n in range(limits.EMAIL_CHANGE.most):
        services.ask_email_change(user, f"nieuw{n}@voorbeeld.example")

    with pytest.raises(limits.TooManyTries):
        services.ask_email_change(user, "nog-een@voorbeeld.example")


def test_what_is_too_old_to_matter_is_forgotten(user):
    long_ago = timezone.now() - datetime.timedelta(days=known_devices.DAYS + 1)
    KnownDevice.objects.update(first_used_at=long_ago, last_used_at=long_ago)
    ResetRequest.objects.create(email="wie@voorbeeld.example")
    ResetRequest.objects.update(asked_at=long_ago)

    known_devices.sweep()
    resets.sweep()

    assert not KnownDevice.objects.exists()
    assert not ResetRequest.objects.exists()

"""Guessing is stopped, wherever it comes from, and never shuts the owner out."""

import contextlib
import re
import threading

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import known_devices, limits, resets
from accounts.models import KnownDevice, Tries
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
REFUSED = "Er is te vaak geprobeerd."


def tries(username, password="fout", *, client=None, address="192.0.2.7", **headers):
    client = client or Client()
    form = {"login": username, "password": password}
    return client.post(LOGIN, form, headers=headers, REMOTE_ADDR=address)


def guesses_from_everywhere(username, times=limits.PASSWORD.most):
    for n in range(times):
        tries(username, address=f"198.51.100.{n}")


@pytest.fixture(autouse=True)
def quick(settings):
    """It is the counting that is tested: two hundred slow hashes prove no more."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user():
    return UserFactory(username="jan.devries")


@pytest.fixture
def own_browser(user):
    browser = Client()
    tries(user.username, PASSWORD, client=browser)
    browser.post(reverse("account_logout"))
    return browser


def test_a_guess_from_many_addresses_is_stopped(user):
    guesses_from_everywhere(user.username)

    page = tries(user.username, PASSWORD, address="203.0.113.9")

    assert page.status_code == 200
    assert re.search(rf"{REFUSED} Wacht 1\d minuten", page.text)


def test_the_owner_gets_in_from_a_known_device_while_others_guess(user, own_browser):
    guesses_from_everywhere(user.username, limits.PASSWORD.most + 5)

    assert tries(user.username, PASSWORD, client=own_browser).status_code == 302


def test_a_known_device_may_not_guess_without_end_either(user, own_browser):
    for _ in range(limits.PASSWORD.most):
        tries(user.username, client=own_browser)

    assert REFUSED in tries(user.username, PASSWORD, client=own_browser).text
    assert tries(user.username, PASSWORD).status_code == 302  # nor shut others out


def test_a_device_is_known_for_its_own_person_only(user, own_browser):
    other = UserFactory()
    guesses_from_everywhere(other.username)

    assert REFUSED in tries(other.username, PASSWORD, client=own_browser).text


def test_a_cookie_of_ones_own_making_is_no_known_device(user):
    guesses_from_everywhere(user.username)
    forger = Client()
    forger.cookies[known_devices.COOKIE] = "x" * 43

    assert REFUSED in tries(user.username, PASSWORD, client=forger).text


def test_one_network_may_not_guess_at_many_accounts():
    for n in range(limits.NETWORK.most):
        tries(f"iemand{n}")

    user = UserFactory()
    assert REFUSED in tries(user.username, PASSWORD).text
    assert tries(user.username, PASSWORD, address="192.0.2.8").status_code == 302


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("192.0.2.7", "192.0.2.7:4711", True),
    ],
)
def test_a_network_is_half_of_an_ipv6_address(rf, one, other, same):
    first, second = (
        limits.network_of(rf.get("/", REMOTE_ADDR=address)) for address in (one, other)
    )

    assert (first == second) == same


def test_the_limit_is_not_evaded_by_another_spelling_or_header(user):
    for n in range(limits.PASSWORD.most):
        name = [user.username, user.username.upper(), f"  {user.username} "][n % 3]
        tries(name, host=f"testserver:{n + 1}", x_forwarded_for=f"203.0.113.{n}")

    assert REFUSED in tries(user.username, PASSWORD).text


def test_the_answer_is_the_same_whether_the_account_exists(user):
    for name in (user.username, "bestaatniet"):
        guesses_from_everywhere(name)

    pages = [tries(name) for name in (user.username, "bestaatniet")]

    errors = {page.context["form"].non_field_errors()[0] for page in pages}
    assert len(errors) == 1
    assert REFUSED in errors.pop()


def test_who_knows_the_password_uses_nothing_up(user):
    for n in range(limits.PASSWORD.most * 2):
        assert tries(user.username, PASSWORD, address=f"10.0.0.{n}").status_code == 302


def test_a_share_comes_back_when_its_time_is_over(user):
    guesses_from_everywhere(user.username)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_tries SET until = now() - interval '1 s'")

    assert tries(user.username, PASSWORD).status_code == 302


def test_no_name_or_address_can_be_read_from_what_is_counted(user):
    tries(user.username)

    kept = str(list(Tries.objects.values_list("key", flat=True)))
    assert user.username not in kept
    assert "192.0.2" not in kept


def test_old_counts_are_swept(user):
    tries(user.username)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_tries SET until = now() - interval '1 s'")

    limits.sweep()

    assert not Tries.objects.exists()


def test_codes_of_the_second_factor_are_counted_too(user):
    TOTP.activate(user, generate_totp_secret())
    browser = Client()
    tries(user.username, PASSWORD, client=browser)
    url = reverse("mfa_authenticate")

    for _ in range(limits.CODE.most):
        assert REFUSED not in browser.post(url, {"code": "000000"}).text

    assert REFUSED in browser.post(url, {"code": "000000"}).text


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("account_reauthenticate", "password"),
        ("account_change_password", "oldpassword"),
    ],
)
def test_a_stolen_session_does_not_guess_the_password(client, user, name, field):
    client.force_login(user)
    form = {field: "fout", "password1": "x", "password2": "x"}

    for _ in range(limits.PASSWORD.most):
        client.post(reverse(name), form)

    assert REFUSED in client.post(reverse(name), form).text


@pytest.mark.parametrize(
    "path",
    [
        "/activeren/verzonnen/",
        "/e-mailadres/verzonnen/",
        "/uitnodiging/verzonnen/",
        "/account/password/reset/key/1-verzonnen/",
    ],
)
def test_links_may_not_be_guessed_without_end(client, path):
    for _ in range(limits.LINK.most):
        assert client.get(path).status_code in (200, 404)

    page = client.get(path)

    assert page.status_code == 429
    assert REFUSED in page.text
    assert int(page["Retry-After"]) > 60


def test_asking_for_links_and_trying_passkeys_have_a_limit(client):
    for path, most in (
        (reverse("account_reset_password"), limits.RESET.most),
        (reverse("mfa_login_webauthn"), limits.PASSKEY.most),
    ):
        form = {"email": "wie@b.example", "credential": "{}"}
        assert {client.post(path, form).status_code for _ in range(most)} == {302}
        assert client.post(path, form).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_get_no_more_than_their_share():
    rounds, start = range(40), threading.Barrier(5, timeout=30)
    taken = []

    def guess():
        for this in rounds:
            start.wait()
            for _ in range(4):
                with contextlib.suppress(limits.TooManyTries):
                    limits.take(limits.PASSWORD, f"account {this}")
                    taken.append(this)
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {taken.count(this) for this in rounds} == {limits.PASSWORD.most}


def test_a_browser_that_chose_a_new_password_gets_in_while_others_guess(user):
    guesses_from_everywhere(user.username)
    browser = Client()
    form = browser.get(resets.path(user.pk), follow=True)
    new = {"password1": "vier blauwe fietsen", "password2": "vier blauwe fietsen"}
    browser.post(form.redirect_chain[-1][0], new)

    page = tries(user.username, "vier blauwe fietsen", client=browser)
    assert page.status_code == 302
    assert KnownDevice.objects.get().last_used_at

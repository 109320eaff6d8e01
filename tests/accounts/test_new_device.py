import pytest
from django.test import Client
from django.urls import reverse

from accounts import known_devices, resets, services
from accounts.models import KnownDevice
from mail import private_links, rendering
from mail.models import Message
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = "een heel ander wachtwoord"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def signs_in(user, client):
    form = {"login": user.username, "password": PASSWORD}
    headers = {"user-agent": FIREFOX}
    answer = client.post(reverse("account_login"), form, headers=headers)
    assert answer.status_code == 302
    client.post(reverse("account_logout"))


@pytest.fixture
def user():
    return UserFactory(language="en")


def test_a_first_login_is_not_mailed_and_a_known_device_neither(client, user):
    for _ in range(2):
        signs_in(user, client)

    assert not Message.objects.exists()
    assert KnownDevice.objects.count() == 1


def test_a_login_on_a_new_device_is_mailed_in_the_language_of_the_person(client, user):
    signs_in(user, client)

    signs_in(user, Client(REMOTE_ADDR="198.51.100.4"))

    mail = rendering.email(Message.objects.get())
    assert mail.to == [user.email]
    assert mail.subject == "Somebody logged in on a new device"
    assert "Firefox on Windows" in mail.body
    assert "198.51.100.4" in mail.body


def test_a_browser_that_somebody_else_uses_too_is_new_to_each(client, user):
    other = UserFactory()
    signs_in(user, Client())
    signs_in(other, client)

    signs_in(user, client)

    assert Message.objects.get().to == user.email
    assert KnownDevice.objects.filter(user=other).count() == 1


def test_the_cookie_is_out_of_reach_of_scripts_and_its_token_of_the_database(
    client, user
):
    signs_in(user, client)

    cookie = client.cookies[known_devices.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    token = cookie.value.split(":")[0]
    assert len(token) == 43
    assert KnownDevice.objects.get().digest not in (token, cookie.value)


def test_signing_out_everywhere_else_forgets_the_devices_there(client, user):
    elsewhere = Client()
    for browser in (elsewhere, client):
        form = {"login": user.username, "password": PASSWORD}
        browser.post(reverse("account_login"), form)
    here = Client()
    here.cookies = client.cookies

    answer = here.post(reverse("organisations:end_my_other_sessions"), follow=True)

    assert "You are now logged in here only." in answer.text
    assert elsewhere.get("/mijn/gegevens/").status_code == 302
    assert here.get("/mijn/gegevens/").status_code == 200
    assert KnownDevice.objects.count() == 1


def test_who_is_put_out_everywhere_is_known_nowhere(client, user):
    signs_in(user, client)

    services.end_sessions(user)

    assert not KnownDevice.objects.exists()


def change(client, user):
    client.force_login(user)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post(reverse("account_change_password"), form)


def reset(client, user):
    page = client.get(resets.path(user.pk), follow=True)
    url = page.redirect_chain[-1][0]
    client.post(url, {"password1": NEW, "password2": NEW})


@pytest.mark.parametrize("renew", [change, reset])
def test_another_password_forgets_every_browser_but_the_one_in_hand(
    client, user, renew
):
    elsewhere = Client()
    for browser in (elsewhere, client):
        signs_in(user, browser)

    renew(client, user)

    user.refresh_from_db()
    assert user.check_password(NEW)
    known = KnownDevice.objects.get().digest
    assert known == private_links.digest(token_in(client))
    assert known != private_links.digest(token_in(elsewhere))


def token_in(browser):
    return browser.cookies[known_devices.COOKIE].value.split(":")[0]

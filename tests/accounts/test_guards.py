import json

import pytest
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
HTMX = {
    "HX-Request": "true",
    "HX-Current-URL": "http://testserver/mijn/gegevens/?a=1",
}


@pytest.fixture
def user():
    return UserFactory(username="jan.devries")


def signs_in(client, **wish):
    form = {"login": "jan.devries", "password": PASSWORD, **wish}
    return client.post(LOGIN, form)


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example/",
        "https:evil.example",
        "https:/evil.example",
        r"\\evil.example",
        r"/\evil.example",
        "/\t/evil.example",
        "http://localhost@evil.example/",
        "//localhost@evil.example/",
        "%2f%2fevil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "evil.example\r\nSet-Cookie: a=b",
    ],
)
def test_who_signs_in_is_never_sent_to_another_site(client, user, evil):
    to = signs_in(client, next=evil)["Location"]

    inside = to == reverse("organisations:mine") or to == "%2f%2fevil.example"
    assert inside  # the second is a path within this site
    passed_on = client.get(
        "/inloggen/", {"next": evil}, headers={"host": "evil.example"}
    )
    assert passed_on.status_code == 400
    location = Client().get("/inloggen/", {"next": evil})["Location"]
    assert location in (LOGIN, f"{LOGIN}?next=%252f%252fevil.example")


def test_the_host_that_was_asked_for_is_no_place_to_be_sent_to(client, user, settings):
    settings.ALLOWED_HOSTS = ["*"]

    form = {"login": "jan.devries", "password": PASSWORD, "next": "//evil.example/"}
    to = client.post(LOGIN, form, headers={"host": "evil.example"})["Location"]

    assert to == reverse("organisations:mine")


def test_who_signs_in_comes_where_they_wanted_to_go(client, user):
    page = client.get("/inloggen/?next=/mijn/gegevens/", follow=True)

    assert page.redirect_chain[0][0] == f"{LOGIN}?next=%2Fmijn%2Fgegevens%2F"
    assert page.text.count('name="next" value="/mijn/gegevens/"') == 2  # passkey too
    assert signs_in(client, next="/mijn/gegevens/")["Location"] == "/mijn/gegevens/"


def test_who_leaves_leaves_nothing_in_the_browser_but_that_it_is_known(client, user):
    signs_in(client)

    answer = client.post(reverse("account_logout"))

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/")


@pytest.mark.parametrize("method", ["get", "post"])
def test_part_of_a_page_leads_to_the_login_and_back_to_the_page(client, method):
    answer = getattr(client, method)("/mijn/gegevens/contact/", headers=HTMX)

    assert answer.status_code == 200
    assert not answer.content
    assert answer["HX-Redirect"] == f"{LOGIN}?next=%2Fmijn%2Fgegevens%2F%3Fa%3D1"


def test_part_of_a_page_that_asks_for_the_password_leads_the_page_there(client, user):
    client.force_login(user)

    answer = client.get(reverse("organisations:my_email"), headers=HTMX)

    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith(reverse("account_reauthenticate"))


@pytest.fixture
def waits(client):
    """Somebody whose change of username asks for the password first."""
    MembershipFactory(user__username="baas")
    client.post(LOGIN, {"login": "baas", "password": PASSWORD})
    return client


def test_a_form_that_waits_goes_on_with_all_that_was_typed(waits):
    client, url = waits, reverse("organisations:my_username")
    to = client.post(url, {"username": "Nieuwe.Baas"}, headers=HTMX)["HX-Redirect"]
    wrong = client.post(to, {"password": "fout", "next": url})

    done = client.post(to, {"password": PASSWORD, "next": url}, follow=True)

    assert "Dit wachtwoord klopt niet." in wrong.text
    assert "nieuwe.baas" in done.text
    assert "<h1" in done.text  # a whole page, though part of one was asked for


def test_a_form_that_waits_goes_on_though_its_address_has_a_query(waits):
    client, url = waits, reverse("organisations:my_username") + "?van=1"
    to = client.post(url, {"username": "nieuwe.baas"})["Location"]

    done = client.post(to, {"password": PASSWORD, "next": url}, follow=True)

    assert "nieuwe.baas" in done.text


def test_a_form_that_waits_and_is_refused_shows_again_what_was_typed(waits):
    client, url = waits, reverse("organisations:my_username")
    to = client.post(url, {"username": "naam met spatie"})["Location"]
    client.get(to)
    cookie = client.cookies[settings.CSRF_COOKIE_NAME].value

    page = client.post(to, {"password": PASSWORD, "next": url})

    assert 'value="naam met spatie"' in page.text
    assert client.cookies[settings.CSRF_COOKIE_NAME].value == cookie


def test_a_form_that_waits_is_kept_without_cookies_headers_and_secrets(waits):
    client = waits
    form = {"username": "Nieuwe.Baas", "password": "geheim", "csrfmiddlewaretoken": "x"}

    client.post(reverse("organisations:my_username"), form)

    kept = client.session[STATE_SESSION_KEY]["request"]
    assert json.loads(kept)["POST"] == "username=Nieuwe.Baas"
    assert json.loads(kept)["META"] == {}
    for cookie in client.cookies.values():
        assert cookie.value not in kept
    assert settings.SECRET_KEY not in kept

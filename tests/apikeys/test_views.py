import logging
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apikeys import secrets, services
from audit.models import Event
from organisations.roles import Role
from tests.factories import PASSWORD, ApiKeyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory(role=Role.DEVELOPER)


@pytest.fixture
def key(member):
    return ApiKeyFactory(organisation=member.organisation, name="Website")


@pytest.fixture
def secret(key):
    return secrets.unseal(key.secrets.get())


@pytest.fixture
def reveal_url(key):
    return reverse("apikeys:reveal", args=[key.organisation.slug, key.pk])


@pytest.fixture
def signed_in(client, member):
    client.post(
        reverse("account_login"), {"login": member.user.username, "password": PASSWORD}
    )
    return client


@pytest.fixture
def confirmed(signed_in, reveal_url):
    """Somebody who just gave the password again, on the way to reveal_url."""
    asked = signed_in.get(reveal_url)
    back = signed_in.post(asked["Location"], {"password": PASSWORD})
    assert back["Location"] == reveal_url
    return signed_in


def list_url(organisation):
    return reverse("apikeys:list", args=[organisation.slug])


def detail_url(key):
    return reverse("apikeys:detail", args=[key.organisation.slug, key.pk])


def test_list_shows_keys_masked(client, member, key, secret):
    client.force_login(member.user)

    html = client.get(list_url(member.organisation)).text

    assert "Website" in html
    assert key.masked in html
    assert "Basisprofiel v1" in html
    assert secret.split("_")[3] not in html


def test_list_has_no_key_of_another_organisation(client, member):
    theirs = ApiKeyFactory(name="Van een ander")
    client.force_login(member.user)

    assert theirs.name not in client.get(list_url(member.organisation)).text
    assert client.get(list_url(theirs.organisation)).status_code == 404


def test_detail_shows_a_call_that_can_be_pasted(client, member, key):
    client.force_login(member.user)

    html = client.get(detail_url(key)).text

    assert "https://api.kvk.nl/api/v2/zoeken?kvkNummer=68750110" in html
    assert "$APIKEY" in html
    python = re.search(r"import json.*?(?=</code>)", html, re.DOTALL)[0]
    compile(unescape(python), "example", "exec")


@pytest.mark.parametrize("role", Role)
def test_list_asks_as_many_queries_for_two_hundred_keys_as_for_one(
    client, member, key, role, django_assert_max_num_queries
):
    member.role = role
    member.save()
    client.force_login(member.user)
    client.get("/ondersteuning/")  # the first page of a session notes it
    with CaptureQueriesContext(connection) as one:
        client.get(list_url(member.organisation))
    for _ in range(199):
        ApiKeyFactory(organisation=member.organisation)

    with django_assert_max_num_queries(len(one)):
        html = client.get(list_url(member.organisation)).text

    assert "Je ziet 1 tot en met 50 van 200." in html


def test_list_says_why_a_key_is_blocked_and_offers_no_reveal(
    client, member, key, reveal_url
):
    services.block(key, by=UserFactory(), reason="Gevonden op GitHub")
    client.force_login(member.user)

    html = client.get(list_url(member.organisation)).text

    assert "Gevonden op GitHub" in html
    assert reveal_url not in html


@pytest.mark.parametrize("method", ["get", "post"])
def test_reveal_asks_for_the_password_first(signed_in, reveal_url, secret, method):
    response = getattr(signed_in, method)(reveal_url)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert not Event.objects.filter(kind="key.revealed").exists()


def test_reveal_shows_nothing_before_the_button(confirmed, reveal_url, secret):
    response = confirmed.get(reveal_url)

    assert secret not in response.text
    assert not Event.objects.filter(kind="key.revealed").exists()


def test_reveal_shows_the_secret_in_the_answer_only(
    confirmed, reveal_url, secret, member, caplog, mailoutbox
):
    caplog.set_level(logging.DEBUG)

    response = confirmed.post(reveal_url)

    assert secret in response.text
    assert "no-store" in response["Cache-Control"]
    assert Event.objects.get(kind="key.revealed").by == member.user
    random_part = secret.split("_")[3]
    assert random_part not in caplog.text
    assert random_part not in str(
        [each.get_decoded() for each in Session.objects.all()]
    )
    assert random_part not in confirmed.get(list_url(member.organisation)).text
    assert not mailoutbox


def test_reveal_offers_to_copy_only_where_a_script_runs(confirmed, reveal_url, secret):
    html = confirmed.post(reveal_url).text

    assert re.search(r"<p [^>]*data-copy hidden>", html)
    assert 'data-copies="#secret"' in html
    assert 'data-copied="Gekopieerd"' in html


def test_reveal_of_a_blocked_key_says_why_and_shows_nothing(
    confirmed, key, reveal_url, secret
):
    services.block(key, by=UserFactory(), reason="Gevonden op GitHub")

    response = confirmed.post(reveal_url)

    assert "Gevonden op GitHub" in response.text
    assert secret not in response.text


def test_reveal_knows_no_key_of_another_organisation(confirmed, member):
    theirs = ApiKeyFactory()

    for slug in (member.organisation.slug, theirs.organisation.slug):
        url = reverse("apikeys:reveal", args=[slug, theirs.pk])
        assert confirmed.post(url).status_code == 404
    assert not Event.objects.filter(kind="key.revealed").exists()


def test_reveal_gives_a_stranger_not_found_before_asking_for_a_password(
    client, reveal_url
):
    client.force_login(UserFactory())

    assert client.get(reveal_url).status_code == 404
    assert client.post(reveal_url).status_code == 404


@pytest.fixture
def support(client):
    person = UserFactory(is_staff=True)
    codenames = ["view_apikey", "block_apikey"]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(person)
    return person


def test_admin_blocks_a_key_with_a_reason_and_lifts_it(client, support, key):
    url = reverse("admin:apikeys_apikey_change", args=[key.pk])

    client.post(url, {"decision": "block", "reason": "Gelekt"})
    key.refresh_from_db()
    assert key.blocked_reason == "Gelekt"

    client.post(url, {"decision": "unblock"})
    key.refresh_from_db()
    assert key.blocked_at is None
    assert Event.objects.get(kind="key.blocked").by == support


def test_admin_asks_for_a_reason(client, support, key):
    url = reverse("admin:apikeys_apikey_change", args=[key.pk])

    response = client.post(url, {"decision": "block", "reason": ""})

    assert "Vul in waarom je blokkeert." in response.text
    key.refresh_from_db()
    assert key.blocked_at is None


def test_admin_needs_the_right_to_block(client, support, key):
    support.user_permissions.set(Permission.objects.filter(codename="view_apikey"))
    url = reverse("admin:apikeys_apikey_change", args=[key.pk])

    assert client.get(url).status_code == 200
    assert client.post(url, {"decision": "block", "reason": "x"}).status_code == 403


def test_admin_never_shows_the_secret_nor_what_is_kept_of_it(client, key, secret):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    row = key.secrets.get()
    url = reverse("admin:apikeys_apikey_change", args=[key.pk])

    for page in (url, reverse("admin:apikeys_apikey_changelist")):
        html = client.get(page).text
        assert key.masked in html
        assert secret.split("_")[3] not in html
        assert bytes(row.ciphertext).hex() not in html
        assert bytes(row.digest).hex() not in html


def test_admin_shows_and_changes_the_catalogue(client, key):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    product = key.subscriptions.get().product

    for url in (
        reverse("admin:apikeys_product_change", args=[product.pk]),
        reverse("admin:apikeys_api_change", args=[product.apis.first().pk]),
        reverse("admin:apikeys_product_add"),
    ):
        assert client.get(url).status_code == 200

import datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apikeys import secrets, services
from organisations.models import Organisation
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db
VERIFY = "/gateway/v1/verify"


@pytest.fixture
def key():
    return ApiKeyFactory()


@pytest.fixture
def secret(key):
    return secrets.unseal(key.secrets.get())


def assert_headers(response):
    assert response["API-Version"] == "1.0.0"
    assert response["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


def test_verify_lets_a_working_key_pass_and_says_whose_it_is(client, key, secret):
    response = client.get(VERIFY, headers={"apikey": secret})

    assert response.status_code == 204
    assert response["X-Organisation"] == key.organisation.slug
    assert response["X-Api-Key-Id"] == str(key.pk)
    assert_headers(response)


def test_verify_asks_one_query_and_keeps_no_session(
    client, secret, django_assert_num_queries
):
    with django_assert_num_queries(1):
        response = client.get(VERIFY, headers={"apikey": secret})

    assert not response.cookies
    assert not Session.objects.exists()


def test_verify_asks_no_query_for_what_is_no_key(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(VERIFY, headers={"apikey": "kvk_live_ab12cd34_typing_error"})


def test_verify_answers_the_same_to_whatever_is_no_working_key(client, key, secret):
    blocked, expired = ApiKeyFactory(), ApiKeyFactory()
    services.block(blocked, by=UserFactory(), reason="Gelekt")
    expired.secrets.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    presented = [
        None,
        "",
        "nonsense",
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        secret + " ",
        secrets.new(key.secrets.get().public_id),
        secrets.new("00000000"),
        secrets.unseal(blocked.secrets.get()),
        secrets.unseal(expired.secrets.get()),
    ]

    answers = [
        client.get(VERIFY, headers={} if text is None else {"apikey": text})
        for text in presented
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0]["Content-Type"] == "application/problem+json"
    assert set(answers[0].json()) == {"status", "title", "detail"}
    assert_headers(answers[0])


def test_verify_lets_a_key_pass_again_when_its_block_is_lifted(client, key, secret):
    services.block(key, by=UserFactory(), reason="Gelekt")
    services.unblock(key, by=UserFactory())

    assert client.get(VERIFY, headers={"apikey": secret}).status_code == 204


def test_verify_ignores_a_key_in_the_address(client, secret):
    assert client.get(VERIFY, {"apikey": secret}).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_verify_knows_one_method(method, secret):
    client = Client(enforce_csrf_checks=True)

    response = getattr(client, method)(VERIFY, headers={"apikey": secret})

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert response["Content-Type"] == "application/problem+json"
    assert_headers(response)


@pytest.mark.parametrize(
    "path", [VERIFY + "/", "/gateway/v1/other", "/gateway/v2/verify"]
)
def test_any_other_address_is_not_found_and_no_redirect(client, path, secret):
    response = client.get(path, headers={"apikey": secret})

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert_headers(response)


def test_verify_tells_browsers_to_use_https_in_production(client, settings):
    settings.SECURE_HSTS_SECONDS = 31536000

    response = client.get(VERIFY, secure=True)

    assert response["Strict-Transport-Security"].startswith("max-age=31536000")


def test_verify_knows_organisations_without_a_kvk_number(client, key, secret):
    Organisation.objects.filter(pk=key.organisation_id).update(
        kvk_number=None, slug="bce-0123"
    )

    response = client.get(VERIFY, headers={"apikey": secret})

    assert response["X-Organisation"] == "bce-0123"

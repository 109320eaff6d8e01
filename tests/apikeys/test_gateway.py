import datetime
import time

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from apikeys import gateways, secrets, services
from apikeys.gateway import deciding, recent, verify
from apikeys.models import Api
from organisations.models import Organisation
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db
VERIFY = "/gateway/v1/verify"


def secret_of(key):
    return secrets.unseal(key.secrets.get())


def assert_headers(response):
    assert response["API-Version"] == "1.0.0"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


def refusal(response):
    assert response["Content-Type"] == "application/problem+json"
    assert_headers(response)
    return response.status_code, response["X-Refusal"]


def test_a_working_key_passes_and_the_gateway_hears_whose_it_is(ask, key, secret):
    response = ask(secret)

    assert response.status_code == 204
    assert response["X-Organisation"] == key.organisation.slug
    assert response["X-Api-Key-Id"] == str(key.pk)
    assert_headers(response)


def test_a_key_costs_one_query_and_no_session(ask, secret, django_assert_num_queries):
    ask("warms up what is known of the gateway")

    with django_assert_num_queries(1):
        response = ask(secret)

    assert not response.cookies
    assert not Session.objects.exists()


def test_a_hot_key_costs_no_query(ask, secret, django_assert_num_queries):
    ask(secret)

    with django_assert_num_queries(0):
        assert ask(secret).status_code == 204


def test_what_is_no_key_costs_no_query(ask, django_assert_num_queries):
    ask("warms up what is known of the gateway")

    with django_assert_num_queries(0):
        ask("kvk_live_ab12cd34_typing_error")


def test_the_answer_may_be_used_again_for_what_is_left_of_five_seconds(ask, secret):
    assert (
        ask(secret)["Cache-Control"] == "max-age=4"
    )  # a cache counts in whole seconds
    assert ask(secret)["Cache-Control"] == "max-age=3"  # read a moment ago


def test_whatever_is_no_secret_of_a_key_is_answered_the_same(ask, key, secret):
    presented = [
        None,
        "",
        "nonsense",
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        secret + " ",
        secrets.new(key.secrets.get().public_id),
        secrets.new("00000000"),
    ]

    answers = [ask(text) for text in presented]

    assert {refusal(answer) for answer in answers} == {(401, "unknown")}
    assert len({answer.content for answer in answers}) == 1


def test_who_shows_the_whole_secret_is_told_why_it_is_refused(ask):
    blocked, expired = ApiKeyFactory(), ApiKeyFactory()
    services.block(blocked, by=UserFactory(), reason="Gelekt")
    expired.secrets.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))

    assert refusal(ask(secret_of(blocked))) == (403, "blocked")
    assert refusal(ask(secret_of(expired))) == (401, "expired")


def test_who_guesses_is_not_told_that_a_key_is_blocked(ask, key):
    services.block(key, by=UserFactory(), reason="Gelekt")
    guess = secrets.new(key.secrets.get().public_id)

    assert refusal(ask(guess)) == (401, "unknown")


def test_a_key_opens_the_apis_of_its_subscription_and_no_other(ask, key, secret):
    other = Api.objects.exclude(pk__in=[api.pk for api in key.apis]).first()

    assert ask(secret, key.apis[0].slug).status_code == 204
    assert refusal(ask(secret, other.slug)) == (403, "wrong-api")
    assert refusal(ask(secret, "nergens")) == (403, "wrong-api")


@pytest.mark.parametrize(("days", "status"), [(-1, 403), (0, 204), (1, 204)])
def test_a_subscription_opens_its_apis_to_its_last_day(ask, key, secret, days, status):
    ends = timezone.localdate() + datetime.timedelta(days=days)
    starts = ends - datetime.timedelta(days=9)
    key.subscriptions.update(starts_on=starts, ends_on=ends)

    assert ask(secret, key.apis[0].slug).status_code == status


def test_a_gateway_of_one_api_need_not_name_it(ask, gateway, key, secret):
    gateway.apis.set([Api.objects.exclude(pk__in=[api.pk for api in key.apis]).first()])

    assert refusal(ask(secret)) == (403, "wrong-api")


def test_a_gateway_asks_only_about_the_apis_that_it_guards(ask, gateway, key, secret):
    gateway.apis.set(key.apis[:2])

    assert ask(secret, key.apis[1].slug).status_code == 204
    assert refusal(ask(secret, key.apis[2].slug)) == (403, "wrong-api")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic eDp5"])
def test_who_is_no_gateway_is_told_nothing_of_a_key(ask, secret, authorization):
    response = ask(secret, Authorization=authorization)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert "X-Organisation" not in response


def test_a_gateway_that_was_stopped_hears_nothing(ask, gateway, secret, time_passes):
    gateways.stop(gateway, by=UserFactory())
    time_passes()

    assert ask(secret).status_code == 401


def test_a_key_passes_again_when_its_block_is_lifted(ask, key, secret):
    services.block(key, by=UserFactory(), reason="Gelekt")
    services.unblock(key, by=UserFactory(is_staff=True))

    assert ask(secret).status_code == 204


def test_a_block_is_in_force_when_what_was_read_is_old(ask, key, secret, time_passes):
    ask(secret)
    services.block(key, by=UserFactory(), reason="Gelekt")
    time_passes()

    assert refusal(ask(secret)) == (403, "blocked")


def test_a_key_that_expires_is_refused_though_it_was_read_before(
    ask, key, secret, monkeypatch
):
    key.secrets.update(expires_at=timezone.now() + datetime.timedelta(hours=1))
    ask(secret)
    later = timezone.now() + datetime.timedelta(hours=1)
    monkeypatch.setattr(deciding.timezone, "now", lambda: later)

    assert refusal(ask(secret)) == (401, "expired")


class Away:
    """The database as it is when it does not answer."""

    def __init__(self, monkeypatch):
        def refuse(*arguments):
            raise OperationalError

        monkeypatch.setattr(deciding, "_read", refuse)
        monkeypatch.setattr(recent, "PAUSE", 0)


def test_a_key_that_passed_keeps_passing_while_the_database_is_away(
    ask, secret, monkeypatch, settings
):
    ask(secret)
    settings.VERIFY_SECONDS = 0
    Away(monkeypatch)

    assert ask(secret).status_code == 204


def test_a_key_that_nobody_asked_about_is_neither_passed_nor_refused_then(
    ask, secret, monkeypatch
):
    ask("warms up what is known of the gateway")
    Away(monkeypatch)

    response = ask(secret)

    assert response.status_code == 503
    assert response["Retry-After"] == "1"


def test_a_key_passes_no_longer_than_the_grace(ask, secret, monkeypatch, settings):
    ask(secret)
    settings.VERIFY_SECONDS = settings.VERIFY_GRACE_SECONDS = 0
    Away(monkeypatch)

    assert ask(secret).status_code == 503


def test_a_key_in_the_address_is_not_looked_at(ask, client, secret):
    assert client.get(VERIFY, {"apikey": secret}).status_code == 401


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_another_method_is_refused_in_words(method):
    response = getattr(Client(enforce_csrf_checks=True), method)(VERIFY)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"
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


def test_organisations_without_a_kvk_number_are_named_too(ask, key, secret):
    Organisation.objects.filter(pk=key.organisation_id).update(
        kvk_number=None, slug="bce-0123"
    )

    response = ask(secret)

    assert response["X-Organisation"] == "bce-0123"


def test_the_operator_reads_of_a_gateway_that_is_not_known_once_a_minute(
    client, monkeypatch, caplog
):
    monkeypatch.setattr(verify, "_logged_at", -verify.AGAIN)

    for _ in range(3):
        client.get(VERIFY, headers={"Authorization": "Bearer gw_wrong"})

    assert caplog.text.count("token is wrong") == 1
    a_minute_ago = time.monotonic() - 61
    monkeypatch.setattr(verify, "_logged_at", a_minute_ago)
    client.get(VERIFY, headers={"Authorization": "Bearer gw_wrong"})
    assert caplog.text.count("token is wrong") == 2
    assert "gw_wrong" not in caplog.text

"""A snapshot, as the reader that we hand to gateways takes it."""

import datetime
import importlib.util
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apikeys import gateways, secrets, services
from apikeys.gateway import recent
from apikeys.gateway import snapshot as snapshots
from apikeys.models import Api, ApiKey, Gateway, KeySecret, SpendingStop
from organisations.services import blocking
from tests.apikeys.test_quotas import allow, used  # noqa: F401
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db
READER = Path(__file__).parents[2] / "deploy" / "snapshot" / "reader.py"
SNAPSHOT = "/gateway/v1/snapshot"

_spec = importlib.util.spec_from_file_location("reader", READER)
reader = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reader)


@pytest.fixture
def pull(token):
    def pulled(token=token, **headers):
        headers = {"Authorization": f"Bearer {token}", **headers}
        return Client().get(SNAPSHOT, headers=headers)

    return pulled


def public_key():
    [key] = Client().get(f"{SNAPSHOT}/keys").json()["keys"]
    return key


@pytest.fixture
def status(pull, token):
    """What a gateway that has just pulled a snapshot answers to a call."""

    def answered(presented, api):
        body = pull().getvalue()
        keys = reader.read(body, public_key(), "Gateway 1")
        return reader.status(keys, token, presented, api)

    return answered


def test_a_gateway_decides_by_a_snapshot_as_by_asking(status, key, secret):
    api = key.apis[0].slug
    other = Api.objects.exclude(pk__in=[each.pk for each in key.apis]).first()

    assert status(secret, api) == 204
    assert status(secret, other.slug) == 403
    assert status(secrets.new(key.secrets.get().public_id), api) == 401


def test_what_may_not_pass_is_not_told(status, key, secret):
    services.block(key, by=UserFactory(), reason="Gelekt")
    expired = ApiKeyFactory()
    expired.secrets.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))

    assert status(secret, key.apis[0].slug) == 401
    text = secrets.unseal(expired.secrets.get())
    assert status(text, expired.apis[0].slug) == 401


def test_a_key_that_expires_before_the_next_snapshot_is_refused(status, key, secret):
    soon = timezone.now() + datetime.timedelta(seconds=0.5)
    key.secrets.update(expires_at=soon)
    while timezone.now() < soon:
        pass

    assert status(secret, key.apis[0].slug) == 401


def test_a_used_up_quota_is_told(status, key, secret, allow):  # noqa: F811
    allow(10)
    used(key, 10)

    assert status(secret, key.apis[0].slug) == 429


def test_a_key_that_a_budget_stopped_is_told_as_used_up(status, key, secret):
    until = timezone.now() + datetime.timedelta(days=1)
    SpendingStop.objects.create(api_key=key, until=until)

    assert status(secret, key.apis[0].slug) == 429


def test_a_gateway_hears_of_the_apis_that_it_guards_alone(
    pull, gateway, token, key, secret
):
    gateway.apis.set(key.apis[:1])
    keys = reader.read(pull().getvalue(), public_key(), "Gateway 1")

    [told] = keys.values()
    assert [one["api"] for one in told["apis"]] == [key.apis[0].slug]
    gateway.apis.set(Api.objects.exclude(pk__in=[each.pk for each in key.apis]))
    assert reader.read(pull().getvalue(), public_key(), "Gateway 1") == {}


def test_two_gateways_have_nothing_in_common(pull, key):
    other = gateways.renew_token(Gateway(name="Gateway 2"), by=UserFactory())

    ours, theirs = (
        set(reader.read(body.getvalue(), public_key(), name))
        for body, name in [(pull(), "Gateway 1"), (pull(other), "Gateway 2")]
    )

    assert ours
    assert not ours & theirs


def test_a_snapshot_holds_no_secret_and_no_digest_of_the_database(pull, key, secret):
    body = pull().getvalue().decode()
    kept = key.secrets.get()

    assert secret not in body
    assert kept.public_id not in body
    assert bytes(kept.digest).hex() not in body


def test_what_was_touched_is_not_believed(pull, key):
    body = pull().getvalue()
    lines = body.splitlines(keepends=True)
    touched = [
        body.replace(b'"usedUp":false', b'"usedUp":true '),
        b"".join([lines[0], lines[-1]]),
        b"".join(lines[:-1]),
    ]

    for each in touched:
        with pytest.raises((InvalidSignature, KeyError)):
            reader.read(each, public_key(), "Gateway 1")
    with pytest.raises(ValueError, match="another gateway"):
        reader.read(body, public_key(), "Gateway 2")


def test_an_old_snapshot_is_not_believed(pull, key, monkeypatch):
    body = pull().getvalue()
    later = timezone.now() + datetime.timedelta(seconds=1201)
    monkeypatch.setattr(reader, "_now", lambda: later)

    with pytest.raises(ValueError, match="too old"):
        reader.read(body, public_key(), "Gateway 1")


def test_nothing_is_sent_again_until_something_changed(pull, key, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(snapshots.timezone, "now", lambda: now)
    first = pull()
    again = {"If-None-Match": first["ETag"]}

    same = pull(**again)
    services.block(key, by=UserFactory(), reason="Gelekt")
    changed = pull(**again)

    assert (same.status_code, same.content) == (304, b"")
    assert same["ETag"] == first["ETag"]
    assert changed.status_code == 200
    assert first["Cache-Control"] == "private, max-age=5"


def test_a_process_that_hears_of_changes_need_not_look(pull, key, monkeypatch):
    monkeypatch.setattr(recent.recent, "hears", True)
    again = {"If-None-Match": pull()["ETag"]}

    with CaptureQueriesContext(connection) as queries:
        assert pull(**again).status_code == 304
    services.block(key, by=UserFactory(), reason="Gelekt")
    recent.recent.forget(lambda _answer: False)  # as a NOTIFY does

    assert len(queries) == 1  # who asks
    assert pull(**again).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer x"])
def test_who_is_no_gateway_gets_none(client, authorization):
    response = client.get(SNAPSHOT, headers={"Authorization": authorization})

    assert response.status_code == 401


def test_without_a_key_to_sign_with_there_are_none(pull, client, settings):
    settings.SNAPSHOT_KEY = None

    assert pull().status_code == 404
    assert client.get(f"{SNAPSHOT}/keys").json() == {"keys": []}


def test_ten_thousand_keys_stream_in_few_queries(pull, key, token):
    subscription = key.subscriptions.get()
    made = ApiKey.objects.bulk_create(
        ApiKey(organisation=key.organisation, name=f"K {n}") for n in range(9_999)
    )
    ApiKey.subscriptions.through.objects.bulk_create(
        ApiKey.subscriptions.through(apikey=each, subscription=subscription)
        for each in made
    )
    kept = []
    for each in made:
        secret = KeySecret(key=each, public_id=secrets.new_public_id())
        text = secrets.new(secret.public_id)
        secret.pepper_version, secret.digest = 1, secrets.digest(text, 1)
        secret.ciphertext = secrets.seal(text, secret)
        kept.append(secret)
    KeySecret.objects.bulk_create(kept)

    with CaptureQueriesContext(connection) as queries:
        response = pull()
        pieces = list(response.streaming_content)

    assert len(pieces) == 10_002
    assert max(map(len, pieces)) < 2000
    assert len(queries) < 30
    keys = reader.read(b"".join(pieces), public_key(), "Gateway 1")
    assert len(keys) == 10_000
    assert reader.status(keys, token, text, key.apis[0].slug) == 204
    assert {json.loads(line)["organisation"] for line in pieces[1:-1]} == {
        key.organisation.slug
    }


def test_a_key_of_a_blocked_organisation_stands_in_none(pull, key):
    lines = len(pull().getvalue().splitlines())

    blocking.block(key.organisation, reason="Misbruik", by=UserFactory(is_staff=True))
    recent.recent.forget(recent.meant_by(f"of {key.organisation.slug}"))

    assert len(pull().getvalue().splitlines()) == lines - 1

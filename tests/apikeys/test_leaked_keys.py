"""A secret scanner reports what it found, signed as GitHub signs."""

import base64
import datetime
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apikeys import secrets, services
from apikeys.models import KeyState, OnLeak
from audit.models import Event
from mail.models import Message
from tests.factories import ApiKeyFactory, MembershipFactory, member_of

pytestmark = pytest.mark.django_db
URL = "https://github.example/iemand/project/blob/main/instellingen.py"


@pytest.fixture
def scanner():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def known(scanner, settings, tmp_path):
    pem = scanner.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    known = {"key_identifier": "key-1", "key": pem.decode(), "is_current": True}
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"public_keys": [known]}))
    settings.LEAK_REPORT_KEYS = str(path)


@pytest.fixture
def administrator():
    return MembershipFactory()


@pytest.fixture
def key(administrator):
    return ApiKeyFactory(organisation=administrator.organisation)


@pytest.fixture
def report(client, scanner):
    def reported(*tokens, body=None, signed=None, name="key-1"):
        found = [{"token": token, "type": "portal_key", "url": URL} for token in tokens]
        body = json.dumps(found).encode() if body is None else body
        made = scanner.sign(signed or body, ec.ECDSA(hashes.SHA256()))
        return client.post(
            "/gateway/v1/leaked-keys",
            body,
            content_type="application/json",
            headers={
                "Github-Public-Key-Identifier": name,
                "Github-Public-Key-Signature": base64.b64encode(made).decode(),
            },
        )

    return reported


def text_of(key):
    return secrets.unseal(key.secrets.get())


def test_a_leaked_key_is_blocked_and_the_administrators_hear_of_it(
    report, key, administrator
):
    response = report(text_of(key))

    assert response.json() == [
        {
            "token_raw": text_of(key),
            "token_type": "portal_key",
            "label": "true_positive",
        }
    ]
    key.refresh_from_db()
    assert key.state == KeyState.BLOCKED
    mail = Message.objects.get()
    assert (mail.to, mail.context["found"]) == (administrator.user.email, URL)
    assert Event.objects.filter(kind="key.leaked").count() == 1


def test_the_same_find_again_changes_and_mails_nothing(report, key, administrator):
    report(text_of(key))
    services.unblock(key, by=administrator.user)

    response = report(text_of(key), text_of(key))

    assert {one["label"] for one in response.json()} == {"true_positive"}
    key.refresh_from_db()
    assert key.state == KeyState.ACTIVE
    assert Message.objects.count() == 1


def test_who_chose_only_to_be_told_keeps_a_working_key(report, key, administrator):
    services.choose_policy(key.organisation, OnLeak.TELL, by=administrator.user)

    report(text_of(key))

    key.refresh_from_db()
    assert key.state == KeyState.ACTIVE
    assert Message.objects.count() == 1


def test_of_a_rotating_key_only_the_old_secret_ends(report, key):
    old = text_of(key)
    new = services.rotate(key, datetime.timedelta(days=7), by=member_of(key))

    report(old)

    key.refresh_from_db()
    assert key.state == KeyState.ACTIVE
    assert [*key.secrets.usable()] == [new]


@pytest.mark.parametrize("text", ["nonsense", "kvk_live_ab", ""])
def test_what_is_no_key_of_ours_is_a_false_positive(report, key, text):
    guess = secrets.new(key.secrets.get().public_id)

    response = report(text, guess)

    assert [one["label"] for one in response.json()] == ["false_positive"] * 2
    key.refresh_from_db()
    assert key.state == KeyState.ACTIVE


def test_a_report_that_is_not_signed_does_nothing(report, client, key):
    body = json.dumps([{"token": text_of(key), "type": "", "url": ""}]).encode()

    answers = [
        report(body=body, signed=b"another body"),
        report(body=body, name="key-2"),
        client.post("/gateway/v1/leaked-keys", body, content_type="application/json"),
    ]

    assert [answer.status_code for answer in answers] == [401] * 3
    key.refresh_from_db()
    assert key.state == KeyState.ACTIVE


def test_no_reports_are_taken_where_nobody_may_report(report, key, settings):
    settings.LEAK_REPORT_KEYS = ""

    assert report(text_of(key)).status_code == 401


@pytest.mark.parametrize("body", [b"{}", b"no json", b'[{"type": "x"}]'])
def test_a_report_that_is_none_is_refused_in_words(report, body):
    response = report(body=body)

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_the_token_is_in_no_log_and_no_event(report, key, caplog):
    report(text_of(key))

    random_part = text_of(key).split("_")[3]
    assert random_part not in caplog.text
    assert random_part not in str(list(Event.objects.values()))
    assert random_part not in str(list(Message.objects.values()))

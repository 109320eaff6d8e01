"""What tests/browser/test_passkeys.py cannot send: answers that no browser would give."""

import base64
import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.passkeys import from_our_pages
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
OURS = "https://portaal.example"


def said(origin=OURS, **more):
    text = json.dumps({"type": "webauthn.get", "challenge": "x", "origin": origin})
    data = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return {"response": {"clientDataJSON": data, **more}}


@pytest.fixture(autouse=True)
def base_url(settings):
    settings.BASE_URL = OURS


@pytest.mark.parametrize("same", [OURS, f"{OURS}:443"])
def test_an_answer_that_was_given_on_our_pages_goes_on(same):
    with from_our_pages(said(same)):
        pass


@pytest.mark.parametrize(
    "other",
    [
        "http://portaal.example",
        "https://portaal.example:8443",
        "https://evil.portaal.example",
        "https://portaal.example.evil.example",
        "null",
        "",
        "https://portaal.example:x",
    ],
)
def test_an_answer_that_was_given_elsewhere_is_refused(other):
    with pytest.raises(ValidationError), from_our_pages(said(other)):
        pass


def test_a_passkey_is_of_the_host_that_is_configured(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    headers = {"accept": "application/json", "host": "evil.example"}

    answer = client.get(reverse("mfa_login_webauthn"), headers=headers).json()

    options = answer["request_options"]["publicKey"]
    assert options["rpId"] == "portaal.example"
    assert options["userVerification"] == "required"
    assert not options.get(
        "allowCredentials"
    )  # tells of nobody which passkeys there are


NONSENSE = [
    "",
    "null",
    "[]",
    '"x"',
    "7",
    "{}",
    '{"response": []}',
    json.dumps(said()),
    json.dumps({"id": "eA", "rawId": "eA", "type": "public-key", **said()}),
    json.dumps(
        {
            "id": "eA",
            "rawId": "eA",
            "type": "public-key",
            **said(
                authenticatorData="eA",
                signature="eA",
                userHandle="eA",
                attestationObject="eA",
            ),
        }
    ),
    '{"response": {"clientDataJSON": "' + "A" * 5000 + '"}}',
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_signs_nobody_in_and_breaks_nothing(client, nonsense):
    url = reverse("mfa_login_webauthn")
    client.get(url, headers={"accept": "application/json"})

    answer = client.post(url, {"credential": nonsense, "next": "/mijn/gegevens/"})

    assert answer["Location"] == "/account/login/?next=%2Fmijn%2Fgegevens%2F"
    assert client.get("/mijn/gegevens/").status_code == 302


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_no_second_factor_and_is_not_kept_as_one(client, nonsense):
    user = UserFactory()
    login = {"login": user.username, "password": PASSWORD}
    client.post(reverse("account_login"), login)
    client.post(
        reverse("account_reauthenticate"), {"password": PASSWORD, "next": "/mijn/"}
    )
    add = reverse("mfa_add_webauthn")
    client.get(add)
    page = client.post(add, {"credential": nonsense, "passwordless": "True"})
    assert page.status_code == 200
    assert not Authenticator.objects.exists()
    client.post(reverse("account_logout"))

    TOTP.activate(user, generate_totp_secret())
    client.post(reverse("account_login"), login)
    page = client.post(reverse("mfa_authenticate"), {"credential": nonsense})

    assert page.status_code == 200
    assert client.get("/mijn/gegevens/").status_code == 302

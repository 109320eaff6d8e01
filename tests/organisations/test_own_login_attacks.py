"""What somebody tries who wants in: forged answers, and addresses that lead inside."""

import json
import socket
import threading
import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from organisations.own_login import fetching
from tests.factories import MembershipFactory, OwnLoginFactory
from tests.hostile_provider import HostileProvider, unsigned
from tests.organisations.own_login import come_back, is_signed_in, sign_in, start

pytestmark = pytest.mark.django_db
CONFIGURATION = "/.well-known/openid-configuration"


def not_let_in(client, response, words):
    assert response.status_code in (403, 404, 502)
    assert words in response.text
    assert "allauth" not in response.text
    assert not is_signed_in(client)


def test_the_question_has_a_state_a_nonce_and_a_challenge(client, own):
    first, second = start(client, own), start(client, own)

    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"].startswith("http://")
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 16
        assert first[name] != second[name]


def test_the_code_is_changed_with_the_verifier_of_this_browser(
    client, own, jan, provider
):
    sign_in(client, own, provider, email=jan.user.email)

    [body] = [body for path, body in provider.asked if path == "/token"]
    assert "code_verifier=" in body
    assert "geheim" not in body  # it goes in the header


def test_a_state_is_worth_something_once_and_in_one_browser(client, own, jan, provider):
    question = start(client, own)
    provider.claims = {"nonce": question["nonce"], "email": jan.user.email}
    provider.claims["email_verified"] = True
    stranger = Client()

    not_let_in(stranger, come_back(stranger, own, question["state"]), "Begin opnieuw")
    not_let_in(client, come_back(client, own, "x" * 16), "Begin opnieuw")
    come_back(client, own, question["state"])
    assert is_signed_in(client)
    client.post("/account/logout/")
    not_let_in(client, come_back(client, own, question["state"]), "Begin opnieuw")


def test_a_state_of_one_organisation_is_worth_nothing_at_another(
    client, own, jan, provider
):
    other = OwnLoginFactory(issuer=provider.url, domain="ander.example")
    question = start(client, other)
    provider.claims = {"nonce": question["nonce"], "email": jan.user.email}

    not_let_in(client, come_back(client, own, question["state"]), "Begin opnieuw")


@pytest.mark.parametrize("error", ["access_denied", "server_error"])
def test_an_error_of_the_provider_is_a_page_of_ours(client, own, error):
    question = start(client, own)

    response = come_back(client, own, question["state"], code="", error=error)

    words = "Je bent gestopt" if error == "access_denied" else "Begin opnieuw"
    not_let_in(client, response, words)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://ander.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": None},
        {"aud": ["client", "another"]},
        {"azp": "another client"},
        {"nonce": "of another question"},
        {"nonce": None},
        {"nonce": 7},
        {"exp": 1},
        {"exp": None},
        {"iat": 1},
        {"iat": None},
        {"iat": "x"},
        {"iat": float("inf")},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 192},
    ],
)
def test_a_token_for_somebody_else_or_another_time_is_refused(
    client, own, jan, provider, claims
):
    response = sign_in(client, own, provider, **{"email": jan.user.email, **claims})

    not_let_in(client, response, "of het antwoord echt van je organisatie komt")


def with_a_key_of_its_own(claims):
    key = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, key, "RS256", {"kid": "1"})


def with_the_client_secret(claims):
    return jwt.encode(claims, "het geheim", "HS256", {"kid": "1"})


def with_the_public_key_as_secret(claims):
    return jwt.encode(claims, json.dumps(claims), "HS256", {"kid": "1"})


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    "make",
    [
        unsigned,
        with_a_key_of_its_own,
        with_the_client_secret,
        with_the_public_key_as_secret,
        lambda claims: "a.b.c",
        lambda claims: "",
        lambda claims: 7,
        lambda claims: None,
    ],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    client, own, jan, provider, make
):
    provider.make_token = make

    response = sign_in(client, own, provider, email=jan.user.email)

    not_let_in(client, response, "of het antwoord echt van je organisatie komt")


def test_a_key_in_the_token_itself_is_not_believed(client, own, jan, provider):
    thief = HostileProvider()
    thief.stop()
    provider.header = {"jwk": thief.public_key(), "kid": "1"}
    provider.make_token = lambda claims: jwt.encode(
        claims, thief.key, "RS256", provider.header
    )

    response = sign_in(client, own, provider, email=jan.user.email)

    not_let_in(client, response, "of het antwoord echt van je organisatie komt")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (CONFIGURATION, {"issuer": "https://ander.example"}),
        (CONFIGURATION, {"authorization_endpoint": "javascript:alert(1)"}),
        (CONFIGURATION, {"token_endpoint": "file:///etc/passwd"}),
        (CONFIGURATION, {"jwks_uri": "http://["}),
        (CONFIGURATION, {"jwks_uri": 7}),
        (CONFIGURATION, []),
        (CONFIGURATION, "x"),
    ],
)
def test_a_provider_that_presents_itself_as_something_else_is_down(
    client, own, provider, path, answer
):
    status, headers, body = provider._ordinary(path)
    if isinstance(answer, dict):
        answer = {**json.loads(body), **answer}
    provider.answers[path] = (status, headers, json.dumps(answer).encode())

    response = client.get(f"/inloggen/organisatie/{own.code}/start/")

    not_let_in(client, response, "geeft geen goed antwoord")


@pytest.mark.parametrize("path", [CONFIGURATION, "/token", "/keys"])
@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"{}"),
        (200, {}, b"<html>"),
        (200, {}, b"[" * 200_000),
        (200, {}, b'{"a": "' + b"a" * 600_000 + b'"}'),
        (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"{}"),
    ],
)
def test_an_answer_that_is_broken_too_long_or_leads_elsewhere_is_none(
    client, own, jan, provider, path, answer
):
    question = start(client, own)
    provider.claims = {"nonce": question["nonce"], "email": jan.user.email}
    provider.answers[path] = answer

    response = come_back(client, own, question["state"])

    not_let_in(client, response, "geeft geen goed antwoord")


def test_a_provider_that_is_down_is_said_to_be(client, own, provider):
    provider.stop()

    response = client.get(f"/inloggen/organisatie/{own.code}/start/")

    assert response.status_code == 502
    not_let_in(client, response, "geeft geen goed antwoord")


# --- addresses that lead inside ---


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "2001:db8::1",
    ],
)
def test_an_address_inside_is_not_public(address):
    assert not fetching.is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2a00:1450:400e::200e"])
def test_an_address_on_the_internet_is_public(address):
    assert fetching.is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]", "2130706433"],
)
def test_a_provider_inside_is_never_asked(
    client, own, provider, settings, monkeypatch, host
):
    settings.OWN_LOGIN_PRIVATE_ADDRESSES = False
    own.issuer = f"https://{host}:{provider.url.rpartition(':')[2]}"
    own.seal("geheim")
    own.save()
    connected = []

    def connect(self, address):
        connected.append(address)
        raise OSError("not here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    response = client.get(f"/inloggen/organisatie/{own.code}/start/")

    not_let_in(client, response, "geeft geen goed antwoord")
    assert connected == []


def test_a_name_of_which_one_address_is_inside_is_not_asked(settings, monkeypatch):
    settings.OWN_LOGIN_PRIVATE_ADDRESSES = False
    resolves_to(monkeypatch, "93.184.216.34", "10.0.0.1")

    with pytest.raises(requests.ConnectionError, match="is not on the internet"):
        fetching.session().get("https://login.voorbeeld.example/")


def test_a_name_that_changes_its_address_between_looks_gains_nothing(
    settings, monkeypatch
):
    """DNS rebinding: what is connected to is what was judged, and is looked up once."""
    settings.OWN_LOGIN_PRIVATE_ADDRESSES = False
    looked_up, connected = resolves_to(monkeypatch, "93.184.216.34"), []

    def connect(address, *args):
        connected.append(address[0])
        raise OSError("not here")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(requests.ConnectionError):
        fetching.session().get("https://login.voorbeeld.example/")

    assert len(looked_up) == 1
    assert connected == ["93.184.216.34"]


def test_plain_http_is_not_spoken(settings):
    settings.OWN_LOGIN_PRIVATE_ADDRESSES = False

    with pytest.raises(requests.exceptions.InvalidSchema):
        fetching.session().get("http://login.voorbeeld.example/")


def test_a_server_that_drips_is_cut_off(provider, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    began = time.monotonic()

    def drip():
        connection, _from = listener.accept()
        try:
            while time.monotonic() - began < 10:
                connection.sendall(b"X")
                time.sleep(0.2)
        except OSError:
            pass
        connection.close()

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    with pytest.raises(requests.RequestException):
        fetching.session().get(f"http://127.0.0.1:{listener.getsockname()[1]}/")

    assert time.monotonic() - began < 5
    dripping.join()
    listener.close()


def test_the_proxy_of_the_machine_is_not_used(provider, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert fetching.session().get(f"{provider.url}/keys").status_code == 200


def resolves_to(monkeypatch, *addresses):
    asked = []

    def getaddrinfo(host, port, *args, **options):
        asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


# --- the page that asks for an address ---


def test_an_address_that_is_known_leads_to_its_provider_and_another_is_told_kindly(
    client, own
):
    known = client.post("/inloggen/organisatie/", {"email": "x@Voorbeeld.example"})
    unknown = client.post("/inloggen/organisatie/", {"email": "x@elders.example"})

    assert known["Location"] == f"/inloggen/organisatie/{own.code}/"
    assert "Met dit adres kun je niet" in unknown.text


def test_asking_too_often_is_answered_with_patience(client, own):
    answers = [
        client.post("/inloggen/organisatie/", {"email": "x@elders.example"}).status_code
        for _ in range(31)
    ]

    assert answers[-1] == 429


def test_an_administrator_of_another_organisation_cannot_try_it(client, own, provider):
    other = OwnLoginFactory(
        issuer=provider.url, domain="ander.example", status="verified"
    )
    eva = MembershipFactory(
        organisation=other.organisation, user__email="eva@ander.example"
    )
    client.force_login(eva.user)
    path = f"/mijn/{own.organisation.slug}/organisatie/inloggen/proberen/"

    assert client.get(path).status_code == 404

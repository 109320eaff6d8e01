"""Going through an organisation's login without a browser."""

from urllib.parse import parse_qs, urlsplit

from django.urls import reverse


def start(client, own, **query):
    """Begin; what the provider is asked."""
    path = reverse("organisations:own_login_start", args=[own.code])
    response = client.get(path, query)
    assert response.status_code == 302, response.text
    question = parse_qs(urlsplit(response["Location"]).query)
    return {name: values[0] for name, values in question.items()}


def come_back(client, own, state, **query):
    path = reverse("organisations:own_login_callback", args=[own.code])
    return client.get(path, {"code": "c", "state": state, **query})


def sign_in(client, own, provider, **claims):
    """As a person whom the provider knows does it; what the portal answers."""
    question = start(client, own)
    provider.claims = {"nonce": question["nonce"], "email_verified": True, **claims}
    return come_back(client, own, question["state"])


def is_signed_in(client):
    return "_auth_user_id" in client.session

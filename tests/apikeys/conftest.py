"""What tests of usage and of the gateway's side share."""

import datetime
import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from apikeys import gateways, secrets
from apikeys.gateway import quotas, recent
from apikeys.models import Api, Gateway, Product
from tests.factories import ApiKeyFactory, UserFactory

DOCS = Path(__file__).parent.parent.parent / "docs"
USAGE = "/gateway/v1/usage"
VERIFY = "/gateway/v1/verify"


@pytest.fixture
def key(db):
    api, _ = Api.objects.get_or_create(slug="zoeken-v2")
    product, _ = Product.objects.get_or_create(slug="api-abonnement")
    product.apis.add(api)  # a test that commits begins without a catalogue
    return ApiKeyFactory(products=[product])


@pytest.fixture
def gateway(db):
    return Gateway(name="Gateway 1")


@pytest.fixture
def token(gateway):
    return gateways.renew_token(gateway, by=UserFactory())


@pytest.fixture
def send(token):
    """Report lines, as the gateway that was given this token."""

    def report(body, batch="b-1", content_type="application/x-ndjson", **headers):
        if not isinstance(body, bytes):
            body = b"\n".join(json.dumps(line).encode() for line in body)
        headers = {"Authorization": f"Bearer {token}", "Batch-Id": batch, **headers}
        return Client().generic(
            "POST", USAGE, body, content_type=content_type, headers=headers
        )

    return report


@pytest.fixture
def line(key):
    """One call of an hour ago; a test says what else it was."""

    def made(**facts):
        hour_ago = timezone.now() - datetime.timedelta(hours=1)
        return {
            "apiKeyId": key.pk,
            "api": key.apis[0].slug,
            "at": hour_ago.isoformat(),
            "status": 200,
            **facts,
        }

    return made


@pytest.fixture
def secret(key):
    return secrets.unseal(key.secrets.get())


@pytest.fixture
def ask(token):
    """Ask as the gateway whether what it was shown may pass."""

    def asked(apikey=None, api=None, **headers):
        sent = {"Authorization": f"Bearer {token}", "apikey": apikey, "X-Api": api}
        sent = {name: value for name, value in sent.items() if value is not None}
        return Client(enforce_csrf_checks=True).get(VERIFY, headers=sent | headers)

    return asked


@pytest.fixture
def time_passes():
    """Let this process forget what it read."""
    return lambda: recent.recent.forget(lambda _answer: True)


@pytest.fixture(autouse=True)
def nothing_seen(monkeypatch):
    """What other tests let through is no use of this one's."""
    monkeypatch.setattr(quotas, "uses", quotas.Uses())


@pytest.fixture
def documented():
    """What the documentation gives to check a statement with, by name."""
    namespace = {}
    for code in re.findall(
        r"```python\n(.*?)```", (DOCS / "statements.md").read_text(), re.DOTALL
    ):
        exec(code, namespace)
    return namespace


@pytest.fixture
def check(documented):
    """Against the keys that anybody can fetch."""
    published = Client().get("/gateway/v1/statements/keys").text
    return lambda text: documented["check"](text, published)

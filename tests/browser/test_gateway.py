"""The gateway's question, asked of the web server as it runs: over HTTP, in processes."""

import time
import urllib.error
import urllib.request

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.browser.conftest import run_in_site

SET_UP = """
from apikeys import gateways, secrets, services
from apikeys.models import ApiKey, Gateway, Product
from accounts.models import User
from organisations.models import Organisation

by = User.objects.get(username="coen")
organisation, _ = Organisation.objects.get_or_create(slug="gw-test", defaults={
    "name": "Gateway BV", "legal_form": "private_company", "street": "Straat 1",
    "postcode": "1234 AB", "city": "Stad", "invoice_email": "f@gw.example"})
gateway, _ = Gateway.objects.get_or_create(name="Gateway")
print(gateways.renew_token(gateway, by=by))
for number in range(2):
    key = services.issue(organisation, products=Product.objects.all()[:1],
                         name=f"Key {number}", by=by)
    print(key.pk, secrets.unseal(key.secrets.get()))
"""
BLOCK = """
from accounts.models import User
from apikeys import services
from apikeys.models import ApiKey
services.block(ApiKey.objects.get(pk=%s), by=User.objects.get(username="sara"),
               reason="Gelekt")
"""


class Gateway:
    def __init__(self, site):
        self.site = site
        self.token, *keys = run_in_site(site, SET_UP).strip().splitlines()
        self.keys = [line.split() for line in keys]

    def ask(self, secret):
        request = urllib.request.Request(
            f"{self.site.url}/gateway/v1/verify",
            headers={"Authorization": f"Bearer {self.token}", "apikey": secret},
        )
        try:
            return urllib.request.urlopen(request, timeout=30).status
        except urllib.error.HTTPError as error:
            return error.code

    def until(self, secret, status, seconds):
        end = time.monotonic() + seconds
        while (got := self.ask(secret)) != status and time.monotonic() < end:
            time.sleep(0.05)
        return got


@pytest.fixture
def gateway(site):
    return Gateway(site)


def test_a_block_is_heard_before_what_is_known_is_old(gateway, monkeypatch):
    (pk, secret), _ = gateway.keys
    assert gateway.ask(secret) == 204
    run_in_site(gateway.site, BLOCK % pk)

    assert gateway.until(secret, 403, seconds=2) == 403


def test_keys_that_passed_keep_passing_while_the_database_is_away(site_of_its_own):
    site = site_of_its_own
    gateway = Gateway(site)
    (_pk, known), (_pk2, unknown) = gateway.keys
    assert gateway.ask(known) == 204
    name = site.environment["DATABASE_URL"].split("dbname=")[1].split()[0]
    server = make_conninfo(site.environment["DATABASE_URL"], dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s",
                [name],
            )
            time.sleep(5.5)  # what this process knew is old by now
            assert gateway.ask(known) == 204
            assert gateway.ask(unknown) == 503
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    assert gateway.until(unknown, 204, seconds=10) == 204

"""The gateway's question, asked of the web server as it runs: over HTTP, in processes."""

import json
import random
import socket
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

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


COUNTED = """
from django.db.models import Sum
from apikeys.models import UsageDay, UsageHour
for counters in UsageHour, UsageDay:
    of = counters.objects.filter(organisation__slug="gw-test")
    print(of.aggregate(calls=Sum("calls"))["calls"] or 0)
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

    def report(self, batch, body, until=None):
        """Send a batch, and hang up after so many bytes of it; the status, if one came."""
        host, port = self.site.url.removeprefix("http://").split(":")
        head = (
            f"POST /gateway/v1/usage HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Authorization: Bearer {self.token}\r\nBatch-Id: {batch}\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(head.encode() + body[:until])
            if until is not None:
                connection.shutdown(socket.SHUT_WR)
            return int(connection.makefile("rb").readline().split()[1])

    def counted(self):
        """The calls of hours, and of days."""
        return [int(calls) for calls in run_in_site(self.site, COUNTED).split()]

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


def test_a_batch_that_was_cut_off_counts_for_nothing_and_then_once(gateway):
    """Cut at a hundred points, half of them where a line ends and all looks well."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # pytest shows it where the test fails
    chance, before = random.Random(seed), gateway.counted()
    lines = [
        {"apiKeyId": int(gateway.keys[0][0]), "api": "zoeken", "status": 200,
         "at": datetime.now(UTC).isoformat(), "calls": number}
        for number in range(1, 21)
    ]  # fmt: skip
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    ends = [at + 1 for at, byte in enumerate(body[:-1]) if byte == ord("\n")]

    for number in range(100):
        point = chance.choice(ends) if number % 2 else chance.randrange(len(body))
        batch = f"cut-{seed}-{number}"
        assert gateway.report(batch, body, until=point) == 400
        assert gateway.report(batch, body) == 200

    assert gateway.counted() == [calls + 100 * 210 for calls in before]

"""The gateway's question, asked of the web server as it runs: over HTTP, in processes."""

import http.client
import json
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg.conninfo import make_conninfo

from tests.browser.conftest import THREADS, run_in_site, wait_until_up
from tests.smtp import free_port

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose.yaml"

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

    def ask(self, secret, where=None, timeout=30):
        request = urllib.request.Request(
            f"{where or self.site.url}/gateway/v1/verify",
            headers={"Authorization": f"Bearer {self.token}", "apikey": secret},
        )
        try:
            return urllib.request.urlopen(request, timeout=timeout).status
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


@pytest.fixture
def apart(gateway):
    """Where the processes answer that compose.yaml has for gateways alone."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    port = free_port()
    command = [
        part.replace("0.0.0.0:8000", f"127.0.0.1:{port}")
        for part in services["gateway"]["command"]
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=gateway.site.environment
    )
    try:
        address = f"http://localhost:{port}"
        wait_until_up(f"{address}/healthz")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def test_a_gateway_is_answered_while_every_page_waits(gateway, apart):
    """All threads of the web server for people wait for a table that is locked."""
    (_pk, secret), (_pk2, another) = gateway.keys

    def page():
        where = gateway.site.url.removeprefix("http://")
        with closing(http.client.HTTPConnection(where, timeout=60)) as asking:
            asking.request("GET", "/mijn/", headers={"Cookie": f"sessionid={'x' * 32}"})
            return asking.getresponse().status

    with (
        ThreadPoolExecutor(THREADS) as people,
        psycopg.connect(gateway.site.environment["DATABASE_URL"]) as connection,
    ):
        connection.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        pages = [people.submit(page) for _ in range(THREADS)]
        time.sleep(1)  # they are under way
        with pytest.raises(TimeoutError):
            gateway.ask(secret, timeout=1)
        asked = [gateway.ask(one, apart, timeout=30) for one in (secret, another)]
        waiting = [one for one in pages if not one.done()]
        connection.rollback()

    assert asked == [204, 204]
    assert len(waiting) == THREADS
    assert {one.result() for one in pages} == {302}  # to where one signs in


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

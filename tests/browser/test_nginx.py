"""The gateway that deploy/nginx describes, as Debian's nginx runs it."""

import concurrent.futures
import contextlib
import http.client
import json
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.browser.conftest import PASSWORD, run_in_site
from tests.browser.test_gateway import BLOCK
from tests.browser.test_gateway import Gateway as Portal
from tests.smtp import free_port

DEPLOY = Path(__file__).parents[2] / "deploy" / "nginx"
PROMISED = 5  # PORTAL_VERIFY_SECONDS
UPSTREAMS = """
upstream portal {{ server {portal}; keepalive 32; }}
upstream apis {{ server 127.0.0.1:{apis}; keepalive 32; }}
map "" $portal_host {{ default {portal}; }}
map "" $portal_token {{ default "Bearer {token}"; }}
server {{
    listen 127.0.0.1:{apis};
    location / {{ return 200 "$http_x_organisation $http_x_api_key_id [$http_apikey]"; }}
    location /api/v1/naamgevingen/ {{ return 500; }}
}}
"""
MEMBER = """
from accounts.models import User
from organisations.models import Membership, Organisation
organisation = Organisation.objects.get(slug="gw-test")
if not User.objects.filter(username="dora").exists():
    user = User.objects.create_user("dora", "dora@gw.example", %r, name="Dora")
    Membership.objects.create(organisation=organisation, user=user, role="developer")
"""
PROBE = """
from apikeys.models import Gateway
address = "http://127.0.0.1:%s/probe/api/v2/zoeken"
Gateway.objects.filter(name="Gateway").update(probe_address=address)
"""
HEARD = """
import datetime
from audit.models import Event
heard = Event.objects.filter(kind="key.block_heard", subject_id="%s").first()
if heard:
    at = datetime.datetime.fromisoformat(heard.data["blocked_at"]).timestamp()
    print(at, heard.data["seconds"])
"""
RENEWED = """
from accounts.models import User
from apikeys import gateways
from apikeys.models import Gateway
gateway = Gateway.objects.get(name="Gateway")
gateways.renew_token(gateway, by=User.objects.get(username="sara"))
"""
LIMITED = """
from django.db.models import Sum
from apikeys.models import Outcome, UsageHour
of = UsageHour.objects.filter(api_key=%s, outcome=Outcome.LIMITED)
print(of.aggregate(calls=Sum("calls"))["calls"] or 0)
"""
QUOTA = """
from apikeys.models import Product
Product.objects.filter(subscriptions__api_keys=%s).update(calls_per_month=%s)
"""


def answered(connection, path, key=""):
    connection.request("GET", path, headers={"apikey": key} if key else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


class Nginx:
    def __init__(self, directory, portal, rate="100000r/s"):
        self.directory, self.portal = directory, portal
        self.port = free_port()
        (directory / "logs").mkdir()
        config = (DEPLOY / "nginx.conf").read_text()
        for real, ours in [
            ("listen 8080", f"listen 127.0.0.1:{self.port}"),
            ("/dev/shm/portal-verify", f"{directory}/cache"),
            ("rate=100r/s", f"rate={rate}"),
        ]:
            assert real in config
            config = config.replace(real, ours)
        (directory / "nginx.conf").write_text(config)
        upstreams = UPSTREAMS.format(
            portal=portal.site.url.removeprefix("http://"),
            apis=free_port(),
            token=portal.token,
        )
        (directory / "upstreams.conf").write_text(upstreams)
        command = [
            "nginx",
            "-p",
            directory,
            "-c",
            "nginx.conf",
            "-g",
            "daemon off; user root;",
        ]
        self.process = subprocess.Popen(command)
        self._wait_until_up()

    def _wait_until_up(self):
        for _attempt in range(100):
            try:
                return self.call("/nothing")
            except OSError:
                time.sleep(0.1)
        raise AssertionError("nginx does not answer")

    def connect(self, caller="127.0.0.1"):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=10, source_address=(caller, 0)
        )
        return contextlib.closing(connection)

    def call(self, path, key=""):
        with self.connect() as connection:
            return answered(connection, path, key)

    def until(self, path, key, status, seconds):
        end = time.monotonic() + seconds
        while (got := self.call(path, key)[0]) != status and time.monotonic() < end:
            time.sleep(0.1)
        return got

    def imported(self):
        """What the importer says of the log that there is now."""
        log = self.directory / "logs" / "usage.log"
        done = self.portal.site.manage("import_nginx_log", "--gateway", "Gateway", log)
        return int(re.search(r"(\d+) calls counted", done.stdout)[1])

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)


@pytest.fixture
def nginx(site, tmp_path):
    assert shutil.which("nginx"), "this test needs Debian's nginx-light"
    nginx = Nginx(tmp_path, Portal(site))
    yield nginx
    nginx.stop()


@pytest.fixture
def dora(person, nginx):
    """A developer of the organisation that calls, with a browser."""
    run_in_site(nginx.portal.site, MEMBER % PASSWORD)
    dora = person()
    dora.signs_in("dora")
    return dora


def shown(dora, **asked):
    """How many calls of these days the page says that there were."""
    dora.opens(f"/mijn/gw-test/verbruik/?{urlencode({'period': '7', **asked})}")
    dora.reads_heading("Verbruik")
    figure = dora.page.locator(".portal-numbers__figure").first
    return int(figure.inner_text().replace(".", "")) if figure.count() else 0


def test_a_call_is_on_the_page_and_a_block_there_stops_the_next(nginx, dora):
    (pk, key), _ = nginx.portal.keys
    assert shown(dora, key=pk) == 0

    assert nginx.call("/api/v2/zoeken", key)[0] == 200
    assert nginx.imported() == 1
    assert shown(dora, key=pk) == 1

    assert nginx.call("/api/v2/zoeken", key)[0] == 200  # nginx knows the answer by now
    dora.opens(f"/mijn/gw-test/api-keys/{pk}/blokkeren/")
    dora.presses("Ja, blokkeer de key nu")
    dora.sees("De key is geblokkeerd.")
    assert nginx.until("/api/v2/zoeken", key, 403, seconds=PROMISED) == 403


def test_the_gateway_lets_through_and_refuses_as_the_portal_says(nginx):
    (pk, key), _ = nginx.portal.keys

    status, body = nginx.call("/api/v2/zoeken?naam=test", key)
    assert (status, body) == (200, f"gw-test {pk} []")  # the secret goes no further
    assert nginx.call("/api/v1/abonnementen", key)[0] == 403
    assert nginx.call("/api/v9/nergens", key)[0] == 404
    assert nginx.call("/verify", key)[0] == 404
    status, body = nginx.call("/api/v2/zoeken", key[:-1] + "x")
    assert (status, json.loads(body)["reason"]) == (401, "unknown")
    assert nginx.call("/api/v2/zoeken")[0] == 401
    assert nginx.call("/api/v1/naamgevingen/x", key)[0] == 500  # the API's own answer


def test_a_block_is_in_force_within_the_promised_time(nginx):
    (pk, key), _ = nginx.portal.keys
    time.sleep(1 - time.time() % 1)  # nginx counts in whole seconds, to its own good
    heard = time.monotonic()
    assert nginx.call("/api/v2/zoeken", key)[0] == 200  # from now on it knows
    run_in_site(nginx.portal.site, BLOCK % pk)

    left = heard + PROMISED - time.monotonic()
    assert nginx.until("/api/v2/zoeken", key, 403, seconds=left) == 403


class Caller(threading.Thread):
    """Calls on and on from another address than the portal's, until it is refused."""

    def __init__(self, nginx, key):
        super().__init__(daemon=True)
        self.nginx, self.key = nginx, key
        self.passed_at = None  # the last time
        self.started = threading.Event()
        self.start()
        self.started.wait(10)

    def run(self):
        with self.nginx.connect("127.0.0.2") as connection:
            while answered(connection, "/api/v2/zoeken", self.key)[0] == 200:
                self.passed_at = time.time()
                self.started.set()
                time.sleep(0.05)


def test_no_call_passes_after_the_seconds_that_the_portal_tells_of_a_block(nginx):
    (pk, key), _ = nginx.portal.keys
    run_in_site(nginx.portal.site, PROBE % nginx.port)
    caller = Caller(nginx, key)  # nginx knows the answer for it, and not for the portal
    run_in_site(nginx.portal.site, BLOCK % pk)

    end = time.monotonic() + 30
    while not (told := run_in_site(nginx.portal.site, HEARD % pk).split()):
        assert time.monotonic() < end
        time.sleep(0.5)
    caller.join(10)

    blocked_at, seconds = map(float, told)
    assert caller.passed_at - blocked_at <= seconds < 10
    assert nginx.call("/api/v2/zoeken", key)[0] == 403


def test_probes_are_not_counted(nginx):
    (_pk, key), _ = nginx.portal.keys
    assert nginx.call("/probe/api/v2/zoeken", key)[0] == 204
    assert nginx.call("/probe/api/v1/abonnementen", key)[0] == 403
    assert nginx.call("/api/v2/zoeken", key)[0] == 200

    assert nginx.imported() == 1


def test_a_refusal_names_its_reason_and_asks_once_for_a_key(nginx):
    (_pk, key), _ = nginx.portal.keys
    for path, sent, reason, asks in [
        ("/api/v2/zoeken", key[:-1] + "x", "unknown", ["ApiKey"]),
        ("/api/v1/abonnementen", key, "wrong-api", None),
    ]:
        with nginx.connect() as connection:
            connection.request("GET", path, headers={"apikey": sent})
            answer = connection.getresponse()
        assert answer.headers["X-Refusal"] == reason
        assert answer.headers.get_all("WWW-Authenticate") == asks


def test_a_gateway_with_a_wrong_token_blames_no_key(nginx):
    (_pk, key), _ = nginx.portal.keys
    run_in_site(nginx.portal.site, RENEWED)

    assert nginx.until("/api/v2/zoeken", key, 503, seconds=10) == 503
    with nginx.connect() as connection:
        connection.request("GET", "/api/v2/zoeken", headers={"apikey": key})
        answer = connection.getresponse()
        told = json.loads(answer.read())
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (told["status"], told.get("reason")) == (503, None)
    log = (nginx.directory / "logs" / "portal.log").read_text()
    assert "does not know this gateway" in log.splitlines()[-1]
    assert key not in log
    assert nginx.call("/probe/api/v2/zoeken", key)[0] == 503


def test_the_steps_of_the_readme_work_on_a_fresh_copy(tmp_path):
    fresh = shutil.copytree(DEPLOY, tmp_path / "nginx")
    shutil.copy(fresh / "upstreams.conf.example", fresh / "upstreams.conf")
    readme = (DEPLOY / "README.md").read_text()
    [command] = re.findall(r"`(.*nginx -p \. -c nginx\.conf)`", readme)

    subprocess.run(["sh", "-ec", f"{command} -t"], cwd=fresh, check=True)


def test_a_used_up_quota_is_told_with_how_long_to_wait(nginx):
    _, (pk, key) = nginx.portal.keys
    run_in_site(nginx.portal.site, QUOTA % (pk, 1))
    try:
        assert nginx.until("/api/v2/zoeken", key, 429, seconds=30) == 429
        with nginx.connect() as connection:
            connection.request("GET", "/api/v2/zoeken", headers={"apikey": key})
            answer = connection.getresponse()
            assert json.loads(answer.read())["reason"] == "quota"
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["RateLimit"].startswith('"month";r=0;t=')
        assert answer.headers["RateLimit-Policy"].startswith('"month";q=1')
        assert nginx.imported() > 1  # the calls, and each that was held back
        limited = run_in_site(nginx.portal.site, LIMITED % pk)
        assert int(limited) >= 2
    finally:
        run_in_site(nginx.portal.site, QUOTA % (pk, 300_000))


def test_who_calls_too_often_is_held_back_in_words_and_another_key_is_not(
    site, tmp_path
):
    nginx = Nginx(tmp_path, Portal(site), rate="1r/m")
    (_, key), (_, other) = nginx.portal.keys
    try:
        with nginx.connect() as connection:
            answers = [answered(connection, "/api/v2/zoeken", key) for _ in range(103)]
            connection.request("GET", "/api/v2/zoeken", headers={"apikey": key})
            last = connection.getresponse()
            told = json.loads(last.read())
        assert [status for status, _body in answers[:101]] == [200] * 101  # the burst
        assert [status for status, _body in answers[101:]] == [429] * 2
        assert last.headers["Content-Type"] == "application/problem+json"
        assert last.headers["Retry-After"] == "1"
        assert (told["status"], told["reason"]) == (429, "rate")
        assert nginx.call("/api/v2/zoeken", other)[0] == 200
        stranger = f"{key[:-1]}x"  # knows the part that every page shows
        for _ in range(103):
            assert nginx.call("/api/v2/zoeken", stranger)[0] == 401
        assert nginx.imported() == 105
        assert int(run_in_site(site, LIMITED % nginx.portal.keys[0][0])) == 3
    finally:
        nginx.stop()


def test_ten_thousand_calls_are_ten_thousand_on_the_page(nginx, dora):
    keys = [key for _pk, key in nginx.portal.keys]
    before = shown(dora)

    def calls(number):
        path = "/api/v2/zoeken" if number % 2 else "/api/v1/basisprofielen/1"
        key = keys[number % 2]
        with nginx.connect() as connection:
            return [answered(connection, path, key)[0] for _ in range(1250)]

    with concurrent.futures.ThreadPoolExecutor(8) as people:
        answers = [status for each in people.map(calls, range(8)) for status in each]

    assert answers == [200] * 10_000
    assert nginx.imported() == 10_000
    assert nginx.imported() == 0  # nothing twice
    assert shown(dora) - before == 10_000

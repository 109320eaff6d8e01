"""A whole portal of this run's own: web server, worker, database, mail server, browser."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import sync_playwright
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests import smtp
from tests.name_server import NameServer

THREADS = 8  # of the web server
PASSWORD = "Demo-wachtwoord-1"
STAFF = """
from django.contrib.auth.models import Group
from accounts.models import User
for name, group in [("inge", "intake"), ("coen", "contracten"), ("sara", "support")]:
    user = User.objects.create_user(name, f"{name}@portaal.example", %r, name=name.title())
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=group))
"""


@dataclass(eq=False)
class Site:
    url: str
    mail: smtp.Server
    environment: dict
    name_server: NameServer

    def manage(self, *arguments, **options):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command,
            check=False,
            env=self.environment,
            capture_output=True,
            text=True,
            **options,
        )
        assert done.returncode == 0, done.stderr
        return done


def run_in_site(site, script):
    """What a Python script prints that runs as one more process of the portal."""
    return site.manage("shell", "--no-imports", input=script).stdout


@pytest.fixture(scope="session")
def site():
    yield from whole_portal()


@pytest.fixture
def site_of_its_own():
    """For a test that breaks what others share; its worker may not recover in time."""
    yield from whole_portal()


def whole_portal():
    server = conninfo_to_dict(os.environ["DATABASE_URL"])
    name = f"walk_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    where = {
        key: server[key]
        for key in ("host", "port", "user", "password")
        if key in server
    }
    mail_server = smtp.Server()
    mail_server.start()
    name_server = NameServer()
    port = smtp.free_port()
    url = f"http://localhost:{port}"  # a passkey needs a name
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")},
        "PORTAL_ENVIRONMENT": "development",
        "PORTAL_REQUIRE_SECOND_FACTOR": "false",
        "PORTAL_BASE_URL": url,
        "PORTAL_EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "PORTAL_APPLICATIONS_PER_HOUR": "1000",
        "PORTAL_OWN_LOGIN_PRIVATE_ADDRESSES": "true",
        "PORTAL_OWN_LOGIN_RESOLVERS": name_server.address,
        "PORTAL_MAIL_PER_ADDRESS_PER_HOUR": "100",
        "DATABASE_URL": make_conninfo(**where, dbname=name),
    }
    site = Site(url, mail_server, environment, name_server)
    site.manage("migrate")
    site.manage("createcachetable")
    site.manage("shell", "-c", STAFF % PASSWORD)
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "portal.wsgi",
        "-b",
        f"127.0.0.1:{port}",
    ]
    running = [
        subprocess.Popen(
            [*gunicorn, "--threads", str(THREADS), "--no-control-socket"],
            env=environment,
        ),
        subprocess.Popen(
            [sys.executable, "manage.py", "procrastinate", "worker"], env=environment
        ),
    ]
    wait_until_up(f"{url}/healthz")
    yield site
    for process in running:
        process.terminate()
    for process in running:
        process.wait(20)
    mail_server.stop()
    name_server.stop()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def wait_until_up(url):
    for _attempt in range(100):
        try:
            return urllib.request.urlopen(url, timeout=2)
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="session")
def marked_world(site):
    """The three organisations of acceptance_seed, by letter (portal/management/marked.py)."""
    return json.loads(site.manage("acceptance_seed").stdout)["organisations"]


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


class Person:
    """Somebody with a browser of their own, who reads Dutch unless told otherwise."""

    def __init__(self, chromium, site, **options):
        self.site = site
        self.context = chromium.new_context(
            base_url=site.url, **{"locale": "nl-NL", **options}
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints = []  # what the browser's console says: policy violations, errors
        self.page.on("console", self._heard)

    def _heard(self, message):
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def opens(self, address):
        return self.page.goto(address)

    def sees(self, text):
        self.page.get_by_text(text).first.wait_for()

    def reads_heading(self, text):
        self.page.get_by_role("heading", name=text).first.wait_for()

    def fills(self, **answers):
        for name, value in answers.items():
            self.page.locator(f"[name={name}]").first.fill(value)

    def chooses(self, **answers):
        for name, value in answers.items():
            control = self.page.locator(f"[name={name}]").first
            if control.evaluate("one => one.localName") == "select":  # waits for it
                control.select_option(value)
            else:
                self.page.locator(f"[name={name}][value='{value}']").check()

    def presses(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def follows(self, name):
        self.page.get_by_role("link", name=name).first.click()

    def signs_in(self, username, password=PASSWORD):
        self.opens("/inloggen/")
        self.fills(login=username, password=password)
        self.page.locator("main form button:not([type=button])").first.click()
        self.page.wait_for_url(lambda address: "/account/login" not in address)

    def is_at(self, path):
        assert urlsplit(self.page.url).path == path


HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.stash[HAS_FAILED] = report.when == "call" and report.failed
    return report


@pytest.fixture
def person(chromium, site, request):
    """Make somebody with a browser; each of them must leave its console without errors.
    When the test fails, its report tells what each of them saw last."""
    people = []

    def make(**options):
        people.append(Person(chromium, site, **options))
        return people[-1]

    yield make
    if request.node.stash.get(HAS_FAILED, False):
        for number, one in enumerate(people, 1):
            print(f"Person {number} at {one.page.url}\n{one.page.inner_text('body')}\n")
    for one in people:
        one.context.close()
    assert [one.complaints for one in people if one.complaints] == []

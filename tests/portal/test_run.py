"""`make run`, from its first line to Ctrl-C, in a directory of its own."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.smtp import free_port

ROOT = Path(__file__).parent.parent.parent
OLD_PYTHON = """#!/bin/sh
exec {python} -c "
import sys
sys.version_info, sys.version = (3, 10, 9), '3.10.9 (main)'
exec(sys.argv[2])" "$@"
"""


class Portal:
    """One `make run`; what it prints goes to a file."""

    def __init__(self, data, **environment):
        self.port = environment.get("PORT") or free_port()
        data.mkdir(parents=True, exist_ok=True)
        self.output = data / f"output-{secrets.token_hex(4)}"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name != "DATABASE_URL" and not name.startswith("PORTAL_")
        }
        self.environment = {
            **inherited,
            "PORT": str(self.port),
            "DATA_DIR": str(data),
            **environment,
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.run"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self):
        return self.output.read_text()

    def becomes_ready(self):
        for _attempt in range(2400):
            if f"Ready: http://localhost:{self.port}" in self.said():
                return
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)
        raise AssertionError(self.said())

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path):
        return urllib.request.urlopen(self.url(path)).read().decode()

    def comes_to_say(self, text, path):
        """Whether the page says it within a minute."""
        for _attempt in range(120):
            if text in self.page(path):
                return True
            time.sleep(0.5)
        return False


@pytest.fixture
def start(tmp_path):
    """Start a portal on this test's own data; none outlives the test."""
    started = []

    def start(data=tmp_path / "data", **environment):
        portal = Portal(data, **environment)
        started.append(portal)
        return portal

    yield start
    for portal in started:
        if portal.process.poll() is None:
            portal.process.send_signal(signal.SIGTERM)
            portal.process.wait(120)


def processes_of(data):
    """Who runs on this directory, by what it was started with."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_bytes() + (
                process / "environ"
            ).read_bytes()
        except OSError:
            continue
        if str(data).encode() in about:
            found.append(int(process.name))
    return found


def ended(data):
    for _attempt in range(200):
        if not processes_of(data):
            return True
        time.sleep(0.1)
    return False


def test_run_says_when_it_is_ready_and_ctrl_c_stops_all_of_it(start, tmp_path):
    portal = start()
    portal.becomes_ready()

    assert re.search(r"beheerder .*\n *ontwikkelaar .*\n *intake ", portal.said())
    assert "Demo-wachtwoord-1" in portal.said()
    assert "Dit is een demo" in portal.page("/")
    assert portal.comes_to_say("Je aanvraag", "/mailbox/")  # the worker sends it
    assert len(processes_of(tmp_path)) > 3

    portal.process.send_signal(signal.SIGINT)

    assert portal.process.wait(120) == 0
    assert "Traceback" not in portal.said()
    assert ended(tmp_path)


def test_run_comes_up_with_all_its_data_after_it_was_killed(start, tmp_path):
    applicant = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    killed = start()
    killed.becomes_ready()
    form = applicant.open(killed.url("/aanvragen/apis/")).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
    typed = {"csrfmiddlewaretoken": token, "key_name": "Van voor de val"}
    answers = urllib.parse.urlencode(typed).encode()
    applicant.open(killed.url("/aanvragen/apis/"), answers)

    for pid in [killed.process.pid, *processes_of(tmp_path)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    killed.process.wait(10)
    again = start(PORT=str(killed.port))
    again.becomes_ready()

    assert "Traceback" not in again.said()
    page = applicant.open(again.url("/aanvragen/apis/")).read().decode()
    assert 'value="Van voor de val"' in page


def test_two_portals_run_side_by_side(start, tmp_path):
    first, second = start(), start(tmp_path / "other")

    first.becomes_ready()
    second.becomes_ready()
    second.process.send_signal(signal.SIGTERM)
    second.process.wait(120)

    assert "Aanvragen" in first.page("/")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PORT": "many"}, "PORT is not a number from 1 to 65535: many"),
        ({"PORT": "65536"}, "PORT is not a number from 1 to 65535: 65536"),
        ({"DATA_DIR": "/proc/nowhere"}, "cannot write in DATA_DIR /proc/nowhere"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL: expected postgresql://"),
        ({"DATABASE_URL": "postgresql://x@127.0.0.1:1/y"}, "DATABASE_URL: connection"),
    ],
)
def test_run_says_in_one_line_what_keeps_it_from_starting(start, environment, said):
    portal = start(**environment)

    assert portal.process.wait(60) == 1
    assert said in portal.said()
    assert len(portal.said().splitlines()) == 1


def test_run_says_in_one_line_that_its_port_is_taken(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        portal = start(PORT=str(port))

        assert portal.process.wait(60) == 1
        assert portal.said() == (
            f"portal: port {port} is taken; choose another: make run PORT=8001\n"
        )


def test_make_says_in_one_line_that_python_is_too_old(tmp_path):
    python = tmp_path / "python3.10"
    python.write_text(OLD_PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    for name in ("Makefile", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)

    done = subprocess.run(
        ["make", "run", f"PYTHON={python}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "portal: needs Python 3.11 or newer, this is 3.10.9"
    )
    assert "Traceback" not in done.stderr

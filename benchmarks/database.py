"""A PostgreSQL for one run, unless DATABASE_URL names one; import this first."""

import os
import tempfile
from pathlib import Path

from portal import embedded

os.environ["PORTAL_ENVIRONMENT"] = "development"
os.environ.setdefault("PORTAL_LOG_LEVEL", "ERROR")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if "DATABASE_URL" not in os.environ:
    directory = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    server = embedded.start(directory, cleanup_mode="delete")
    os.environ["DATABASE_URL"] = server.get_uri()

import django

django.setup()

from django.core.management import call_command

call_command("migrate", verbosity=0)
call_command("createcachetable")

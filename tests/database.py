"""Starts a PostgreSQL of this run's own, unless DATABASE_URL names one."""

import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("PORTAL_ENVIRONMENT", "development")

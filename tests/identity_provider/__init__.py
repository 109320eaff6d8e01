"""A real OpenID Connect provider in a process of its own, by another hand than our client.

django-oauth-toolkit keeps to the specification on its side; who may sign in there, with
which address and how, a test says. It has its own login page, keys and database.
"""

import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests import smtp

PASSWORD = "Inlogdienst-wachtwoord-1"
CLIENT_ID, CLIENT_SECRET = "het-portaal", "geheim van het portaal"
ROOT = Path(__file__).parent.parent.parent
PERSON = """
from django.contrib.auth.models import Group, User
user = User.objects.create_user(%r, %r, %r)
user.groups.set([Group.objects.get_or_create(name=name)[0] for name in %r])
"""
CLIENT = """
from oauth2_provider.models import Application
Application.objects.update_or_create(client_id=%r, defaults={
    "client_secret": %r, "client_type": "confidential", "redirect_uris": %r,
    "authorization_grant_type": "authorization-code", "algorithm": "RS256",
    "skip_authorization": True})
"""


@dataclass
class IdentityProvider:
    directory: Path
    port: int
    process: subprocess.Popen | None = None

    @classmethod
    def in_directory(cls, directory):
        provider = cls(Path(directory), smtp.free_port())
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (provider.directory / "key.pem").write_bytes(key)
        provider._run("migrate", "--run-syncdb")
        return provider

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self):
        return f"{self.url}/o"

    def start(self):
        command = ["-m", "gunicorn", "tests.identity_provider.wsgi", "--threads", "4"]
        where = ["-b", f"127.0.0.1:{self.port}", "--no-control-socket"]
        self.process = subprocess.Popen(
            [sys.executable, *command, *where], env=self._environment(), cwd=ROOT
        )
        for _attempt in range(100):
            try:
                return urllib.request.urlopen(f"{self.url}/login/", timeout=2)
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the identity provider does not answer")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def knows(self, username, email, *, verified=True, mfa=False):
        marks = [
            name for name, is_so in (("verified", verified), ("mfa", mfa)) if is_so
        ]
        self._run("shell", "-c", PERSON % (username, email, PASSWORD, marks))

    def admits(self, redirect_uri, client_id=CLIENT_ID, secret=CLIENT_SECRET):
        self._run("shell", "-c", CLIENT % (client_id, secret, redirect_uri))

    def _run(self, *arguments):
        command = [sys.executable, "-m", "django", *arguments]
        subprocess.run(
            command, env=self._environment(), cwd=ROOT, check=True, capture_output=True
        )

    def _environment(self):
        ours = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
        return {
            **ours,
            "DJANGO_SETTINGS_MODULE": "tests.identity_provider.settings",
            "OAUTHLIB_INSECURE_TRANSPORT": "1",
            "IDENTITY_PROVIDER": str(self.directory),
            "IDENTITY_PROVIDER_ISSUER": self.issuer,
        }

"""An operator's start: every setting is explained, every mistake is named in one line."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEY = base64.b64encode(b"k" * 32).decode()
PRODUCTION = {
    "DATABASE_URL": "postgresql://portal@db/portal",
    "PORTAL_SECRET_KEY": "s" * 64,
    "PORTAL_LINK_KEY": KEY,
    "PORTAL_AUDIT_KEY": KEY,
    "PORTAL_STATEMENT_KEY": KEY,
    "PORTAL_KEY_ENCRYPTION_KEYS": f"1:{KEY}",
    "PORTAL_KEY_PEPPERS": f"1:{KEY}",
    "PORTAL_BASE_URL": "https://portal.example",
    "PORTAL_EMAIL_URL": "smtp+tls://portal:p%40ss@mail.example",
}
DEVELOPMENT_KEY = base64.b64encode(b"development only key, 32 bytes..").decode()


def start(**changes):
    environment = {**PRODUCTION, **changes}
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import portal.settings as s; print(s.EMAIL_HOST_PASSWORD)",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | {k: v for k, v in environment.items() if v},
        capture_output=True,
        check=False,
        text=True,
    )


def known():
    from portal import settings

    return set(settings._known)


def test_a_complete_production_environment_starts():
    done = start()

    assert (done.returncode, done.stdout, done.stderr) == (0, "p@ss\n", "")


@pytest.mark.parametrize("name", PRODUCTION)
def test_a_missing_setting_stops_the_start_and_is_named(name):
    refused(name, start(**{name: ""}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_ENVIRONMENT", "staging"),
        ("PORTAL_DEBUG", "true"),
        ("PORTAL_DEBUG", "perhaps"),
        ("PORTAL_DEMO", "true"),
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_SECRET_KEY", "development-only-secret-key-that-production-refuses"),
        ("PORTAL_LINK_KEY", "no base64!"),
        ("PORTAL_LINK_KEY", base64.b64encode(b"short").decode()),
        ("PORTAL_LINK_KEY", DEVELOPMENT_KEY),
        ("PORTAL_AUDIT_KEY", DEVELOPMENT_KEY),
        ("PORTAL_STATEMENT_KEY", DEVELOPMENT_KEY),
        ("PORTAL_KEY_ENCRYPTION_KEYS", KEY),
        ("PORTAL_KEY_ENCRYPTION_KEYS", f"300:{KEY}"),
        ("PORTAL_KEY_ENCRYPTION_KEYS", f"1:{DEVELOPMENT_KEY}"),
        ("PORTAL_KEY_PEPPERS", f"1:{DEVELOPMENT_KEY}"),
        ("PORTAL_BASE_URL", "http://portal.example"),
        ("PORTAL_BASE_URL", "https://portal.example/path"),
        ("PORTAL_EMAIL_URL", "mailbox:"),
        ("PORTAL_EMAIL_URL", "imap://mail.example"),
        ("DATABASE_URL", "mysql://db"),
        ("PORTAL_TRUSTED_PROXY_COUNT", "many"),
        ("PORTAL_DRAFT_DAYS", "0"),
        ("PORTAL_REMINDER_DAYS", "28,14"),
        ("PORTAL_LAPSE_DAYS", "28"),
        ("PORTAL_CREDITOR_IDENTIFIER", "NL00ZZZ695990680000"),
        ("PORTAL_SUPPORT_EMAIL", "nobody"),
        ("PORTAL_KEY_PREFIX", "KVK1"),
        ("PORTAL_LOG_LEVEL", "LOUD"),
        ("PORTAL_OWN_LOGIN_PRIVATE_ADDRESSES", "true"),
        ("PORTAL_OWN_LOGIN_RESOLVERS", "dns.example:53"),
        ("PORTAL_OWN_LOGIN_RESOLVERS", "9.9.9.9"),
        ("PORTAL_SIGNING_CERTIFICATE", "/etc/hostname"),
        ("PORTAL_TRUSTED_SIGNERS", "/nowhere.pem"),
        ("PORTAL_TERMS_REMINDER_DAYS", "28,14"),
        ("PORTAL_COLOUR", "blue"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(name, value):
    refused(name, start(**{name: value}))


def refused(name, done):
    assert done.returncode == 1
    assert name in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_every_setting_is_documented_and_no_other():
    described = set(
        re.findall(
            r"^\| `(\w+)`", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE
        )
    )
    example = set(
        re.findall(
            r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE
        )
    )

    assert described == known()
    assert example == known()

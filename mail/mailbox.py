"""In development mail goes nowhere: it lands in a directory, and is read in the browser."""

import email
import secrets
import time
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


def directory() -> Path:
    place = settings.DATA_DIR / "mailbox"
    place.mkdir(parents=True, exist_ok=True)
    return place


class EmailBackend(BaseEmailBackend):
    """Each mail is one file; its name sorts by time."""

    def send_messages(self, email_messages):
        for message in email_messages:
            name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
            half = directory() / f"{name}.half"
            half.write_bytes(message.message().as_bytes())
            half.rename(directory() / f"{name}.eml")  # never seen half written
        return len(email_messages)


def names() -> list[str]:
    """What is in the mailbox, the newest first."""
    return sorted((path.stem for path in directory().glob("*.eml")), reverse=True)


def read(name: str) -> EmailMessage:
    """One mail; raises FileNotFoundError."""
    content = (directory() / f"{name}.eml").read_bytes()
    return email.message_from_bytes(content, policy=default)  # type: ignore[return-value]

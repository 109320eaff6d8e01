"""Links that only the reader of one mailbox knows.

A token is derived from a key that is not in the database, so a mail can be rendered
again without the token being stored anywhere; the database keeps only its digest.
A higher version makes a new token, and the old one is worth nothing.
"""

import base64
import datetime
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

PAGES = {  # purpose → the page that takes its token
    "application": "applications:status",
    "draft": "applications:resume",
    "activation": "accounts:activate",
    "invitation": "organisations:invitation",
    "email_change": "accounts:confirm_email",
    "bank_change": "applications:confirm_bank_change",
}
# purpose → from the row's id to a path with a token that another package makes and checks
MADE_ELSEWHERE: dict[str, Callable[[Any], str]] = {}


def token(purpose: str, pk: object, version: int) -> str:
    """43 characters for an address: 256 bits that cannot be guessed from the row."""
    content = f"{purpose}|{pk}|{version}".encode()
    mac = hmac.new(settings.LINK_KEY, content, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def digest(token: str) -> str:
    """What the database keeps of a token, and looks it up by (SHA-256, hexadecimal)."""
    return hashlib.sha256(token.encode()).hexdigest()


def renew(purpose: str, row: Any) -> None:
    """Give a saved row (link_version, link_digest) another link; saving it is the caller's.

    The link before this one is worth nothing once the row is saved.
    """
    row.link_version += 1
    row.link_digest = digest(token(purpose, row.pk, row.link_version))


def address(purpose: str, pk: object, version: int) -> str:
    """The whole address, on the host that is configured and not one that was asked for."""
    if purpose in MADE_ELSEWHERE:
        return settings.BASE_URL + MADE_ELSEWHERE[purpose](pk)
    path = reverse(PAGES[purpose], args=[token(purpose, pk, version)])
    return settings.BASE_URL + path


def end_of_day_in(days: int) -> datetime.datetime:
    """Until when a link works that is good "tot en met" the day so many days from now."""
    day = timezone.localdate() + datetime.timedelta(days=days)
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))

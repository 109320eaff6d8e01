"""The browsers by which a person is known: where they signed in before.

Each browser has one cookie with a random token; a row says for which person it counts.
"""

import datetime
import secrets

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from audit.services import record
from mail.private_links import digest

from . import emails, places
from .devices import device
from .models import KnownDevice, User

COOKIE = "device" if settings.DEVELOPMENT else "__Host-device"
DAYS = 400  # as long as browsers keep a cookie


def token_of(request: HttpRequest) -> str:
    """What this browser is known by; empty if it is new here."""
    return str(request.get_signed_cookie(COOKIE, "", salt=COOKIE))


def find(username: str, token: str) -> KnownDevice | None:
    """The device that a browser is to this person, if it is known to be theirs."""
    rows = KnownDevice.objects.filter(user__username=username, digest=digest(token))
    return rows.first()


def give_cookie(response: HttpResponse, token: str) -> None:
    """Have the browser show its token from now on; no script can read it."""
    response.set_signed_cookie(
        COOKIE,
        token,
        salt=COOKIE,
        max_age=DAYS * 24 * 3600,
        secure=not settings.DEVELOPMENT,
        httponly=True,
        samesite="Lax",
    )


def new_token() -> str:
    return secrets.token_urlsafe(32)


def trust(user: User, *, token: str, user_agent: str) -> KnownDevice:
    """Let a browser in whose person proved who they are, whoever else is guessing."""
    found, _created = KnownDevice.objects.get_or_create(
        user=user, digest=digest(token), defaults={"user_agent": user_agent[:200]}
    )
    return found


@transaction.atomic
def signed_in(
    user: User, *, token: str, user_agent: str, address: str, first: bool
) -> None:
    """Know a browser from now on; its person is mailed if they never signed in with it.

    Not when it is their `first` time at all: they chose their password a moment ago.
    """
    known = trust(user, token=token, user_agent=user_agent)
    if known.last_used_at is None and not first:
        record("account.new_device", subject=user, by=user)
        with translation.override(user.language):
            words = device(user_agent)
            from_where = places.address_and_place(address)
        emails.new_device(user, device=words, address=from_where)
    known.last_used_at, known.user_agent = timezone.now(), user_agent[:200]
    known.save(update_fields=["last_used_at", "user_agent"])


def forget(user: User, *, but: str = "") -> None:
    """Know a person by no browser any more, or by none but the one with this token."""
    KnownDevice.objects.filter(user=user).exclude(digest=digest(but)).delete()


def sweep() -> None:
    """Forget the browsers whose cookie has run out."""
    long_ago = timezone.now() - datetime.timedelta(days=DAYS)
    KnownDevice.objects.filter(first_used_at__lt=long_ago).exclude(
        last_used_at__gt=long_ago
    ).delete()

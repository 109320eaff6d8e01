"""The secrets of a key: reading the one in use, replacing it, ending the old one."""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record
from organisations.roles import Permission

from .. import secrets
from ..models import ApiKey, KeySecret
from .blocking import KeyBlocked, unblock
from .changing import ChangedMeanwhile
from .issuing import add_secret
from .locking import lock_key


class KeyOver(Exception):
    """The key's last day is past."""


class NotLonger(Exception):
    """The old secret works as long already, or longer."""


class SecretOver(Exception):
    """The old secret works no more; nothing makes it work again."""


@sensitive_variables("text")
@transaction.atomic
def reveal(key: ApiKey, *, by: User) -> str:
    """Let a person read the secret that is in use; that they did is kept for ever."""
    lock_key(key, by=by, permission=Permission.KEYS_REVEAL)
    _refuse_dead(key)
    secret = key.secrets.usable().latest("created_at")
    text = secrets.unseal(secret)
    record(
        "key.revealed",
        subject=key,
        by=by,
        organisation=key.organisation,
        public_id=secret.public_id,
    )
    return text


@transaction.atomic
def rotate(
    key: ApiKey, overlap: datetime.timedelta, *, by: User, seen: str | None = None
) -> KeySecret:
    """Give a key a new secret now; the one until now works for `overlap` yet.

    `seen` is the public id of the secret that was shown: a second click does nothing.
    """
    lock_key(key, by=by, permission=Permission.KEYS_REVEAL)
    _refuse_dead(key)
    until = timezone.now() + overlap
    old = key.secrets.get(expires_at=None)
    if seen is not None and seen != old.public_id:
        raise ChangedMeanwhile(key.name)
    old.expires_at = until
    old.save(update_fields=["expires_at"])
    old.uses.update(asked=0)  # counted anew, to see whether it is still used
    secret = add_secret(key)
    record(
        "key.rotated",
        subject=key,
        by=by,
        organisation=key.organisation,
        public_id=secret.public_id,
        until=until,
    )
    return secret


@transaction.atomic
def renew_blocked(key: ApiKey, *, by: User) -> KeySecret:
    """Open a blocked key again with a new secret; none that got out opens it any more.

    Raises KeyNotBlocked or OnlySupport as unblock(), or KeyOver.
    """
    unblock(key, by=by)
    for old in key.secrets.filter(expires_at__gt=timezone.now()):
        end_old_secret(old, by=by)
    return rotate(key, datetime.timedelta(), by=by)


@transaction.atomic
def extend_old_secret(
    secret: KeySecret, overlap: datetime.timedelta, *, by: User
) -> None:
    """Let an old secret work for so long from now on.

    Raises NotLonger, SecretOver, or KeyBlocked or KeyOver where it opens nothing now.
    """
    _lock(secret, by=by)
    _refuse_dead(secret.key)
    if not secret.is_ending:
        raise SecretOver(secret.public_id)
    until: Any = timezone.now() + overlap
    if secret.expires_at and until <= secret.expires_at:
        raise NotLonger(secret.public_id)
    secret.expires_at = until
    secret.save(update_fields=["expires_at"])
    _record("key.overlap_extended", secret, by)


@transaction.atomic
def end_old_secret(secret: KeySecret, *, by: User | None) -> None:
    """Have an old secret open nothing from now on; `by` None: it was found somewhere."""
    _lock(secret, by=by)
    if not secret.is_ending:
        raise SecretOver(secret.public_id)
    secret.expires_at = timezone.now()
    secret.save(update_fields=["expires_at"])
    _record("key.overlap_ended", secret, by)


def _lock(secret: KeySecret, *, by: User | None) -> None:
    """The key first, as rotate does, so that two acts cannot wait for each other."""
    lock_key(secret.key, by=by, permission=Permission.KEYS_REVEAL)
    secret.refresh_from_db()


def _refuse_dead(key: ApiKey) -> None:
    if key.blocked_at:
        raise KeyBlocked(key.name)
    if key.is_over or key.retired_at:
        raise KeyOver(key.name)


def _record(kind: str, secret: KeySecret, by: User | None) -> None:
    record(
        kind,
        subject=secret.key,
        by=by,
        organisation=secret.key.organisation,
        public_id=secret.public_id,
        until=secret.expires_at,
    )

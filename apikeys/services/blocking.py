"""Closing a key at once, and opening it again."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from audit.services import record
from organisations.roles import Permission

from .. import emails, probing
from ..models import REASONS, ApiKey, BlockedBy
from .locking import lock_key


class KeyBlocked(Exception):
    """The key opens nothing at the moment."""


class KeyNotBlocked(Exception):
    """There is nothing to lift."""


class OnlySupport(Exception):
    """The operator blocked it, so only the operator lifts that."""


@transaction.atomic
def block(key: ApiKey, *, by: User, reason: str) -> None:
    """Close every API to a key at once, for a reason that its organisation reads."""
    lock_key(key)
    _close(key, BlockedBy.SUPPORT, by=by, reason=reason)


@transaction.atomic
def block_as_leaked(key: ApiKey, *, by: User | None) -> None:
    """A member says that a key got out, or (nobody) a scanner: it is closed at once."""
    lock_key(key, by=by, permission=Permission.KEYS_REVEAL)
    origin = BlockedBy.MEMBER if by else BlockedBy.LEAK_REPORT
    with override(settings.LANGUAGE_CODE):
        reason = str(REASONS[origin])
    if by:
        emails.key_blocked(key, by=by)
    _close(key, origin, by=by, reason=reason)


def _close(key: ApiKey, origin: BlockedBy, *, by: User | None, reason: str) -> None:
    """Needs the lock."""
    if key.blocked_at:
        raise KeyBlocked(key.name)
    key.blocked_at, key.blocked_reason, key.blocked_by = timezone.now(), reason, origin
    key.save(update_fields=["blocked_at", "blocked_reason", "blocked_by"])
    record(
        "key.blocked", subject=key, by=by, organisation=key.organisation, reason=reason
    )
    probing.start(key)


@transaction.atomic
def unblock(key: ApiKey, *, by: User) -> None:
    """Let a blocked key in again; what the operator's staff closed, only they open."""
    lock_key(key, by=by)
    if not key.blocked_at:
        raise KeyNotBlocked(key.name)
    if key.blocked_by == BlockedBy.SUPPORT and not by.is_staff:
        raise OnlySupport(key.name)
    key.blocked_at, key.blocked_reason, key.blocked_by = None, "", ""
    key.save(update_fields=["blocked_at", "blocked_reason", "blocked_by"])
    record("key.unblocked", subject=key, by=by, organisation=key.organisation)

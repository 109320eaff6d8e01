"""Closing an organisation: its keys open nothing, and its members read and change nothing."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from audit.services import record

from .. import emails
from ..models import Organisation
from .intervening import OwnInterest
from .locking import lock


class AlreadyBlocked(Exception):
    """A colleague blocked it before."""


class NotBlocked(Exception):
    """There is nothing to lift."""


@transaction.atomic
def block(organisation: Organisation, *, reason: str, by: User) -> None:
    """Refuse all its keys from now on, for a reason that its administrators are mailed.

    No key changes: what one was by itself it is again when this is lifted. Raises
    OwnInterest or AlreadyBlocked.
    """
    _lock(organisation, by)
    if organisation.blocked_at:
        raise AlreadyBlocked
    _write(organisation, at=timezone.now(), reason=reason)
    record(
        "organisation.blocked",
        subject=organisation,
        organisation=organisation,
        by=by,
        reason=reason,
    )
    emails.blocked(organisation)


@transaction.atomic
def unblock(organisation: Organisation, *, reason: str, by: User) -> None:
    """Let it work again, with the keys that worked; raises OwnInterest or NotBlocked."""
    _lock(organisation, by)
    if not organisation.blocked_at:
        raise NotBlocked
    _give_back(organisation, timezone.now() - organisation.blocked_at)
    _write(organisation, at=None, reason="")
    record(
        "organisation.unblocked",
        subject=organisation,
        organisation=organisation,
        by=by,
        reason=reason,
    )
    emails.unblocked(organisation, reason=reason)


def _give_back(organisation, time):
    """In which no administrator could object to who asks to become one."""
    asked = organisation.administrator_requests.open()
    asked.update(falls_at=F("falls_at") + time)


def _lock(organisation, by):
    lock(organisation.pk)
    organisation.refresh_from_db()
    if organisation.memberships.filter(user=by).exists():
        raise OwnInterest


def _write(organisation, *, at, reason):
    organisation.blocked_at, organisation.blocked_reason = at, reason
    organisation.save(update_fields=["blocked_at", "blocked_reason"])

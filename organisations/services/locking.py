"""Who may act for an organisation, judged at the moment that it is done."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.models import User

from ..models import Organisation
from ..roles import Permission


class OrganisationBlocked(PermissionDenied):
    """The operator blocked the organisation: its members read, and change nothing."""


class OrganisationMerged(PermissionDenied):
    """All that it had is at another organisation now: nothing is done here any more."""


def lock(
    organisation_id: int,
    *,
    by: User | None = None,
    permission: Permission = Permission.ORGANISATION_MANAGE,
    while_blocked: bool = False,
    after_merging: bool = False,
) -> Organisation:
    """Let nobody else change who runs the organisation until this is done.

    `by` acts as a member with this right, and is refused if they lost it since the page
    was made (PermissionDenied), or if the organisation was blocked (OrganisationBlocked)
    and this is not for `while_blocked`. Who merged into another is left alone
    (OrganisationMerged), but for what is done `after_merging`. Take this lock before
    every other one.

    Without its key: what is recorded meanwhile refers to the organisation as it commits,
    holding the audit log that this will wait for.
    """
    rows = Organisation.objects.select_for_update(no_key=True)
    organisation = rows.get(pk=organisation_id)
    if not after_merging:
        require_not_merged(organisation)
    require(permission, of=organisation, user=by, while_blocked=while_blocked)
    return organisation


def lock_of(row: Any, **how: Any) -> Organisation:
    """lock() of what a row belongs to; if that merged a moment ago, of where the row is."""
    try:
        return lock(row.organisation_id, **how)
    except OrganisationMerged:
        row.refresh_from_db(fields=["organisation"])
        return lock(row.organisation_id, **how)


def for_each(rows: Iterable[Any], act: Callable[[Any], object]) -> None:
    """What a worker does for many; of who merged meanwhile it is done where all of it is."""
    for row in rows:
        with suppress(OrganisationMerged):
            act(row)


def require_not_merged(organisation: Organisation) -> None:
    """Refuse what would be lost on an organisation that is only history."""
    if organisation.merged_into_id:
        raise OrganisationMerged


def require_administrator(organisation: Organisation, user: User | None) -> None:
    """Refuse who does not run the organisation any more; it is locked."""
    require(Permission.ORGANISATION_MANAGE, of=organisation, user=user)


def require(
    permission: Permission,
    *,
    of: Organisation,
    user: User | None,
    while_blocked: bool = False,
) -> None:
    """Refuse who lost the right while the page was open; the organisation is locked.

    Time and the operator's staff act for an organisation through services of their own.
    """
    if user is None or user.is_staff:
        return
    mine = of.memberships.filter(user=user).first()
    if not (mine and permission in mine.permissions):
        raise PermissionDenied
    if of.blocked_at and not while_blocked:
        raise OrganisationBlocked

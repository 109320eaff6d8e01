"""What happens to organisations and their members."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from audit.services import record

from ..models import AdministratorRequest, Membership, Organisation
from ..roles import Role
from . import own_login, withdrawing
from .locking import lock, require_administrator


class LastAdministrator(Exception):
    """An organisation keeps at least one active administrator (product.md, rule 1)."""


class ChangedMeanwhile(Exception):
    """Somebody else changed this after it was shown to who wants to change it now."""


@transaction.atomic
def found(*, slug: str, by: User, **facts: Any) -> Organisation:
    """Enter an organisation that was not a customer yet; `facts` are its fields."""
    organisation = Organisation.objects.create(slug=slug, **facts)
    record(
        "organisation.founded", subject=organisation, organisation=organisation, by=by
    )
    return organisation


@transaction.atomic
def add_member(
    organisation: Organisation, user: User, *, role: Role, by: User
) -> Membership:
    """Give a person a place in an organisation."""
    membership = Membership.objects.create(
        organisation=organisation, user=user, role=role
    )
    _record("member.added", membership, by=by, role=role)
    return membership


@transaction.atomic
def change_role(
    membership: Membership, role: Role, *, by: User | None, seen: Role | None = None
) -> None:
    """Give a member another role; who is administrator no longer leaves no way behind.

    Time does it as nobody. Raises LastAdministrator, or ChangedMeanwhile when the role
    is not what was `seen`.
    """
    organisation = _lock(membership, by=by)
    if role == Role.ADMINISTRATOR:
        require_administrator(organisation, by)
    if seen and membership.role != seen:
        raise ChangedMeanwhile
    if membership.role == role:
        return
    _require_another_administrator(membership)
    _overtake_request(membership, by=by)
    was, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    if role != Role.ADMINISTRATOR:
        accounts.forget_reauthentication(membership.user)
        withdrawing.take_back_of(membership, by=by)
    _record("member.role_changed", membership, by=by, was=was, now=role)


@transaction.atomic
def hand_over(mine: Membership, colleague: Membership, *, by: User) -> None:
    """Make a colleague administrator and step back, as one act: never none, never a gap."""
    _lock(mine, by=by)
    colleague.refresh_from_db()
    accounts.forget_reauthentication(mine.user)  # before the audit log is locked
    change_role(colleague, Role.ADMINISTRATOR, by=by)
    change_role(mine, Role.DEVELOPER, by=by)


@transaction.atomic
def remove_member(membership: Membership, *, by: User) -> None:
    """End a person's place in an organisation, at once; raises LastAdministrator.

    Every page reads the membership anew, so the next click finds nothing; the person's
    sessions end too, and the invitations that they sent or got. What the person did
    stays on record.
    """
    _lock(membership, by=by)
    _require_another_administrator(membership)
    accounts.end_sessions(membership.user)
    own_login.forget_link(membership)
    withdrawing.take_back_of(membership, by=by)
    _overtake_request(membership, by=by)
    _record("member.removed", membership, by=by, was=membership.role)
    membership.delete()


@transaction.atomic
def sign_out(membership: Membership, *, by: User) -> None:
    """End a member's sessions, on every device."""
    _lock(membership, by=by)
    accounts.end_sessions(membership.user)
    _record("member.signed_out", membership, by=by)


def is_alone(membership: Membership) -> bool:
    """Whether this member is the only one who runs the organisation."""
    return [*membership.organisation.memberships.administrators()] == [membership]


def only_administrator_of(user: User) -> list[Organisation]:
    """The organisations that would have no administrator without this person."""
    return [
        membership.organisation
        for membership in user.memberships.administrators().select_related(
            "organisation"
        )
        if membership.organisation.memberships.administrators().count() == 1
    ]


@transaction.atomic
def close_account(user: User) -> None:
    """End a person's account and their place everywhere; raises LastAdministrator."""
    places = user.memberships.select_related("organisation").order_by("organisation")
    for membership in places:  # every lock before the first record()
        lock(membership.organisation_id)
    for membership in places:
        remove_member(membership, by=user)
    accounts.close(user)


def _lock(membership: Membership, *, by: User | None) -> Organisation:
    """Under lock, for an administrator, or somebody who gives up their own place."""
    organisation = lock(membership.organisation_id)
    membership.refresh_from_db()
    if by != membership.user:
        require_administrator(organisation, by)
    return organisation


def _require_another_administrator(membership: Membership) -> None:
    colleagues = membership.organisation.memberships.exclude(pk=membership.pk)
    if (
        membership.role == Role.ADMINISTRATOR
        and not colleagues.administrators().exists()
    ):
        raise LastAdministrator


def _overtake_request(membership: Membership, *, by: User | None) -> None:
    """End what this person asked for: it has no point any more (see asking.py)."""
    asked = membership.organisation.administrator_requests.open()
    asked.filter(user=membership.user).update(
        outcome=AdministratorRequest.Outcome.OVERTAKEN,
        ended_at=timezone.now(),
        ended_by=by,
    )


def _record(kind: str, membership: Membership, *, by: User | None, **data: Any) -> None:
    record(
        kind,
        subject=membership,
        organisation=membership.organisation,
        by=by,
        user=membership.user_id,
        **data,
    )

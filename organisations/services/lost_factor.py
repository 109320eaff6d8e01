"""Helping who lost telephone and recovery codes: their second factor is taken away."""

from django.db import transaction

from accounts import services as accounts
from accounts.models import User
from audit.services import record

from ..models import Membership
from .locking import lock


class NotOursToEnd(Exception):
    """It guards more than this organisation, or it is one's own: the operator helps."""


def may_end(membership: Membership, *, by: User) -> bool:
    """Of a colleague who belongs to this organisation alone, and is not staff."""
    user = membership.user
    return user != by and not user.is_staff and user.memberships.count() == 1


@transaction.atomic
def end_of(membership: Membership, *, by: User) -> None:
    """An administrator takes a member's second factor away; raises NotOursToEnd."""
    lock(membership.organisation_id, by=by)
    membership.refresh_from_db()
    if not may_end(membership, by=by):
        raise NotOursToEnd
    end(membership.user, by=by)


def end(user: User, *, by: User | None) -> None:
    """Take it away, and let every organisation of this person read that it was."""
    accounts.take_second_factor(user, by=by)
    for membership in user.memberships.select_related("organisation"):
        record(
            "member.second_factor_taken",
            subject=membership,
            organisation=membership.organisation,
            by=by,
            user=user.pk,
        )

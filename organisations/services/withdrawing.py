"""Taking invitations back: one of them, or all that hang on somebody who goes."""

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.services import record

from ..models import Invitation, Membership


def take_back(invitation: Invitation, *, by: User) -> None:
    """End a waiting invitation, which the caller holds under lock."""
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    record(
        "invitation.withdrawn",
        subject=invitation,
        organisation=invitation.organisation,
        by=by,
    )


def hanging_on(membership: Membership):
    """Waiting invitations that this person sent, or that were sent to them."""
    user = membership.user
    return membership.organisation.invitations.waiting().filter(
        Q(invited_by=user) | Q(email__iexact=user.email)
    )


def take_back_of(membership: Membership, *, by: User) -> None:
    """End what a person could still let in, or come back by; the organisation is locked."""
    for invitation in hanging_on(membership).select_for_update(of=("self",)):
        take_back(invitation, by=by)

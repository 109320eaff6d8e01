"""What happens to organisations and their members."""

from typing import Any

from django.db import transaction

from accounts.models import User
from audit.services import record

from .models import Membership, Organisation
from .roles import Role


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
    record(
        "member.added",
        subject=membership,
        organisation=organisation,
        by=by,
        user=user.pk,
        role=role,
    )
    return membership

"""Staff look along with an organisation: to read only, with a reason, for a short while."""

import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record

from ..models import LookAlong, Organisation
from ..roles import Role
from .intervening import OwnInterest


@transaction.atomic
def start(
    organisation: Organisation, *, role: Role, reason: str, by: User
) -> LookAlong:
    """Let one of staff read what a member of this role sees; its administrators can read why.

    Raises OwnInterest: who belongs to the organisation comes in as themselves.
    """
    if not by.is_staff:
        raise PermissionDenied
    if organisation.memberships.filter(user=by).exists():
        raise OwnInterest
    now = timezone.now()
    look = LookAlong.objects.create(
        organisation=organisation,
        by=by,
        role=role,
        reason=reason,
        since=now,
        until=now + datetime.timedelta(minutes=settings.LOOK_ALONG_MINUTES),
    )
    record(
        "look_along.started",
        subject=look,
        by=by,
        organisation=organisation,
        reason=reason,
        role=role,
    )
    return look


@transaction.atomic
def stop(look: LookAlong, *, by: User) -> None:
    """End it before its time; the second time does nothing."""
    now = timezone.now()
    going_on = LookAlong.objects.going_on().filter(pk=look.pk, by=by)
    if going_on.update(until=now):
        record(
            "look_along.stopped", subject=look, by=by, organisation=look.organisation
        )


def going_on(user: User, slug: str) -> LookAlong | None:
    """Whether this person looks along with that organisation now; not who left the staff."""
    if not (user.is_staff and user.has_perm("organisations.look_along")):
        return None
    looks = LookAlong.objects.going_on().filter(by=user, organisation__slug=slug)
    return looks.select_related("organisation__own_login").order_by("-until").first()

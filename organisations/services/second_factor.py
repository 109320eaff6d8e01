"""Asking a second factor of everybody in an organisation, from a day on."""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.services import record

from .. import emails
from ..models import Organisation
from .locking import require_administrator
from .members import ChangedMeanwhile

REMINDED = "organisation.second_factor_reminded"


class HasNone(Exception):
    """Who asks it of others has a second factor; else they would lock themselves out."""


class InThePast(Exception):
    """The members need a day at least to read of it, today being the first."""


class RemindedToday(Exception):
    """One reminder a day is enough."""


@transaction.atomic
def require(
    organisation: Organisation,
    day: datetime.date,
    *,
    by: User,
    has_one: bool,
    seen: datetime.date | None,
) -> None:
    """Ask a second factor of every member from this day on, and tell them all.

    Raises HasNone, InThePast, or ChangedMeanwhile when the day was not what was `seen`.
    """
    if not has_one:
        raise HasNone
    if day < timezone.localdate():
        raise InThePast
    _lock(organisation, by=by, seen=seen)
    if organisation.second_factor_from == day:
        return
    _set(organisation, day)
    record(
        "organisation.second_factor_required",
        subject=organisation,
        organisation=organisation,
        by=by,
        **{"from": day.isoformat()},
    )
    for membership in _members(organisation):
        emails.second_factor_required(membership, by=by)


@transaction.atomic
def release(
    organisation: Organisation, *, by: User, seen: datetime.date | None
) -> None:
    """Leave it to each member again; raises ChangedMeanwhile."""
    _lock(organisation, by=by, seen=seen)
    if organisation.second_factor_from is None:
        return
    _set(organisation, None)
    record(
        "organisation.second_factor_released",
        subject=organisation,
        organisation=organisation,
        by=by,
    )


@transaction.atomic
def remind(organisation: Organisation, *, by: User) -> int:
    """Mail everybody who has no second factor yet; says how many. Raises RemindedToday."""
    _lock(organisation, by=by, seen=organisation.second_factor_from)
    if reminded_today(organisation):
        raise RemindedToday
    without = [one for one in _members(organisation) if not one.has_second_factor]
    record(REMINDED, subject=organisation, organisation=organisation, by=by)
    for membership in without:
        emails.second_factor_reminder(membership, by=by)
    return len(without)


def reminded_today(organisation: Organisation) -> bool:
    """Whether a reminder went out in the last day."""
    a_day_ago = timezone.now() - datetime.timedelta(days=1)
    sent = Event.objects.filter(organisation=organisation, kind=REMINDED)
    return sent.filter(at__gt=a_day_ago).exists()


def _lock(organisation: Organisation, *, by: User, seen: datetime.date | None) -> None:
    organisation.refresh_from_db(
        from_queryset=Organisation.objects.select_for_update(no_key=True)
    )
    require_administrator(organisation, by)
    if organisation.second_factor_from != seen:
        raise ChangedMeanwhile


def _set(organisation: Organisation, day: datetime.date | None) -> None:
    organisation.second_factor_from = day
    organisation.save(update_fields=["second_factor_from"])


def _members(organisation: Organisation):
    members = organisation.memberships.filter(user__is_active=True)
    return members.select_related("user", "organisation").with_second_factor()

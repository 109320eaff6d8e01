"""What staff do for an organisation that cannot help itself: four eyes, a term, a record.

Its only administrator is gone, or lost the second factor: one member of staff proposes,
another approves, the organisation is told at both and any administrator can object.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from audit.services import record
from mail import private_links

from .. import emails
from ..models import Intervention, Membership, Organisation
from ..roles import Role
from . import inviting, lost_factor
from .locking import lock
from .members import change_role

Kind, Outcome = Intervention.Kind, Intervention.Outcome


class SamePerson(Exception):
    """Who proposed it cannot be the one who approves it."""


class OwnInterest(Exception):
    """Who belongs to the organisation, or would gain by it, does not act on it."""


class InterventionEnded(Exception):
    """It was carried out, objected to or stopped before."""


class AlreadyApproved(Exception):
    """Another member of staff approved it before."""


class WithoutTerm(Exception):
    """A merge is approved where it is done (applications/services/merging.py)."""


class AlreadyProposed(Exception):
    """The same was proposed, and is open."""


@transaction.atomic
def propose(
    organisation: Organisation,
    kind: Intervention.Kind,
    *,
    reason: str,
    checked: str,
    by: User,
    **whom: Any,
) -> Intervention:
    """Propose, and tell the organisation. `whom`: user or email, and replaces.

    Raises OwnInterest or AlreadyProposed.
    """
    lock(organisation.pk)
    intervention = Intervention(
        organisation=organisation,
        kind=kind,
        reason=reason,
        checked=checked,
        proposed_by=by,
        **whom,
    )
    require_no_interest(intervention, by)
    try:
        with transaction.atomic():
            intervention.save(force_insert=True)
    except IntegrityError as error:
        if "intervention_is_one_at_a_time" in str(error):
            raise AlreadyProposed from None
        raise
    _record("proposed", intervention, by=by)
    emails.intervention(intervention)
    return intervention


@transaction.atomic
def approve(intervention: Intervention, *, by: User) -> None:
    """A second member of staff agrees: from now on its term runs.

    Raises SamePerson, OwnInterest, AlreadyApproved, InterventionEnded or WithoutTerm.
    """
    take_to_approve(intervention, by=by)
    if intervention.kind == Kind.MERGE:
        raise WithoutTerm
    until = private_links.end_of_day_in(settings.INTERVENTION_WAIT_DAYS)
    _approve(intervention, until, by=by)
    emails.intervention(intervention)


def take_to_approve(intervention: Intervention, *, by: User) -> None:
    """Lock it for a second member of staff, who may agree; raises as approve()."""
    _take(intervention)
    if intervention.approved_at:
        raise AlreadyApproved
    if intervention.proposed_by == by:
        raise SamePerson
    require_no_interest(intervention, by)


def done_at_once(intervention: Intervention, *, by: User) -> None:
    """What has no term is done by who approves it, after take_to_approve()."""
    _approve(intervention, timezone.now(), by=by)
    _end(intervention, Outcome.DONE, by=by)


def _approve(intervention: Intervention, until: Any, *, by: User) -> None:
    intervention.approved_at = min(timezone.now(), until)
    intervention.approved_by, intervention.takes_effect_at = by, until
    intervention.save(update_fields=["approved_at", "approved_by", "takes_effect_at"])
    _record("approved", intervention, by=by)


@transaction.atomic
def object_to(intervention: Intervention, *, by: User) -> None:
    """An administrator is there after all: it ends. Raises InterventionEnded."""
    _take(intervention, by=by)
    _end(intervention, Outcome.OBJECTED, by=by)
    emails.intervention_ended(intervention)


@transaction.atomic
def stop(intervention: Intervention, *, by: User) -> None:
    """Staff think better of it; raises OwnInterest or InterventionEnded."""
    _take(intervention)
    require_no_interest(intervention, by)
    _end(intervention, Outcome.STOPPED, by=by)
    emails.intervention_ended(intervention)


def carry_out_all() -> None:
    """Carry out what was approved and whose term is over; workers may do this at once."""
    due = Intervention.objects.open().filter(takes_effect_at__lte=timezone.now())
    for intervention in due:
        carry_out(intervention)


@transaction.atomic
def carry_out(intervention: Intervention) -> None:
    """Do what was approved, exactly once, unless it has no point any more."""
    try:
        _take(intervention)
    except InterventionEnded:
        return
    if intervention.takes_effect_at is None or (
        intervention.takes_effect_at > timezone.now()
    ):
        return
    act = _appoint if intervention.kind == Kind.APPOINT else _take_second_factor
    try:
        act(intervention)  # checks before it writes; sessions before the first record
    except NoPoint:
        _end(intervention, Outcome.OVERTAKEN, by=None)
        emails.intervention_ended(intervention)
    else:
        _end(intervention, Outcome.DONE, by=None)


class NoPoint(Exception):
    """What was approved cannot be done any more, or need not."""


def require_no_interest(intervention: Intervention, by: User) -> None:
    """Staff do not act where they belong, nor for themselves; raises OwnInterest."""
    both = [intervention.organisation_id, intervention.into_id]
    belongs = Membership.objects.filter(organisation__in=both, user=by).exists()
    if belongs or by == intervention.user or by.email.lower() == _address(intervention):
        raise OwnInterest


def _address(intervention: Intervention) -> str:
    user = intervention.user
    return (user.email if user else intervention.email).lower()


def _appoint(intervention: Intervention) -> None:
    organisation = intervention.organisation
    members = organisation.memberships.select_related("organisation", "user")
    whom = members.filter(user=intervention.user).first()
    if intervention.email:
        whom = members.filter(user__email__iexact=intervention.email).first()
        if whom is None:
            inviting.ask(
                organisation,
                intervention.email,
                role=Role.ADMINISTRATOR,
                by=intervention.proposed_by,
                language=settings.LANGUAGE_CODE,
            )
            return
    if whom is None or not whom.user.is_active or whom.role == Role.ADMINISTRATOR:
        raise NoPoint
    replaced = members.filter(user=intervention.replaces).first()
    if replaced:  # before the audit log is locked
        accounts.forget_reauthentication(replaced.user)
    change_role(whom, Role.ADMINISTRATOR, by=None)
    emails.administrator_new(whom, by=None)
    _step_down(replaced)


def _step_down(membership: Membership | None) -> None:
    if membership and membership.role == Role.ADMINISTRATOR:
        change_role(membership, Role.DEVELOPER, by=None)


def _take_second_factor(intervention: Intervention) -> None:
    """Unless the person signed in since: then they have it."""
    user = intervention.user
    if user is None or not user.is_active or user.is_staff:
        raise NoPoint
    if user.last_login and user.last_login > intervention.proposed_at:
        raise NoPoint
    if not intervention.organisation.memberships.filter(user=user).exists():
        raise NoPoint
    lost_factor.end(user, by=None)


def _take(intervention: Intervention, *, by: User | None = None) -> None:
    """Let nobody else act on it until this is done; raises InterventionEnded.

    `by` is the administrator who objects, of either where it is about two.
    """
    both = [pk for pk in (intervention.organisation_id, intervention.into_id) if pk]
    here = Membership.objects.filter(organisation__in=both, user=by).order_by("role")
    acts_for = here.values_list("organisation", flat=True).first()
    acts_for = acts_for or intervention.organisation_id
    for pk in sorted(both):
        who = by if pk == acts_for else None
        lock(pk, by=who, while_blocked=True, after_merging=True)
    intervention.refresh_from_db()
    if intervention.outcome:
        raise InterventionEnded


def _end(intervention: Intervention, outcome: str, *, by: User | None) -> None:
    intervention.outcome = outcome
    intervention.ended_at, intervention.ended_by = timezone.now(), by
    intervention.save(update_fields=["outcome", "ended_at", "ended_by"])
    _record(outcome, intervention, by=by)


def _record(what: str, intervention: Intervention, *, by: User | None) -> None:
    both = [intervention.organisation, intervention.into]
    for organisation in filter(None, both):
        record(
            f"intervention.{what}",
            subject=intervention,
            organisation=organisation,
            by=by,
            user=intervention.user_id,
        )

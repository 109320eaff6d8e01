"""Asking to become administrator: all are told, and it falls to who asked if nobody objects."""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record
from mail import private_links

from .. import emails
from ..models import AdministratorRequest, Membership, Organisation
from ..roles import Role
from .locking import lock
from .members import change_role

REMINDED_BEFORE = datetime.timedelta(days=2)
Outcome = AdministratorRequest.Outcome


class MayNotAsk(Exception):
    """This member cannot ask now; `why`: administrator, asked, new or again, until `when`."""

    def __init__(self, why: str, when: datetime.datetime | None = None):
        super().__init__(why)
        self.why, self.when = why, when


class RequestEnded(Exception):
    """Somebody answered it, or its time came, a moment ago."""


@transaction.atomic
def ask(membership: Membership, *, reason: str) -> AdministratorRequest:
    """A developer asks; every member is mailed at once. Raises MayNotAsk."""
    lock(membership.organisation_id)
    membership.refresh_from_db()
    require_may_ask(membership)
    request = AdministratorRequest.objects.create(
        organisation=membership.organisation,
        user=membership.user,
        reason=reason,
        falls_at=private_links.end_of_day_in(settings.ADMINISTRATOR_WAIT_DAYS),
    )
    _record("asked", request, by=membership.user)
    emails.administrator_asked(request)
    return request


def require_may_ask(membership: Membership) -> None:
    """Not twice at once, not as a newcomer, not again and again; raises MayNotAsk."""
    if membership.role == Role.ADMINISTRATOR:
        raise MayNotAsk("administrator")
    before = membership.organisation.administrator_requests.filter(user=membership.user)
    if before.open().exists():
        raise MayNotAsk("asked")
    wait = datetime.timedelta(days=settings.ADMINISTRATOR_WAIT_DAYS)
    now = timezone.now()
    if membership.since + wait > now:
        raise MayNotAsk("new", membership.since + wait)
    if last := before.order_by("asked_at").last():
        again = last.asked_at + wait
        if last.outcome == Outcome.REFUSED and last.ended_at:
            days = settings.ADMINISTRATOR_AGAIN_DAYS
            again = last.ended_at + datetime.timedelta(days=days)
        if again > now:
            raise MayNotAsk("again", again)


@transaction.atomic
def withdraw(request: AdministratorRequest, *, by: User) -> None:
    """Who asked thinks better of it; raises RequestEnded."""
    _take(request)
    _end(request, Outcome.WITHDRAWN, by=by)


@transaction.atomic
def refuse(request: AdministratorRequest, *, answer: str, by: User) -> None:
    """An administrator objects: it ends. Raises RequestEnded."""
    _take(request, by=by)
    _end(request, Outcome.REFUSED, by=by, answer=answer)
    emails.administrator_refused(request)


@transaction.atomic
def grant(request: AdministratorRequest, *, by: User) -> None:
    """An administrator agrees: no waiting. Raises RequestEnded."""
    _take(request, by=by)
    _make_administrator(request, Outcome.GRANTED, by=by)


def tend_all() -> None:
    """What time does to open requests; every worker may do this, also at once."""
    for request in AdministratorRequest.objects.open():
        tend(request)


@transaction.atomic
def tend(request: AdministratorRequest) -> None:
    """End it if who asked is gone, let it fall if it is time, else remind in time.

    Not while the organisation is blocked: no administrator could object.
    """
    try:
        if _take(request).blocked_at:
            return
    except RequestEnded:
        return
    now = timezone.now()
    if _asker(request) is None:
        _end(request, Outcome.OVERTAKEN, by=None)
    elif request.falls_at <= now:
        _make_administrator(request, Outcome.PASSED, by=None)
    elif request.reminded_at is None and request.falls_at - REMINDED_BEFORE <= now:
        request.reminded_at = now
        request.save(update_fields=["reminded_at"])
        emails.administrator_asked(request, again=True)


def _make_administrator(request, outcome, *, by):
    membership = _asker(request)
    if membership is None:
        raise RequestEnded
    _end(request, outcome, by=by)
    change_role(membership, Role.ADMINISTRATOR, by=by)
    emails.administrator_new(membership, by=by)


def _asker(request: AdministratorRequest) -> Membership | None:
    """Who asked, if they are still a developer here and can sign in."""
    members = request.organisation.memberships.select_related("organisation", "user")
    return members.filter(
        user=request.user, user__is_active=True, role=Role.DEVELOPER
    ).first()


def _take(request: AdministratorRequest, *, by: User | None = None) -> Organisation:
    """Let nobody else decide until this is done; raises RequestEnded.

    `by` is the administrator who answers.
    """
    organisation = lock(request.organisation_id, by=by)
    request.refresh_from_db()
    if request.outcome:
        raise RequestEnded
    return organisation


def _end(
    request: AdministratorRequest, outcome: str, *, by: User | None, answer: str = ""
) -> None:
    request.outcome, request.answer = outcome, answer
    request.ended_at, request.ended_by = timezone.now(), by
    request.save(update_fields=["outcome", "answer", "ended_at", "ended_by"])
    _record(outcome, request, by=by)


def _record(what: str, request: AdministratorRequest, *, by: User | None) -> None:
    record(
        f"administrator_request.{what}",
        subject=request,
        organisation=request.organisation,
        by=by,
        user=request.user_id,
    )

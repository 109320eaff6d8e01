"""A new version of the terms: every organisation with a contract is asked, and answers."""

import datetime
import hashlib
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.services.locking import for_each
from organisations.services.locking import lock as lock_organisation

from .. import contract_emails, rendering, signing
from ..models import Contract, TermsAnswer, TermsRequest, TermsRound


class AlreadyStarted(Exception):
    """This round began already."""


class PreparedByYou(Exception):
    """Who prepared a round is not the one who begins it."""


class TooSoon(Exception):
    """Nobody could answer any more: the last day is today, or over."""


class AlreadyAgreed(Exception):
    """The organisation agreed; that is not taken back here."""


class OtherTerms(Exception):
    """Another document is asked about now than the one that was read."""


@transaction.atomic
def prepare(round: TermsRound, *, by: User) -> None:
    """Keep a round, new or changed, until somebody else begins it."""
    if round.pk:
        _lock(round.pk)
    round.prepared_by = by
    round.save()
    record("terms_round.prepared", subject=round, by=by)


@transaction.atomic
def start(round: TermsRound, *, by: User) -> None:
    """Fix what is asked, and have the worker ask every organisation with a contract.

    Raises AlreadyStarted, PreparedByYou, or TooSoon.
    """
    stored = _lock(round.pk)
    if stored.prepared_by_id == by.pk:
        raise PreparedByYou
    if stored.is_late or stored.answer_by == timezone.localdate():
        raise TooSoon
    data = rendering.general_data(on=timezone.localdate())
    stored.content = signing.signed(rendering.render(stored.template, data))
    stored.sha256 = hashlib.sha256(stored.content).hexdigest()
    stored.started_at, stored.started_by = timezone.now(), by
    stored.save()
    record("terms_round.started", subject=stored, by=by, sha256=stored.sha256)
    app.configure_task("applications.tasks.begin_terms_round").defer()


def tend_all() -> None:
    """Ask who was not asked yet, and remind who has not answered, until their last day.

    A contract of terms before these can begin when the round's own last day is past.
    """
    round = TermsRound.objects.current()
    if round is None:
        return
    for_each(_to_be_asked(round), partial(_ask, round))
    for_each(TermsRequest.objects.waiting(), _remind)


@transaction.atomic
def answer(request: TermsRequest, *, agreed: bool, seen: str, by: User) -> None:
    """Say for the organisation whether it agrees; `seen` is the digest of what was read.

    A "no" can become a "yes", also after the last day. Raises AlreadyAgreed, OtherTerms,
    or PermissionDenied for who lost the right meanwhile.
    """
    organisation = lock_organisation(request.organisation_id, by=by)
    round = request.round
    if round != TermsRound.objects.current() or round.sha256 != seen:
        raise OtherTerms
    before = request.answers.filter(replaced_by=None).first()
    if before and before.agreed:
        raise AlreadyAgreed
    if before and not agreed:
        return  # it said so before
    TermsAnswer.objects.create(
        request=request, replaces=before, agreed=agreed, sha256=seen, by=by
    )
    record(
        "terms.agreed" if agreed else "terms.refused",
        subject=request,
        organisation=organisation,
        by=by,
        sha256=seen,
    )
    contract_emails.terms_answered(request, agreed=agreed, by=by)


def _lock(pk: int) -> TermsRound:
    stored = TermsRound.objects.select_for_update(of=["self"]).get(pk=pk)
    if stored.started_at:
        raise AlreadyStarted
    return stored


def _to_be_asked(round: TermsRound):
    """With a contract that runs, of which the application agreed to other terms."""
    running = Contract.objects.running().exclude(application__terms=round.template)
    return Organisation.objects.filter(pk__in=running.values("organisation")).exclude(
        terms_requests__round=round
    )


@transaction.atomic
def _ask(round: TermsRound, organisation: Organisation) -> None:
    """Ask one organisation, once; whoever runs it gets a mail."""
    lock_organisation(organisation.pk)
    request, new = TermsRequest.objects.get_or_create(
        round=round, organisation=organisation
    )
    if new:
        record("terms.asked", subject=request, organisation=organisation, by=None)
        contract_emails.terms_asked(request)


@transaction.atomic
def _remind(request: TermsRequest) -> None:
    """Remind at most once, if its day has come and there is still no answer."""
    organisation = lock_organisation(request.organisation_id)
    request.refresh_from_db()
    days = settings.TERMS_REMINDER_DAYS[request.reminders :][:1]
    if (
        not days
        or request.is_late
        or request.answers.exists()
        or not organisation.contracts.running().exists()
    ):
        return
    due = timezone.localdate(request.asked_at) + datetime.timedelta(days=days[0])
    if timezone.localdate() >= due:
        request.reminders += 1
        request.save(update_fields=["reminders"])
        contract_emails.terms_reminder(request)

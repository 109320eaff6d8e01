"""Cancelling a contract, taking that back, and ending it when its last day is past."""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from apikeys import services as apikeys
from audit.services import record
from organisations.services.intervening import OwnInterest
from organisations.services.locking import lock_of

from .. import contract_emails
from ..models import Contract, OwnCancellation

CANCELLATION = ["ends_on", "cancelled_at", "cancelled_by", "cancellation_reason"]


class AlreadyCancelled(Exception):
    """Somebody cancelled it before."""


class NotCancelled(Exception):
    """There is no cancellation to take back, or its last day is past."""


class EndedByUs(Exception):
    """The operator ended it, so only the operator takes that back."""


class Over(Exception):
    """Its last day is past."""


class NotADay(Exception):
    """No contract ends on a day that is past, nor before it began."""


class LaterThanTheirs(Exception):
    """The customer chose an earlier last day already."""


class AnotherDay(Exception):
    """Since the last day was shown, a month ended: now it is a later one."""


def last_day(cancelled_on: datetime.date) -> datetime.date:
    """The last day of the next calendar month: 2 November → 31 December (the terms)."""
    months = cancelled_on.year * 12 + cancelled_on.month + 1  # from 0: two months on
    first_after = datetime.date(months // 12, months % 12 + 1, 1)
    return first_after - datetime.timedelta(days=1)


@transaction.atomic
def cancel(
    contract: Contract, *, ends_on: datetime.date, by: User, reason: str = ""
) -> None:
    """End the contract on the day that was shown; its key works until then, no longer.

    Raises AlreadyCancelled, or AnotherDay when `ends_on` is not the last day any more.
    """
    _lock(contract, by=by)
    if contract.cancelled_at:
        raise AlreadyCancelled
    if ends_on != last_day(timezone.localdate()):
        raise AnotherDay
    contract.ends_on, contract.cancellation_reason = ends_on, reason
    contract.cancelled_at, contract.cancelled_by = timezone.now(), by
    _save_cancellation(contract)
    apikeys.let_work_until(contract.api_key, ends_on, by=by)
    _record("contract.cancelled", contract, by, ends_on=ends_on)
    contract_emails.contract_cancelled(contract, by=by)


@transaction.atomic
def take_back(contract: Contract, *, by: User) -> None:
    """Let the contract run on after all; raises NotCancelled or EndedByUs."""
    _lock(contract, by=by)
    if not contract.cancelled_at or contract.is_over:
        raise NotCancelled
    if contract.by_us:
        raise EndedByUs
    _run_on(contract, by=by)


@transaction.atomic
def end(contract: Contract, *, ends_on: datetime.date, reason: str, by: User) -> None:
    """Staff end it on a day that they choose, not later than the customer chose.

    The keys stop after that day, and the organisation reads why. Raises OwnInterest, Over,
    NotADay or LaterThanTheirs.
    """
    _lock(contract)
    _require_no_interest(contract, by)
    if contract.is_over:
        raise Over
    if ends_on < timezone.localdate() or ends_on <= contract.starts_on:
        raise NotADay
    _keep_own_cancellation(contract)
    if OwnCancellation.objects.filter(contract=contract, ends_on__lt=ends_on).exists():
        raise LaterThanTheirs
    contract.ends_on, contract.cancellation_reason = ends_on, reason
    contract.cancelled_at, contract.cancelled_by = timezone.now(), by
    contract.by_us = True
    _save_cancellation(contract)
    apikeys.let_work_until(contract.api_key, ends_on, by=by)
    _record("contract.ended_by_us", contract, by, day=ends_on, reason=reason)
    contract_emails.contract_ended_by_us(contract)


@transaction.atomic
def let_run_on(contract: Contract, *, by: User) -> None:
    """Staff take back that they end it; what the customer cancelled stays cancelled.

    Raises OwnInterest or NotCancelled.
    """
    _lock(contract)
    _require_no_interest(contract, by)
    if not contract.by_us or contract.is_over:
        raise NotCancelled
    _run_on(contract, by=by)


def _keep_own_cancellation(contract: Contract) -> None:
    if contract.cancelled_at and not contract.by_us:
        theirs = {name: getattr(contract, name) for name in CANCELLATION}
        OwnCancellation.objects.create(contract=contract, **theirs)


def _run_on(contract: Contract, *, by: User) -> None:
    theirs = OwnCancellation.objects.filter(contract=contract).first()
    for name in CANCELLATION:
        setattr(contract, name, getattr(theirs or Contract(), name))
    contract.by_us = False
    _save_cancellation(contract)
    if theirs:
        theirs.delete()
    apikeys.let_work_until(contract.api_key, contract.ends_on, by=by)
    if contract.ends_on:
        _record("contract.kept_until", contract, by, day=contract.ends_on)
    else:
        _record("contract.kept", contract, by)
    contract_emails.contract_kept(contract, by=by)


def end_those_over() -> None:
    """End what was paid for under each contract whose last day is past, once.

    The gateway needs none of this: it counts the key's own end.
    """
    for contract in Contract.objects.over():
        _end(contract)


@transaction.atomic
def _end(contract: Contract) -> None:
    _lock(contract)
    if contract.ended_at or not contract.ends_on or not contract.is_over:
        return
    contract.ended_at = timezone.now()
    contract.save(update_fields=["ended_at"])
    apikeys.end_subscriptions(contract.api_key, contract.ends_on)
    _record("contract.ended", contract, None)


def _lock(contract: Contract, *, by: User | None = None) -> None:
    """The organisation, for who acts as its administrator, then the contract."""
    lock_of(contract, by=by)
    contract.refresh_from_db(from_queryset=Contract.objects.select_for_update())


def _require_no_interest(contract: Contract, by: User) -> None:
    if contract.organisation.memberships.filter(user=by).exists():
        raise OwnInterest


def _save_cancellation(contract: Contract) -> None:
    contract.save(update_fields=[*CANCELLATION, "by_us"])


def _record(kind: str, contract: Contract, by: User | None, **data: object) -> None:
    record(kind, subject=contract, organisation=contract.organisation, by=by, **data)

"""Collecting from another bank account: one asks, another agrees, staff look, time passes.

A taken-over account must not be able to do it. So it takes the asker's mailbox, another
administrator or staff, a signature, a member of staff who was neither, and days in which
everybody who was told may stop it.
"""

import datetime
import secrets
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.models import Event
from audit.services import record
from mail import private_links
from organisations.models import Membership, Organisation
from organisations.roles import Role
from organisations.services.locking import lock_of

from .. import contract_emails
from ..models import BankChange, BankStatus, Contract
from .documents import bank_mandate, keep_signed
from .handling import OwnInterest, SamePerson

ASKER_GONE = "wie dit vroeg, hoort niet meer bij de organisatie"
CONFIRM_DAYS = 3  # that the asker has to use the link in the mail


class WrongMoment(Exception):
    """The change is not, or no longer, where this act is possible."""


class OneAtATime(Exception):
    """Another change of this contract's account is under way."""


class SameAccount(Exception):
    """This is the account that is collected from already."""


class TooNew(Exception):
    """An administrator since too few days, or with another mail address since."""


class LinkOver(Exception):
    """The link is unknown or used, its term is over, or the organisation is blocked."""


@transaction.atomic
def ask(contract: Contract, *, iban: str, account_holder: str, by: User) -> BankChange:
    """Ask to collect from another account; the asker's mailbox gets a link to confirm.

    Raises WrongMoment, OneAtATime, SameAccount or TooNew.
    """
    lock_of(contract, by=by)
    contract.refresh_from_db(from_queryset=Contract.objects.select_for_update())
    if contract.is_over:
        raise WrongMoment
    if contract.bank_changes.open().exists():
        raise OneAtATime
    now = contract.mandate_in_force()
    if now and (now.iban, now.account_holder) == (iban, account_holder):
        raise SameAccount
    _require_own_mailbox(by)
    change = BankChange.objects.create(
        contract=contract,
        iban=iban,
        account_holder=account_holder,
        asked_by=by,
        link_digest=secrets.token_hex(32),  # the token is made of the row's id
        link_expires_at=private_links.end_of_day_in(CONFIRM_DAYS),
    )
    private_links.renew("bank_change", change)
    _save(change, "bank_change.asked", by=by, fields=["link_version", "link_digest"])
    contract_emails.bank_confirm(change)
    return change


@sensitive_variables("token")
def open_change(
    token: str, *, among: models.QuerySet[BankChange] | None = None
) -> BankChange:
    """The change that waits for this link to be used; raises LinkOver.

    No link works while the organisation is blocked: its members change nothing then.
    """
    rows = BankChange.objects.all() if among is None else among
    waiting = rows.open().filter(  # type: ignore[attr-defined]
        confirmed_at=None, link_expires_at__gt=timezone.now()
    )
    found = waiting.filter(link_digest=private_links.digest(token)).first()
    if found is None or not _administers(found.asked_by, found.contract.organisation):
        raise LinkOver
    if found.contract.organisation.blocked_at:
        raise LinkOver
    return found


@sensitive_variables("token")
@transaction.atomic
def confirm(token: str) -> BankChange:
    """The asker reads the mailbox: now everybody who could stop it is told."""
    lock_of(open_change(token).contract)
    change = open_change(token, among=BankChange.objects.select_for_update())
    change.confirmed_at = timezone.now()
    _save(change, "bank_change.confirmed", by=change.asked_by, fields=["confirmed_at"])
    contract_emails.bank_asked(change)
    return change


@transaction.atomic
def agree(change: BankChange, *, by: User) -> None:
    """Another administrator agrees; the mandate to sign is made, the days begin to count.

    Raises WrongMoment, SamePerson or TooNew.
    """
    _lock(change, BankStatus.CONFIRMED, by=by)
    _require_settled(by, change.contract.organisation)
    _agree(change, by=by)


@transaction.atomic
def agree_as_staff(change: BankChange, *, how_checked: str, by: User) -> None:
    """Staff are the second person, and say how they made sure (called a known number).

    Raises WrongMoment, SamePerson or OwnInterest.
    """
    _lock(change, BankStatus.CONFIRMED)
    _require_no_interest(by, change)
    _agree(change, by=by, how_checked=how_checked)


@transaction.atomic
def return_mandate(change: BankChange, content: bytes, *, by: User) -> None:
    """The signed mandate as a file (an inspected PDF); a better one may follow.

    Raises WrongMoment or SameAsSent.
    """
    _lock(change, BankStatus.AGREED, BankStatus.RETURNED, by=by)
    keep_signed(change, content, by=by)
    _returned(change, by=by)


@transaction.atomic
def register_return(
    change: BankChange, *, by: User, content: bytes | None = None
) -> None:
    """The signed mandate came another way; a scan of it may be added.

    Raises WrongMoment, OwnInterest or SameAsSent.
    """
    _lock(change, BankStatus.AGREED, BankStatus.RETURNED)
    _require_no_interest(by, change)
    if content:
        keep_signed(change, content, by=by)
    _returned(change, by=by)


@transaction.atomic
def accept(change: BankChange, *, by: User) -> None:
    """Staff who had no part in it find the mandate signed as it should be.

    Raises WrongMoment, SamePerson or OwnInterest.
    """
    _lock(change, BankStatus.RETURNED)
    if by.pk in {change.asked_by_id, change.agreed_by_id, change.returned_by_id}:
        raise SamePerson
    _require_no_interest(by, change)
    change.accepted_at, change.accepted_by = timezone.now(), by
    change.mandate.signed_on = timezone.localdate()
    change.mandate.save(update_fields=["signed_on"])
    _save(change, "bank_change.accepted", by=by, fields=["accepted_at", "accepted_by"])


@transaction.atomic
def stop(change: BankChange, *, reason: str, by: User) -> None:
    """End it; possible for every administrator and for staff until it is in force."""
    _lock(change, by=by)
    _stop(change, "bank_change.stopped", reason=reason, by=by)


def put_in_force() -> None:
    """Collect from the other account from now on, where all was done and time passed."""
    for change in BankChange.objects.due():
        _put_in_force(change)


def expire() -> None:
    """Stop what its asker did not confirm in time; nobody else was told of it."""
    for change in BankChange.objects.unconfirmed_too_long():
        _expire(change)


def stop_without_asker() -> None:
    """Stop what somebody asked who is gone from the organisation, and tell the others."""
    for change in BankChange.objects.without_asker():
        _stop_without_asker(change)


@transaction.atomic
def _put_in_force(change: BankChange) -> None:
    lock_of(change.contract)
    rows = BankChange.objects.select_for_update(of=("self",))
    rows = rows.due()  # as it is under the lock
    if not (found := rows.filter(pk=change.pk).first()):
        return
    found.in_force_at = timezone.now()
    _save(found, "bank_change.in_force", by=None, fields=["in_force_at"])
    contract_emails.bank_in_force(found)


@transaction.atomic
def _expire(change: BankChange) -> None:
    lock_of(change.contract)
    rows = BankChange.objects.select_for_update().unconfirmed_too_long()
    if not (found := rows.filter(pk=change.pk).first()):
        return
    found.stopped_at, found.stop_reason = timezone.now(), "niet op tijd bevestigd"
    fields = ["stopped_at", "stop_reason"]
    _save(found, "bank_change.expired", by=None, fields=fields)


@transaction.atomic
def _stop_without_asker(change: BankChange) -> None:
    try:
        _lock(change)
    except WrongMoment:
        return
    if not BankChange.objects.without_asker().filter(pk=change.pk).exists():
        return
    _stop(change, "bank_change.asker_gone", reason=ASKER_GONE, by=None)


def _stop(change: BankChange, kind: str, *, reason: str, by: User | None) -> None:
    change.stopped_at, change.stopped_by = timezone.now(), by
    change.stop_reason = reason
    fields = ["stopped_at", "stopped_by", "stop_reason"]
    _save(change, kind, by=by, fields=fields, reason=reason)
    if change.confirmed_at:  # before that nobody was told of it
        contract_emails.bank_stopped(change)


def _agree(change: BankChange, *, by: User, how_checked: str = "") -> None:
    if by.pk == change.asked_by_id:
        raise SamePerson
    cooling_off = datetime.timedelta(days=settings.IBAN_COOLING_OFF_DAYS)
    change.agreed_at, change.agreed_by = timezone.now(), by
    change.how_checked = how_checked
    change.effective_from = change.agreed_at + cooling_off
    fields = ["agreed_at", "agreed_by", "how_checked", "effective_from"]
    change.save(update_fields=fields)
    bank_mandate(change, by=by)
    _save(change, "bank_change.agreed", by=by, fields=[], by_staff=bool(how_checked))
    contract_emails.bank_agreed(change)


def _returned(change: BankChange, *, by: User) -> None:
    change.returned_at, change.returned_by = timezone.now(), by
    _save(change, "bank_change.returned", by=by, fields=["returned_at", "returned_by"])


def _lock(change: BankChange, *statuses: BankStatus, by: User | None = None) -> None:
    """Wait until nobody else acts on it, and refuse an act outside these statuses.

    `by` acts as administrator of the organisation.
    """
    lock_of(change.contract, by=by)
    change.refresh_from_db(from_queryset=BankChange.objects.select_for_update())
    if not change.is_open or (statuses and change.status not in statuses):
        raise WrongMoment(change.status)


def _save(
    change: BankChange, kind: str, *, by: User | None, fields: list[str], **data: Any
) -> None:
    if fields:
        change.save(update_fields=fields)
    organisation = change.contract.organisation
    record(kind, subject=change, organisation=organisation, by=by, **data)


def _administers(person: User, organisation: Organisation) -> bool:
    return organisation.memberships.administrators().filter(user=person).exists()


def _require_no_interest(by: User, change: BankChange) -> None:
    if change.contract.organisation.memberships.filter(user=by).exists():
        raise OwnInterest


def _require_settled(by: User, organisation: Organisation) -> None:
    """An administrator for at least the cooling-off time, with the same mailbox."""
    membership = organisation.memberships.administrators().filter(user=by).first()
    if membership is None or _administrator_since(membership) > _cooling_off_ago():
        raise TooNew
    _require_own_mailbox(by)


def _require_own_mailbox(by: User) -> None:
    """A mailbox that was put in another's place lately proves nothing."""
    changed = Event.objects.filter(
        kind="person.email_changed",
        subject_type=by._meta.label_lower,
        subject_id=str(by.pk),
        at__gt=_cooling_off_ago(),
    )
    if changed.exists():
        raise TooNew


def _administrator_since(membership: Membership) -> datetime.datetime:
    became = Event.objects.filter(
        kind="member.role_changed",
        subject_type=membership._meta.label_lower,
        subject_id=str(membership.pk),
        data__now=Role.ADMINISTRATOR,
    )
    last = became.order_by("-pk").values_list("at", flat=True).first()
    return last or membership.since


def _cooling_off_ago() -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=settings.IBAN_COOLING_OFF_DAYS)

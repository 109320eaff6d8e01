"""What is collected of a month by SEPA direct debit, as a file that banks read.

pain.008.001.08, one collection per contract, checked against its XSD before it is kept.
A file is made once and then handed out as it is: were it made anew, a bank would take it
for other collections. Who pays so is who did when the month was closed, so that nobody is
collected from who was sent an invoice; the account is that of the mandate in force when the
file is made, so that nothing is collected from an account that was given up.
"""

import datetime
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum
from django.utils import timezone
from sepaxml import SepaDD
from sepaxml.validation import ValidationError
from text_unidecode import unidecode

from accounts.models import User
from audit.services import record

from ..models import BillingMonth, Collection, Contract, DirectDebit, Mandate

SCHEMA = "pain.008.001.08"
ANNOUNCED = 5  # days before, as the contract says (applications/documents/contract.typ)
FORESEEN = 90  # days; banks take later days too, but a month's bill cannot wait so long
NO_NAME = "NOTPROVIDED"  # of which no letter is left: else the XSD refuses all
NOT_SEPA = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")  # EPC217-08, the Latin of SEPA


class NothingToCollect(Exception):
    """Nobody whose month is billed pays by direct debit."""


class NoAccount(Exception):
    """PORTAL_CREDITOR_IBAN does not say where the money goes."""


class TooSoon(Exception):
    """A collection is announced some days before."""


class TooFar(Exception):
    """So late is a mistake in typing."""


class AlreadyMade(Exception):
    """A month is collected by one file, and there is one."""


class NotValid(Exception):
    """What was made is not what the XSD asks for: nothing is kept or offered."""


@dataclass(frozen=True)
class Due:
    """What one contract has to pay of a month, and by which mandate."""

    contract: Contract
    mandate: Mandate | None
    amount: Decimal

    @property
    def is_collected(self) -> bool:
        return self.mandate is not None and self.amount > 0


def due(billing: BillingMonth) -> Iterator[Due]:
    """Every contract of a month with what it comes to; below zero it is paid back.

    Whether it pays by direct debit was decided when the month was closed.
    """
    by_invoice = ExpressionWrapper(Q(mandate=None), BooleanField())
    lines = billing.lines.exclude(contract=None).annotate(by_invoice=by_invoice)
    sums = lines.order_by("contract__number").values_list("contract", "by_invoice")
    amounts = list(sums.annotate(Sum("amount")))
    contracts = Contract.objects.select_related("organisation", "application__mandate")
    contracts = contracts.prefetch_related("bank_changes__mandate")
    found = contracts.in_bulk([pk for pk, *_ in amounts])
    for pk, is_invoiced, amount in amounts:
        contract = found[pk]
        mandate = None if is_invoiced else contract.mandate_to_collect_by()
        yield Due(contract, mandate, amount)


@dataclass(frozen=True)
class Sums:
    """What `due` says of all contracts of a month together."""

    collected: int  # contracts
    amount: Decimal
    paid_back: list[str]  # numbers of contracts that come to less than nothing


def sums(billing: BillingMonth) -> Sums:
    """Added up by the database, since a month has as many contracts as there are customers.

    Who had a mandate when the month was closed has one that is signed, now as then.
    """
    lines = billing.lines.exclude(contract=None).order_by()
    by_debit = lines.exclude(mandate=None).values("contract").annotate(of=Sum("amount"))
    added = by_debit.filter(of__gt=0).aggregate(Count("contract"), Sum("of"))
    some = lines.filter(contract__in=lines.filter(amount__lt=0).values("contract"))
    each = some.values("contract", by_invoice=Q(mandate=None))
    below = each.annotate(of=Sum("amount")).filter(of__lt=0).values("contract")
    numbers = Contract.objects.filter(pk__in=below).order_by("number")
    return Sums(
        collected=added["contract__count"],
        amount=added["of__sum"] or Decimal("0.00"),
        paid_back=[*numbers.values_list("number", flat=True)],
    )


def earliest() -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=ANNOUNCED)


def latest() -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=FORESEEN)


@transaction.atomic
def make(billing: BillingMonth, *, collect_on: datetime.date, by: User) -> DirectDebit:
    """Make the file of a month, once.

    Raises AlreadyMade, NoAccount, TooSoon, TooFar, NothingToCollect or NotValid.
    """
    billing = BillingMonth.objects.select_for_update().get(pk=billing.pk)
    if DirectDebit.objects.filter(billing=billing).exists():
        raise AlreadyMade
    if not settings.CREDITOR_IBAN:
        raise NoAccount
    if collect_on < earliest():
        raise TooSoon
    if collect_on > latest():
        raise TooFar
    collected = [one for one in due(billing) if one.is_collected]
    if not collected:
        raise NothingToCollect
    before = _collected_before(collected)
    rows = [_row(one, before) for one in collected]
    content = _written(billing, rows, collect_on)
    made = DirectDebit.objects.create(
        billing=billing,
        collect_on=collect_on,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        made_by=by,
    )
    for row in rows:
        row.direct_debit = made
    Collection.objects.bulk_create(rows)
    record(
        "billing.direct_debit_made",
        subject=billing,
        by=by,
        collections=len(rows),
        amount=sum(row.amount for row in rows),
        sha256=made.sha256,
    )
    return made


def _collected_before(collected: list[Due]) -> set[int]:
    """The mandates by which was collected before; locked, so that of two months that are
    made at once one is the first.
    """
    mandates = [one.mandate for one in collected if one.mandate]
    rows = Mandate.objects.filter(pk__in=[one.pk for one in mandates]).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    known = Collection.objects.filter(mandate__in=mandates)
    return set(known.values_list("mandate", flat=True))


def _row(one: Due, before: set[int]) -> Collection:
    """The first by a mandate is FRST, all others RCUR (EPC016-06, AT-21)."""
    mandate = one.mandate
    assert mandate  # noqa: S101 for mypy: it is_collected
    return Collection(
        contract=one.contract,
        mandate=mandate,
        sequence="RCUR" if mandate.pk in before else "FRST",
        amount=one.amount,
    )


def _written(
    billing: BillingMonth, rows: list[Collection], collect_on: datetime.date
) -> bytes:
    config = {
        "name": latin(settings.OPERATOR_LEGAL_NAME, 70),
        "IBAN": settings.CREDITOR_IBAN,
        "batch": True,
        "creditor_id": settings.CREDITOR_IDENTIFIER,
        "currency": "EUR",
    }
    file = SepaDD(config, schema=SCHEMA, clean=False)
    for row in rows:
        file.add_payment(
            {
                "name": latin(row.mandate.account_holder, 70) or NO_NAME,
                "IBAN": row.mandate.iban,
                "amount": int(row.amount * 100),
                "type": row.sequence,
                "collection_date": collect_on,
                "mandate_id": row.mandate.reference,
                "mandate_date": row.mandate.signed_on,
                "description": f"{row.contract.number} {billing.month:%Y-%m}",
                "endtoend_id": f"{row.contract.number}-{billing.month:%Y-%m}",
            }
        )
    try:
        return bytes(file.export(validate=True))
    except ValidationError as error:
        raise NotValid(str(error.__cause__)) from error


def latin(text: str, most: int) -> str:
    """A name in the letters that every bank in SEPA takes."""
    return NOT_SEPA.sub(".", unidecode(text).replace("&", "+"))[:most].strip()

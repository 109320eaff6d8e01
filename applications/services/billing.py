"""What a month brings to billing, contract by contract; what was made is only added to.

The lines are those of the customers' own statements (apikeys/statements.py), so that both
come to the same. There an amount is the price times the number, rounded half-up to whole
cents per line and exempt from VAT, as the contract says: "Bedragen worden per factuurregel
afgerond op hele centen" (applications/documents/contract.typ; design/facts.md, "round per
invoice line, not per call. VAT-exempt"). Where one line falls under several contracts,
each has its own number, rounded likewise, and the last of them what is left of the amount.
"""

import datetime
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from apikeys import statements
from apikeys.models import ApiKey, PriceUnit, StatementBatch
from apikeys.reading import costs
from apikeys.reading.periods import months_before
from audit.services import record
from organisations.models import Organisation
from organisations.services.locking import lock as lock_organisation

from ..models import BillingCorrection, BillingLine, BillingMonth, Contract

FROM_DAY = 3  # of the next month: then statements close (apikeys/monthly.py)


class NotOver(Exception):
    """The month is not over, or gateways may still report in good time."""


class SamePerson(Exception):
    """Who proposed a correction cannot be the one who approves it."""


class AlreadyDecided(Exception):
    """Somebody was first."""


class ChangedMeanwhile(Exception):
    """The line does not come to what the person who approves was shown."""


def make_due(today: datetime.date) -> None:
    """Make last month ready for billing, from its day on; as often as one likes."""
    if today.day >= FROM_DAY:
        make(months_before(today, 1))


def make(month: datetime.date) -> BillingMonth:
    """Close the statements of a month and lay their lines out: once, whoever asks."""
    if timezone.localdate() <= costs.month_of(month).last:
        raise NotOver
    if made := BillingMonth.objects.filter(month=month).first():
        return made
    for organisation in Organisation.objects.filter(api_keys__isnull=False).distinct():
        statements.close(organisation, month)
    return _lay_out(month)


@transaction.atomic
def _lay_out(month: datetime.date) -> BillingMonth:
    """Who makes the row makes the lines; another waits for it, and finds them there."""
    billing, made = BillingMonth.objects.get_or_create(month=month)
    if not made:
        return billing
    first = BillingMonth.objects.earliest("month").month  # before it others billed
    stated = StatementBatch.objects.filter(month__range=(first, month))
    stated = stated.filter(billing_lines=None).select_related(
        "organisation__merged_into"
    )
    for batch in stated.order_by("organisation", "month", "number"):
        lines = BillingLine.objects.bulk_create(lines_of(batch, billing))
        billing.line_count += len(lines)
        billing.total += sum(line.amount for line in lines)
    billing.save(update_fields=["line_count", "total"])
    record("billing.made", subject=billing, by=None, month=f"{month:%Y-%m}")
    return billing


def lines_of(batch: StatementBatch, billing: BillingMonth) -> list[BillingLine]:
    """The lines of a statement's batch, each on its contract; not saved yet."""
    shares = Shares(batch.organisation, batch.month)
    correction = BillingCorrection.objects.filter(
        approved=True, made=None, line__organisation=batch.organisation
    )
    lines = []
    for position, one in enumerate(batch.lines):
        put_right = None
        if one["unit"] == statements.ADJUSTMENT:
            put_right = correction.get(pk=one["correction"])
        for contract, count, amount in shares.split(one, put_right):
            line = BillingLine(
                billing=billing,
                organisation=batch.organisation,
                contract=contract,
                batch=batch,
                position=position,
                month=batch.month,
                **{name: one[name] for name in statements.SAME},
                count=count,
                amount=amount,
                correction=put_right,
                **_kept(batch.organisation, contract),
            )
            line.corrects = put_right.line if put_right else _first(line)
            lines.append(line)
    return lines


def _kept(organisation: Organisation, contract: Contract | None) -> dict[str, Any]:
    """Of who pays now, and how: a month that is closed stays as it was."""
    of_customer = ("name", "purchase_reference", "invoice_email")
    pays = organisation.merged_into or organisation
    kept = {name: getattr(pays, name) for name in of_customer}
    return kept | {"mandate": contract and contract.mandate_to_collect_by()}


def _first(line: BillingLine) -> BillingLine | None:
    """What was billed of the same before, which a later batch of a statement corrects."""
    same = BillingLine.objects.filter(
        organisation__in=line.organisation.with_doubles(),
        month=line.month,
        contract=line.contract,
    )
    of = {name: getattr(line, name) for name in ("subscription", "api", "unit")}
    return same.filter(**of).order_by("pk").first()


class Shares:
    """Which contract how much of a statement's line falls under."""

    def __init__(self, organisation: Organisation, month: datetime.date) -> None:
        self.organisation, self.month = organisation, month
        contracts = organisation.contracts.order_by("starts_on", "pk")  # type: ignore[attr-defined]
        contracts = contracts.select_related("application__mandate")
        self.contracts = list(contracts.prefetch_related("bank_changes__mandate"))
        self.counted: dict[tuple, Counter[Contract | None]] = defaultdict(Counter)
        if len(self.contracts) > 1:
            self._count()

    def split(
        self, line: dict[str, Any], put_right: BillingCorrection | None
    ) -> list[tuple[Contract | None, int, Decimal]]:
        """(contract, number, amount) whose sums are the line's."""
        count, amount = line["count"], Decimal(line["amount"])
        if put_right:
            return [(put_right.line.contract, count, amount)]
        counts = self._counts(tuple(line[name] for name in statements.SAME), count)
        price, split = Decimal(line["price"]), []
        for contract, number in counts[:-1]:
            part = (number * price).quantize(costs.CENT, ROUND_HALF_UP)
            split.append((contract, number, part))
        contract, number = counts[-1]
        return [*split, (contract, number, amount - sum(part for *_, part in split))]

    def _counts(self, of: tuple, count: int) -> list[tuple[Contract | None, int]]:
        """What each contract has more than was billed; what does not fit is the last's."""
        more = Counter(self.counted[of])
        more.subtract(self._billed(of))
        shares = [(contract, number) for contract, number in more.items() if number]
        if not shares:
            return [(self._of_product(of[0]), count)]
        left = count - sum(number for _contract, number in shares)
        contract, number = shares[-1]
        return [*shares[:-1], (contract, number + left)]

    def _billed(self, of: tuple) -> Counter[Contract | None]:
        billed = BillingLine.objects.filter(
            organisation__in=self.organisation.with_doubles(),
            month=self.month,
            **dict(zip(statements.SAME, of, strict=True)),
        )
        sums = billed.order_by().values_list("contract").annotate(Sum("count"))
        by_id = {contract.pk: contract for contract in self.contracts}
        return Counter({by_id.get(pk): number for pk, number in sums})

    def _count(self) -> None:
        of_key = self._contract_of_keys()
        for (key, price), number in costs.by_key(
            self.organisation, costs.month_of(self.month)
        ).items():
            contract = of_key.get(key)
            if price.unit == PriceUnit.YEAR or contract is None:
                contract = self._of_product(price.product.slug)
            self.counted[statements.same(price)][contract] += number

    def _contract_of_keys(self) -> dict[int | None, Contract]:
        """An extra key falls under the contract of the key that it is an extra of."""
        first = {contract.api_key_id: contract for contract in self.contracts}
        keys = ApiKey.objects.filter(organisation=self.organisation)
        leads = keys.values_list("pk", "extra_of")
        return {pk: first[found] for pk, of in leads if (found := of or pk) in first}

    def _of_product(self, slug: str) -> Contract | None:
        """The contract by which a subscription is held; of several the first that runs."""
        fitting = [
            contract
            for contract in self.contracts
            if contract.api_key.subscriptions.filter(product__slug=slug).exists()
        ]
        running = [
            one for one in fitting if one.ends_on is None or one.ends_on >= self.month
        ]
        return next(iter(running or fitting or self.contracts), None)


@transaction.atomic
def hand_over(billing: BillingMonth, *, by: User) -> None:
    """Say that billing has the lines; raises AlreadyDecided."""
    billing = BillingMonth.objects.select_for_update().get(pk=billing.pk)
    if billing.handed_over_at:
        raise AlreadyDecided
    billing.handed_over_at, billing.handed_over_by = timezone.now(), by
    billing.save(update_fields=["handed_over_at", "handed_over_by"])
    record("billing.handed_over", subject=billing, by=by)


@transaction.atomic
def propose(
    line: BillingLine, *, amount: Decimal, reason: str, by: User
) -> BillingCorrection:
    """Ask a colleague to agree with putting a line right."""
    correction = BillingCorrection.objects.create(
        line=line, amount=amount, reason=reason, proposed_by=by
    )
    _record("billing.correction_proposed", correction, by)
    return correction


@transaction.atomic
def approve(correction: BillingCorrection, *, seen: Decimal, by: User) -> None:
    """Agree with what a colleague proposed: it stands on the statement at once, and goes
    along with the next month. `seen` is what the line came to when it was looked at.
    Raises SamePerson, AlreadyDecided or ChangedMeanwhile.
    """
    lock_organisation(correction.line.organisation_id, after_merging=True)
    correction = _undecided(correction)
    if correction.proposed_by_id == by.pk:
        raise SamePerson
    line = correction.line
    if line.stands_at() != seen:
        raise ChangedMeanwhile
    _decide(correction, approved=True, by=by)
    statements.adjust(
        line.organisation,
        line.month,
        subscription=line.subscription,
        api=line.api,
        amount=correction.amount,
        reason=correction.reason,
        correction=correction.pk,
    )
    _record("billing.correction_approved", correction, by)


@transaction.atomic
def refuse(correction: BillingCorrection, *, by: User) -> None:
    """Do not put it right, or take back what oneself proposed; raises AlreadyDecided."""
    correction = _undecided(correction)
    _decide(correction, approved=False, by=by)
    _record("billing.correction_refused", correction, by)


def _undecided(correction: BillingCorrection) -> BillingCorrection:
    locked = BillingCorrection.objects.select_for_update(of=["self"])
    found = locked.select_related("line__organisation").get(pk=correction.pk)
    if found.decided_at:
        raise AlreadyDecided
    return found


def _decide(correction: BillingCorrection, *, approved: bool, by: User) -> None:
    correction.approved = approved
    correction.decided_at, correction.decided_by = timezone.now(), by
    correction.save(update_fields=["approved", "decided_at", "decided_by"])


def _record(kind: str, correction: BillingCorrection, by: User) -> None:
    record(
        kind,
        subject=correction,
        by=by,
        organisation=correction.line.organisation,
        line=correction.line_id,
        amount=correction.amount,
        reason=correction.reason,
    )

"""Merging a double organisation into the one that stays: two of staff, at once, for good.

What is about people, keys and use goes by the helpers of the apps below; here go contracts,
with all that hangs on them: the application, its documents, the mandate in force and a
change of bank account that is under way. Lines that went to billing stay with the double,
as the statements do that they are of. What becomes of every kind of row is said in MOVES
and STAYS of the three modules; nothing else may refer to an organisation
(tests/applications/test_merging.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from apikeys.models import StatementBatch
from apikeys.reading.periods import months_before
from apikeys.services import merging as keys
from audit.services import record
from organisations import merge_emails
from organisations.models import Intervention, Organisation
from organisations.services import intervening
from organisations.services import merging as people
from organisations.services.locking import lock

from ..models import Application, BillingMonth, Contract, TermsRequest

Text = str | Promise

MOVES: dict[str, Text] = {
    **people.MOVES,
    **keys.MOVES,
    "applications.contract": gettext_lazy("Overeenkomsten, met documenten en machtiging"),
    "applications.application": gettext_lazy("Aanvragen van de organisatie zelf"),
    "applications.termsrequest": gettext_lazy("Akkoord met nieuwe voorwaarden, als de ander niet gevraagd is"),
}  # fmt: skip
STAYS: dict[str, Text] = {
    **people.STAYS,
    **keys.STAYS,
    "applications.billingline": gettext_lazy("Regels die naar facturatie zijn gegaan"),
}  # fmt: skip
NOT_COUNTED = {  # millions, or one
    "apikeys.usagehour",
    "apikeys.usageday",
    "apikeys.batchshare",
    "audit.event",
    "organisations.organisation",
}
ONLY = {  # of these the others stay where they are
    "organisations.invitation": {"accepted_at": None, "withdrawn_at": None},
}


class CannotMerge(Exception):
    """Something has to be done first; `why` says what, in sentences."""

    def __init__(self, why: list[str]) -> None:
        super().__init__(" ".join(why))
        self.why = why


@dataclass(frozen=True)
class Part:
    """One kind of thing that the double has, and how many (None: not counted)."""

    what: Text
    count: int | None


@dataclass(frozen=True)
class Plan:
    """What a merge would do now."""

    double: Organisation
    into: Organisation
    moves: list[Part]
    stays: list[Part]
    prevents: list[str]


def plan(
    double: Organisation, into: Organisation, *, meant: Intervention | None = None
) -> Plan:
    """What goes, what stays and what prevents it, as it is at this moment."""
    return Plan(
        double,
        into,
        [*_parts(double, MOVES)],
        [*_parts(double, STAYS)],
        _prevents(double, into, meant),
    )


def _parts(double: Organisation, kinds: dict[str, Text]) -> Iterator[Part]:
    for label, what in kinds.items():
        if label in NOT_COUNTED:
            yield Part(what, None)
            continue
        model = apps.get_model(label)
        [first, *_more] = referring(model)
        which = {first: double, **ONLY.get(label, {})}
        count = model._base_manager.filter(**which).count()
        if count:
            yield Part(what, count)


def referring(model) -> list[str]:
    """By which of its fields a row refers to an organisation."""
    fields = model._meta.concrete_fields
    return [each.name for each in fields if each.related_model is Organisation]


def _prevents(
    double: Organisation, into: Organisation, meant: Intervention | None
) -> list[str]:
    said = [*people.prevents(double, into, meant=meant), *keys.prevents(double, into)]
    if _unbilled(double).exists():
        said.append(
            _(
                "Een afrekening van %(name)s moet nog naar facturatie. Dat gebeurt vanzelf"
                " vanaf de derde van de maand."
            )
            % {"name": double}
        )
    return said


def _unbilled(double: Organisation):
    """Its lines fall under contracts that are still its own when they are laid out."""
    first = BillingMonth.objects.order_by("month").first()
    since = first.month if first else months_before(timezone.localdate(), 1)
    batches = StatementBatch.objects.filter(organisation=double, month__gte=since)
    return batches.filter(billing_lines=None).exclude(lines=[])


@transaction.atomic
def propose(
    double: Organisation, into: Organisation, *, reason: str, checked: str, by: User
) -> Intervention:
    """Propose to merge two, and tell both; raises CannotMerge or OwnInterest."""
    double, into = _lock(double.pk, into.pk)
    _require_possible(double, into)
    return intervening.propose(
        double,
        Intervention.Kind.MERGE,
        into=into,
        reason=reason,
        checked=checked,
        by=by,
    )


@transaction.atomic
def approve(intervention: Intervention, *, by: User) -> None:
    """Another member of staff agrees, and it is done: all of it or nothing.

    Raises CannotMerge, or as intervening.approve().
    """
    double, into = _lock(intervention.organisation_id, intervention.into_id)  # type: ignore[arg-type]
    intervening.take_to_approve(intervention, by=by)
    _require_possible(double, into, meant=intervention)
    told = merge_emails.addressees(double, into)
    double.merged_into, double.merged_at = into, timezone.now()
    double.save(update_fields=["merged_into", "merged_at"])
    _move_contracts(double, into)
    keys.move_keys(double, into, by=by)
    people.move_people(double, into, by=by)
    intervening.done_at_once(intervention, by=by)
    _record(double, into, by)
    merge_emails.merged(intervention, told)


def _lock(double: int, into: int) -> tuple[Organisation, Organisation]:
    """Nobody acts on either, nor on an application of the double: that lock comes first,
    as it does for who sends an application in or approves it.
    """
    applications = Application.objects.filter(customer=double).order_by("pk")
    list(applications.select_for_update().values_list("pk", flat=True))
    both = {pk: lock(pk, after_merging=True) for pk in sorted({double, into})}
    return both[double], both[into]


def _require_possible(
    double: Organisation, into: Organisation, meant: Intervention | None = None
) -> None:
    if why := _prevents(double, into, meant):
        raise CannotMerge(why)


def _move_contracts(double: Organisation, into: Organisation) -> None:
    Contract.objects.filter(organisation=double).update(organisation=into)
    Application.objects.filter(customer=double).update(customer=into)
    asked = TermsRequest.objects.filter(organisation=into).values("round")
    unasked = TermsRequest.objects.filter(organisation=double)
    unasked.exclude(round__in=asked).update(organisation=into)


def _record(double: Organisation, into: Organisation, by: User) -> None:
    """In the activity of both, each with the other's code."""
    record(
        "organisation.merged",
        subject=double,
        organisation=double,
        by=by,
        new=into.slug,
    )
    record(
        "organisation.joined",
        subject=into,
        organisation=into,
        by=by,
        old=double.slug,
    )

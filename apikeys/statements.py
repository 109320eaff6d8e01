"""The statement of a month, that a customer can reckon after: see docs/statements.md.

A month closes on its third day after; what gateways report later (up to 35 days) comes as
a batch of corrections. Lines are never changed, only added to.
"""

import base64
import datetime
import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone

from organisations.models import Organisation
from organisations.services.locking import lock
from organisations.spreadsheets import line

from . import jwk
from .models import BatchShare, Price, StatementBatch, UsageDay
from .reading import costs
from .usage import COUNTING

SAME = ["subscription", "api", "unit", "price"]  # what makes two lines one
COLUMNS = [
    "batch", "kind", "number", *SAME, "api_key_id", "gateway_id", "report",
    "report_sha256", "calls", "count", "amount", "reason", "sha256",
]  # fmt: skip
ADJUSTMENT = "adjustment"  # the unit of what people put right


@transaction.atomic
def close(organisation: Organisation, month: datetime.date) -> StatementBatch | None:
    """Add what the counters say more than the statement does; None when they agree.

    What a double stated of its keys before it merged into this one is stated; itself it is
    never closed again, for its counters went along.
    """
    organisation = lock(organisation.pk, after_merging=True)
    if organisation.merged_into_id:
        return None
    with connection.cursor() as cursor:  # nobody counts meanwhile
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COUNTING])
    batches = list(of_month(organisation, month))
    before = batches[-1] if batches else StatementBatch()
    stated = [*batches, *_of_doubles(organisation, month)]
    batch = StatementBatch(
        organisation=organisation,
        month=month,
        number=len(batches) + 1,
        made_at=timezone.now(),
        lines=_differences(_counted(organisation, month), _stated(stated)),
        usage=_more_used(organisation, month, stated),
        reports_after=before.reports_until,
        reports_until=_last_report(organisation, month) or before.reports_until,
        previous=before.sha256,
    )
    has_reports = batch.reports_until > batch.reports_after
    if not (batch.lines or batch.usage or has_reports):
        return None
    batch.sha256 = digest(batch)
    batch.save(force_insert=True)
    return batch


@transaction.atomic
def adjust(
    organisation: Organisation,
    month: datetime.date,
    *,
    subscription: str,
    api: str,
    amount: Decimal,
    reason: str,
    correction: int,
) -> StatementBatch:
    """Add a line that people agreed on, in a batch of its own; it stays what is below it."""
    lock(organisation.pk, after_merging=True)
    before = of_month(organisation, month).last()
    line = dict(
        zip(SAME, [subscription, api, ADJUSTMENT, f"{amount:.4f}"], strict=True)
    )
    batch = StatementBatch(
        organisation=organisation,
        month=month,
        number=before.number + 1,
        made_at=timezone.now(),
        lines=[
            {
                **line,
                "count": 1,
                "amount": f"{amount:.2f}",
                "reason": reason,
                "correction": correction,
            }
        ],
        reports_after=before.reports_until,
        reports_until=before.reports_until,
        previous=before.sha256,
    )
    batch.sha256 = digest(batch)
    batch.save(force_insert=True)
    return batch


def of_month(organisation: Organisation, month: datetime.date) -> Any:
    """The batches of a month, the first first."""
    return organisation.statement_batches.filter(month=month).order_by("number")  # type: ignore[attr-defined]


def _of_doubles(organisation: Organisation, month: datetime.date) -> Any:
    """What was stated of it by those that merged into this organisation."""
    doubles = organisation.doubles.values("pk")  # type: ignore[attr-defined]
    return StatementBatch.objects.filter(organisation__in=doubles, month=month)


def content(batch: StatementBatch) -> dict[str, Any]:
    """What a batch says; its hash is of this, as canonical() writes it."""
    return {
        "organisation": batch.organisation.slug,
        "month": f"{batch.month:%Y-%m}",
        "number": batch.number,
        "kind": "correction" if batch.number > 1 else "closing",
        "madeAt": batch.made_at.astimezone(datetime.UTC).isoformat(),
        "lines": batch.lines,
        "lineCount": len(batch.lines),
        "requestCount": sum(
            one["count"] for one in batch.lines if one["unit"] == "request"
        ),
        "amount": str(amount([batch])),
        "previous": batch.previous,
        **_counts(batch),
    }


def _counts(batch: StatementBatch) -> dict[str, Any]:
    """By key and API, and by report of a gateway; of a batch without calls, nothing."""
    counts = {"usage": batch.usage, "reports": reports(batch)}
    return {name: found for name, found in counts.items() if found}


def reports(batch: StatementBatch) -> list[dict[str, Any]]:
    """What each gateway reported of this organisation since the batch before.

    The first batch after a merge has what the double had not stated, too.
    """
    own = Q(
        organisation=batch.organisation_id,
        batch_id__gt=batch.reports_after,
        batch_id__lte=batch.reports_until,
    )
    which = reduce(or_, _unstated_by_doubles(batch), own)
    shares = BatchShare.objects.filter(which, month=batch.month).order_by("batch_id")
    of = ["batch__gateway_id", "batch__batch_id", "batch__sha256", "calls", "charged"]
    names = ["gatewayId", "batchId", "sha256", "calls", "charged"]
    return [dict(zip(names, one, strict=True)) for one in shares.values_list(*of)]


def _unstated_by_doubles(batch: StatementBatch) -> Iterator[Q]:
    """Of each that merged since calls were stated last: the reports it had not stated."""
    if not batch.usage:
        return
    batches = of_month(batch.organisation, batch.month).filter(number__lt=batch.number)
    before = batches.exclude(usage=[]).last()
    doubles = batch.organisation.doubles.filter(merged_at__lte=batch.made_at)  # type: ignore[attr-defined]
    for double in doubles.filter(merged_at__gt=before.made_at) if before else doubles:
        last = of_month(double, batch.month).last()
        yield Q(organisation=double, batch_id__gt=last.reports_until if last else 0)


def _last_report(organisation, month) -> int | None:
    shares = BatchShare.objects.filter(organisation=organisation, month=month)
    return shares.aggregate(last=Max("batch_id"))["last"]


def _more_used(organisation, month, batches) -> list[dict[str, Any]]:
    """Calls by key and API, and those that are charged, as far as no batch has them yet."""
    days = UsageDay.objects.filter(
        organisation=organisation, day__range=(month, costs.month_of(month).last)
    )
    charged = Q(outcome__in=costs.CHARGED)
    found = days.values_list("api_key_id", "api__slug").annotate(
        all=Sum("calls"), charged=Sum("calls", filter=charged, default=0)
    )
    more = {(key, api): [int(sums[0]), int(sums[1])] for key, api, *sums in found}
    for one in (one for batch in batches for one in batch.usage):
        sums = more.setdefault((one["apiKeyId"], one["api"]), [0, 0])
        sums[0] -= one["calls"]
        sums[1] -= one["charged"]
    return [
        {"apiKeyId": key, "api": api, "calls": sums[0], "charged": sums[1]}
        for (key, api), sums in sorted(more.items())
        if any(sums)
    ]


def digest(batch: StatementBatch) -> str:
    return hashlib.sha256(canonical(content(batch))).hexdigest()


def canonical(value: Any) -> bytes:
    """One way to write it: keys in order, no spaces, UTF-8 (RFC 8785 for what is in it)."""
    written = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return written.encode()


def as_json(batches: list[StatementBatch]) -> dict[str, Any]:
    """The whole statement, signed by the operator (Ed25519)."""
    statement = {
        "operator": settings.OPERATOR_LEGAL_NAME,
        "currency": "EUR",
        "batches": [{**content(one), "sha256": one.sha256} for one in batches],
        "amount": str(amount(batches)),
    }
    key = Ed25519PrivateKey.from_private_bytes(settings.STATEMENT_KEY)
    signed = {
        "public": key.public_key().public_bytes_raw(),
        "value": key.sign(canonical(statement)),
    }
    return {
        "statement": statement,
        "signature": {
            "algorithm": "Ed25519",
            "keyId": jwk.public(settings.STATEMENT_KEY)["kid"],
            "publicKey": base64.b64encode(signed["public"]).decode(),
            "value": base64.b64encode(signed["value"]).decode(),
        },
    }


def as_csv(batches: list[StatementBatch]) -> Iterator[str]:
    """Of every batch its lines, its counts and its reports, and the hash it ends with."""
    yield line(COLUMNS)
    for batch in batches:
        kinds = {"line": batch.lines, "usage": batch.usage, "report": reports(batch)}
        for kind, rows in kinds.items():
            for number, one in enumerate(rows, start=1):
                cells = _cells(kind, one)
                of_batch = {"batch": batch.number, "sha256": batch.sha256}
                cells |= of_batch | {"kind": kind, "number": number}
                yield line(cells.get(column, "") for column in COLUMNS)


def _cells(kind: str, one: dict[str, Any]) -> dict[str, Any]:
    if kind == "line":  # a minus of ours is no formula
        return one | {"amount": Decimal(one["amount"])}
    calls = {"calls": one["calls"], "count": one["charged"]}
    if kind == "usage":
        return calls | {"api_key_id": one["apiKeyId"], "api": one["api"]}
    named = {"gateway_id": one["gatewayId"], "report": one["batchId"]}
    return calls | named | {"report_sha256": one["sha256"]}


def _counted(organisation, month) -> dict[tuple, tuple[int, Decimal]]:
    last = costs.month_of(month).last
    found: dict[tuple, tuple[int, Decimal]] = {}
    for one in costs.so_far(organisation, last).lines:
        of = same(one.price)
        count, cost = found.get(of, (0, Decimal(0)))
        found[of] = (count + one.count, cost + one.amount)
    return found


def same(price: Price) -> tuple[str, str, str, str]:
    """What is on a line of this price, of SAME."""
    api = price.api.slug if price.api else ""
    # Four decimals as the column has them, so that the same price is the same text.
    return price.product.slug, api, price.unit, f"{price.amount:.4f}"


def _stated(batches) -> dict[tuple, tuple[int, Decimal]]:
    found: dict[tuple, tuple[int, Decimal]] = {}
    for batch in batches:
        for one in batch.lines:
            if one["unit"] == ADJUSTMENT:  # of which the counters do not know
                continue
            of = tuple(one[name] for name in SAME)
            count, paid = found.get(of, (0, Decimal(0)))
            found[of] = (count + one["count"], paid + Decimal(one["amount"]))
    return found


def _differences(counted, stated) -> list[dict[str, Any]]:
    lines = []
    for of in sorted({*counted, *stated}):
        (count, cost), (had, paid) = (
            found.get(of, (0, Decimal(0))) for found in (counted, stated)
        )
        if count != had:  # else only what rounding twice made of it
            lines.append(
                {
                    **dict(zip(SAME, of, strict=True)),
                    "count": count - had,
                    "amount": f"{cost - paid:.2f}",
                }
            )
    return lines


def amount(batches: list[StatementBatch]) -> Decimal:
    amounts = (Decimal(one["amount"]) for batch in batches for one in batch.lines)
    return sum(amounts, Decimal("0.00"))

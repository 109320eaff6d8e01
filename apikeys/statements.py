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
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from organisations.models import Organisation
from organisations.services.locking import lock
from organisations.spreadsheets import line

from .models import StatementBatch
from .reading import costs

SAME = ["subscription", "api", "unit", "price"]  # what makes two lines one
COLUMNS = ["batch", "number", *SAME, "count", "amount"]


@transaction.atomic
def close(organisation: Organisation, month: datetime.date) -> StatementBatch | None:
    """Add what the counters say more than the statement does; None when they agree."""
    lock(organisation.pk)
    batches = list(of_month(organisation, month))
    lines = _differences(_counted(organisation, month), _stated(batches))
    if not lines:
        return None
    batch = StatementBatch(
        organisation=organisation,
        month=month,
        number=len(batches) + 1,
        made_at=timezone.now(),
        lines=lines,
        previous=batches[-1].sha256 if batches else "",
    )
    batch.sha256 = digest(batch)
    batch.save(force_insert=True)
    return batch


def of_month(organisation: Organisation, month: datetime.date) -> Any:
    """The batches of a month, the first first."""
    return organisation.statement_batches.filter(month=month).order_by("number")  # type: ignore[attr-defined]


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
    }


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
            "publicKey": base64.b64encode(signed["public"]).decode(),
            "value": base64.b64encode(signed["value"]).decode(),
        },
    }


def as_csv(batches: list[StatementBatch]) -> Iterator[str]:
    """Every line of every batch, and the hash that each batch ends with."""
    yield line([*COLUMNS, "sha256"])
    for batch in batches:
        for number, one in enumerate(batch.lines, start=1):
            cells = [batch.number, number, *(one[name] for name in COLUMNS[2:])]
            cells[-1] = Decimal(one["amount"])  # a minus of ours is no formula
            yield line([*cells, batch.sha256])


def _counted(organisation, month) -> dict[tuple, tuple[int, Decimal]]:
    last = costs.month_of(month).last
    found: dict[tuple, tuple[int, Decimal]] = {}
    for one in costs.so_far(organisation, last).lines:
        price = one.price
        api = price.api.slug if price.api else ""
        # Four decimals as the column has them, so that the same price is the same text.
        of = (price.product.slug, api, price.unit, f"{price.amount:.4f}")
        count, cost = found.get(of, (0, Decimal(0)))
        found[of] = (count + one.count, cost + one.amount)
    return found


def _stated(batches) -> dict[tuple, tuple[int, Decimal]]:
    found: dict[tuple, tuple[int, Decimal]] = {}
    for batch in batches:
        for one in batch.lines:
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
        if count != had or cost != paid:
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

"""The lines of a month as billing reads them: no account numbers, and no formulas."""

from collections.abc import Iterator

from organisations.spreadsheets import line as csv_line

from .models import BillingLine, BillingMonth, CollectionReturn

COLUMNS = [
    "line", "billed", "month", "contract", "organisation", "name", "purchase_reference",
    "invoice_email", "pays_by", "mandate", "subscription", "api", "unit", "price",
    "count", "amount", "corrects", "reason", "corrected_by", "agreed_by",
    "returned_on", "return_reason",
]  # fmt: skip
RELATED = [
    "organisation", "contract", "billing", "mandate",
    "correction__proposed_by", "correction__decided_by",
]  # fmt: skip
AT_ONCE = 2000


def lines(billing: BillingMonth) -> Iterator[str]:
    """A header, and every line of the month, as it was when the month was closed; and of
    what was collected, whether it came back.
    """
    yield csv_line(COLUMNS)
    returned = {
        one.collection.contract_id: one
        for one in CollectionReturn.objects.standing()
        .filter(collection__direct_debit__billing=billing)
        .select_related("collection")
    }
    rows = billing.lines.select_related(*RELATED).order_by("organisation", "pk")
    for row in rows.iterator(chunk_size=AT_ONCE):
        came_back = returned.get(row.contract_id or 0) if row.mandate_id else None
        yield csv_line(_cells(row, came_back))


def _cells(row: BillingLine, came_back: CollectionReturn | None) -> list[object]:
    correction = row.correction
    return [
        row.pk,
        f"{row.billing}",
        f"{row.month:%Y-%m}",
        row.contract.number if row.contract else "",
        row.organisation.slug,
        row.name,
        row.purchase_reference,
        row.invoice_email,
        row.pays_by,
        row.mandate.reference if row.mandate else "",
        row.subscription,
        row.api,
        row.unit,
        row.price,
        row.count,
        row.amount,
        row.corrects_id or "",
        correction.reason if correction else "",
        correction.proposed_by.name if correction else "",
        correction.decided_by.name if correction else "",
        came_back.returned_on if came_back else "",
        came_back.reason if came_back else "",
    ]

"""The lines of a month as billing reads them: no account numbers, and no formulas."""

from collections.abc import Iterator

from organisations.spreadsheets import line as csv_line

from .models import BillingLine, BillingMonth

COLUMNS = [
    "line", "billed", "month", "contract", "organisation", "name", "purchase_reference",
    "invoice_email", "pays_by", "mandate", "subscription", "api", "unit", "price",
    "count", "amount", "corrects", "reason", "corrected_by", "agreed_by",
]  # fmt: skip
RELATED = [
    "organisation", "contract__application__mandate", "billing",
    "correction__proposed_by", "correction__decided_by",
]  # fmt: skip


def lines(billing: BillingMonth) -> Iterator[str]:
    """A header, and every line of the month."""
    yield csv_line(COLUMNS)
    rows = billing.lines.select_related(*RELATED).order_by("organisation", "pk")
    for row in rows.prefetch_related("contract__bank_changes__mandate"):
        yield csv_line(_cells(row))


def _cells(row: BillingLine) -> list[object]:
    contract, organisation, correction = row.contract, row.organisation, row.correction
    mandate = contract.mandate_in_force() if contract else None
    return [
        row.pk,
        f"{row.billing}",
        f"{row.month:%Y-%m}",
        contract.number if contract else "",
        organisation.slug,
        organisation.name,
        organisation.purchase_reference,
        organisation.invoice_email,
        "direct_debit" if mandate else "invoice",
        mandate.reference if mandate else "",
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
    ]

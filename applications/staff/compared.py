"""An application beside what is known already: its customer, and other applications."""

from typing import Any

from organisations.details import CONTACT
from organisations.models import ContactKind, Membership, Organisation
from organisations.services import details

from ..models import Application, Contract
from ..services.handling import existing_organisation
from ..summary import answer, question

MOST = 10
OF_CUSTOMER = [
    "name",
    "legal_form",
    "rsin",
    *details.ADDRESS,
    *details.INVOICES,
]


def beside_customer(
    application: Application, *, with_account: bool
) -> dict[str, Any] | None:
    """The customer with this KVK number, and what it says otherwise; None: no customer.

    `with_account`: for who may see mandates.
    """
    customer = existing_organisation(application)
    if customer is None:
        return None
    known = _known(customer, with_account)
    rows = [
        (question(name), answer(name, application.answers), answer(name, known))
        for name in known
    ]
    contract = customer.contracts.last()
    return {
        "customer": customer,
        "contract": contract,
        "rows": [row for row in rows if row[1] != row[2]],
    }


def duplicates(application: Application) -> dict[str, Any]:
    """Other applications of the same number or mail domain, the newest first; and where
    who is to be administrator is that already.
    """
    others = Application.objects.order_by("-submitted_at")
    same_number = list(others.of_same_number(application)[:MOST])
    by_domain = others.of_same_mail_domain(application)
    seen = [one.pk for one in same_number]
    return {
        "same_number": same_number,
        "same_domain": list(by_domain.exclude(pk__in=seen)[:MOST]),
        "administers": list(_administered(application)[:MOST]),
    }


def _administered(application: Application) -> Any:
    """The organisations whose administrator has the address of the new one."""
    address = application.answers.get("account_email")
    if not address:
        return Organisation.objects.none()
    there = Membership.objects.administrators().filter(user__email__iexact=address)
    own = Contract.objects.filter(application=application).values("organisation")
    found = Organisation.objects.filter(pk__in=there.values("organisation"))
    return found.exclude(pk__in=own)


def _known(customer: Organisation, with_account: bool) -> dict[str, Any]:
    """What its rows say, under the names of the answers."""
    known = {name: getattr(customer, name) for name in OF_CUSTOMER}
    contact = customer.contacts.of_kind(ContactKind.CONTRACT)
    if contact:
        known |= {f"contract_{part}": getattr(contact, part) for part in CONTACT}
    contract = customer.contracts.filter(ended_at=None).last()
    mandate = contract.mandate_in_force() if contract else None
    if contract:
        known["payment_method"] = "direct_debit" if mandate else "invoice"
    if mandate and with_account:
        known |= {"iban": mandate.iban, "account_holder": mandate.account_holder}
    return known

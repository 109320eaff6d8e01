"""What a customer who applies once more need not say again.

Who the organisation is and who applies are facts, read anew when the application is sent
(`known`); whom to write to, who signs and how to pay are proposed (`proposed`).
"""

from typing import Any

from accounts.models import User
from organisations.details import CONTACT
from organisations.models import ContactKind, Organisation
from organisations.services import details

SIGNING = [
    "signing",
    "signatory_same",
    *[f"{who}_{part}" for who in ("signatory", "second") for part in CONTACT],
]
PAYING = ["payment_method", "account_holder"]  # the IBAN is shown to nobody in full


def known(organisation: Organisation, applicant: User) -> dict[str, Any]:
    """The answers of the steps that are not asked of a customer."""
    before = _answers_before(organisation)
    return {
        "branch": "kvk" if organisation.kvk_number else "foreign",
        "kvk_number": organisation.kvk_number or "",
        "register_number": before.get("register_number", ""),
        "country": "" if organisation.kvk_number else organisation.country,
        "name": organisation.name,
        "legal_form": organisation.legal_form,
        "rsin": organisation.rsin,
        **details.address(organisation),
        "account_name": applicant.name,
        "account_email": applicant.email,
        "username": applicant.username,
    }


def proposed(organisation: Organisation) -> dict[str, Any]:
    """Contacts and invoices as they are today; who signed and how was paid, as before."""
    before = _answers_before(organisation)
    people = {kind: details.contact(organisation, kind) for kind in ContactKind}
    contacts = {
        f"{kind}_{part}": value
        for kind, person in people.items()
        for part, value in person.items()
    }
    same = people[ContactKind.CONTRACT] == people[ContactKind.TECHNICAL]
    again = {name: before[name] for name in [*SIGNING, *PAYING] if name in before}
    return {
        **again,
        **contacts,
        "technical_same": same,
        **details.invoices(organisation),
    }


def _answers_before(organisation: Organisation) -> dict[str, Any]:
    """What was said for the newest contract."""
    contracts = organisation.contracts.select_related("application")  # type: ignore[attr-defined]
    newest = contracts.order_by("-pk").first()
    return newest.application.answers if newest else {}

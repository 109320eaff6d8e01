"""A fictional application, to try a document template on before anybody gets it."""

from typing import Any

from .models import Application

_PERSON = {
    "name": "Jan Voorbeeld",
    "function": "Inkoper",
    "email": "jan@voorbeeld.example",
    "phone": "+31205551234",
}

# The most that a document has to show: two who sign together, and direct debit.
ANSWERS: dict[str, Any] = {
    "products": ["api-abonnement"],
    "key_name": "Klantregistratie",
    "purpose": "Adressen van klanten nazoeken.",
    "expected_calls": "10000",
    "branch": "kvk",
    "kvk_number": "68750110",
    "name": "Test BV Donald",
    "legal_form": "private_company",
    "rsin": "857587973",
    "street": "Voorbeeldstraat 1",
    "postcode": "1234 AB",
    "city": "Voorbeeldstad",
    "postal_same": True,
    "technical_same": True,
    "signing": "jointly",
    "signatory_same": True,
    "account_name": "Jan Voorbeeld",
    "account_email": "jan@voorbeeld.example",
    "username": "jan.voorbeeld",
    "invoice_email": "facturen@voorbeeld.example",
    "payment_method": "direct_debit",
    "iban": "NL13TEST0123456789",
    "account_holder": "Test BV Donald",
    **{f"contract_{part}": value for part, value in _PERSON.items()},
    **{f"second_{part}": value for part, value in _PERSON.items()},
}


def application() -> Application:
    """An application that is in no database."""
    return Application(reference="AV-2222-2222", language="nl", answers=ANSWERS)

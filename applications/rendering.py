"""The four documents of an application, from templates in the database to PDF.

Data reach typst as JSON only: what somebody typed is never part of the source.
"""

import gettext
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pycountry
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format, number_format

from apikeys.models import Price, PriceUnit, Product
from mail.paper import typeset
from organisations.models import LegalForm
from organisations.services import details
from organisations.templatetags.identifiers import iban, phone

from .models import Application, BankChange, DocumentKind, DocumentTemplate, Volume

_COUNTRIES = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, ["nl"])


def draw_up(
    template: DocumentTemplate, application: Application, *, number: str, on: date
) -> bytes:
    """The document of this kind for this application, ready to be sent.

    `number` is the contract's number, or for a mandate the mandate's reference.
    """
    if template.kind == DocumentKind.CONTRACT:
        data = contract_data(application, number=number, on=on)
    elif template.kind == DocumentKind.MANDATE:
        data = mandate_data(application, number=number, on=on)
    else:
        data = general_data(on=on)
    return render(template, data)


def render(template: DocumentTemplate, data: Mapping[str, Any]) -> bytes:
    """An archivable, accessible PDF (PDF/A-2a and PDF/UA-1); equal input, equal bytes."""
    document = {
        "title": template.title,
        "version": template.version,
        "valid_from": _day(template.valid_from),
    }
    moment = datetime.combine(date.fromisoformat(data["date_iso"]), time(12), UTC)
    return typeset(template.source, {**data, "document": document}, moment)


def general_data(*, on: date) -> dict[str, Any]:
    """What the terms and the service level show: the operator, nobody else."""
    return {
        "date": _day(on),
        "date_iso": on.isoformat(),
        "operator": {
            "name": settings.OPERATOR_NAME,
            "legal_name": settings.OPERATOR_LEGAL_NAME,
            "address": settings.OPERATOR_ADDRESS,
            "country": settings.OPERATOR_COUNTRY,
            "kvk_number": settings.OPERATOR_KVK_NUMBER,
            "product": settings.OPERATOR_PRODUCT,
            "creditor_identifier": settings.CREDITOR_IDENTIFIER,
            "sales_phone": settings.SALES_PHONE,
            "sales_email": settings.SALES_EMAIL,
            "support_email": settings.SUPPORT_EMAIL,
        },
        "service": {
            "availability": settings.SERVICE_AVAILABILITY,
            "hours": settings.SERVICE_HOURS,
            "desk_hours": settings.SERVICE_DESK_HOURS,
            "maintenance": settings.SERVICE_MAINTENANCE,
            "recovery": settings.SERVICE_RECOVERY_HOURS,
        },
    }


def contract_data(application: Application, *, number: str, on: date) -> dict[str, Any]:
    """What the contract shows, with the prices and texts that are valid on that day."""
    said = _answers(application)
    service_level = DocumentTemplate.objects.in_force(DocumentKind.SERVICE_LEVEL, on)
    return {
        **mandate_data(application, number=number, on=on),
        "application_reference": application.reference or "",
        "terms_version": application.terms.version if application.terms else "",
        "service_level_version": service_level.version if service_level else "",
        "products": _products(application.answers.get("products") or [], on),
        "key": {
            "name": said("key_name"),
            "purpose": said("purpose"),
            "expected_calls": _label(Volume, said("expected_calls")),
        },
        "contract_contact": _person(said, "contract"),
        "technical_contact": _person(
            said,
            "contract" if application.answers.get("technical_same") else "technical",
        ),
        "account": {
            "name": said("account_name"),
            "username": said("username"),
            "email": said("account_email"),
        },
    }


def mandate_data(application: Application, *, number: str, on: date) -> dict[str, Any]:
    """What the SEPA mandate shows: both parties, the account, and who signs."""
    said = _answers(application)
    return {
        **general_data(on=on),
        "number": number,
        "customer": _customer(said, postal_same=application.answers.get("postal_same")),
        "signatories": _signatories(application.answers, said),
        "payment": {
            "method": said("payment_method"),
            "invoice_email": said("invoice_email"),
            "invoice_attention": said("invoice_attention"),
            "purchase_reference": said("purchase_reference"),
            "iban": iban(said("iban")),
            "account_holder": said("account_holder"),
        },
    }


def answers_today(change: BankChange) -> dict[str, Any]:
    """What the application would say now: the customer as it is, and the other account."""
    contract = change.contract
    organisation = contract.organisation
    parts = ("name", "legal_form", "kvk_number", "rsin", "country")
    return {
        **contract.application.answers,
        **{part: getattr(organisation, part) or "" for part in parts},
        **details.address(organisation),
        "iban": change.iban,
        "account_holder": change.account_holder,
    }


def _answers(application):
    def said(name):
        value = application.answers.get(name)
        return "" if value is None else str(value)

    return said


def _person(said, role):
    return {
        **{part: said(f"{role}_{part}") for part in ("name", "function", "email")},
        "phone": phone(said(f"{role}_phone")),
    }


def _signatories(answers, said):
    first = _person(said, "contract" if answers.get("signatory_same") else "signatory")
    if answers.get("signing") == "jointly":
        return [first, _person(said, "second")]
    return [first]


def _customer(said, *, postal_same):
    country = said("country")
    abroad = country not in {"", "NL"}
    visiting = _address(said("street"), said("postcode"), said("city"))
    postal = _address(
        said("postal_street"), said("postal_postcode"), said("postal_city")
    )
    return {
        "name": said("name"),
        "legal_form": _label(LegalForm, said("legal_form")),
        "kvk_number": said("kvk_number"),
        "register_number": said("register_number"),
        "rsin": said("rsin"),
        "address": f"{visiting}, {_country(country)}" if abroad else visiting,
        "postal_address": visiting if postal_same or not postal else postal,
    }


def _address(street, postcode, city):
    return ", ".join(filter(None, [street, f"{postcode} {city}".strip()]))


def _country(code):
    found = pycountry.countries.get(alpha_2=code)
    return _COUNTRIES.gettext(found.name) if found else code


def _label(choices, value):
    with translation.override("nl"):
        return str(choices(value).label) if value in choices.values else value


def _products(slugs, on):
    prices = (
        Price.objects.valid_on(on)
        .filter(product__slug__in=slugs)
        .select_related("api")
        .order_by("unit", "api", "pk")
    )
    return [
        {
            "name": product.name,
            "apis": [str(api) for api in product.apis.all()],
            "prices": [
                _price(price) for price in prices if price.product_id == product.pk
            ],
            "yearly": any(
                price.unit == PriceUnit.YEAR
                for price in prices
                if price.product_id == product.pk
            ),
        }
        for product in Product.objects.filter(slug__in=slugs).prefetch_related("apis")
    ]


def _price(price):
    part = str(price.api) if price.api else "Abonnement"
    unit = _label(PriceUnit, price.unit)
    return {"part": part, "unit": unit, "amount": _amount(price.amount)}


def _amount(amount: Decimal) -> str:
    """Two decimals, and the third and fourth only where they say something."""
    decimals = next(n for n in (2, 3, 4) if n == 4 or amount == round(amount, n))
    with translation.override("nl"):
        return number_format(
            amount, decimal_pos=decimals, use_l10n=True, force_grouping=True
        )


def _day(day: date) -> str:
    with translation.override("nl"):
        return date_format(day, "j F Y")

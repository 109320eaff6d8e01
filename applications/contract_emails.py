"""Every mail about a contract to its customer, one function each: its end, bank accounts,
collections and terms.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localdate

from accounts.models import User
from apikeys.words import euro
from mail.rendering import day
from mail.services import send
from organisations.services import details

from .models import (
    BankChange,
    CollectionReturn,
    Contract,
    ReturnReason,
    TermsRequest,
)


def contract_added(contract: Contract) -> None:
    """To everybody it concerns: a customer has one more contract, and its key is there."""
    page = reverse("apikeys:list", args=[contract.organisation.slug])
    _to_organisation(
        "contract_added",
        contract,
        contract,
        key=contract.api_key.name,
        keys_url=settings.BASE_URL + page,
    )


def contract_cancelled(contract: Contract, *, by: User) -> None:
    """To everybody it concerns, and to the operator: which day is the last."""
    _to_organisation("contract_cancelled", contract, contract, by=by.name)
    _to_sales("contract_cancelled", contract, by=by.name)


def contract_ended_by_us(contract: Contract) -> None:
    """To everybody it concerns: we end it, on which day and why."""
    _to_organisation(
        "contract_ended_by_us", contract, contract, reason=contract.cancellation_reason
    )


def contract_kept(contract: Contract, *, by: User) -> None:
    """To the same people: it was taken back, so it runs on, or to the customer's own end."""
    name = "contract_kept_until" if contract.ends_on else "contract_kept"
    _to_organisation(name, contract, contract, by=by.name)
    _to_sales(name, contract, by=by.name)


def bank_confirm(change: BankChange) -> None:
    """To who asked for another bank account: the link that shows that it was them."""
    person = change.asked_by
    send(
        "applications/emails/bank_confirm",
        to=person.email,
        language=person.language,
        about=change,
        context={
            "name": person.name,
            "organisation": change.contract.organisation.name,
            "account": change.masked,
            "until": day(change.link_expires_at, person.language),
        },
        links={"confirm_url": ["bank_change", change.pk, change.link_version]},
    )


def bank_asked(change: BankChange) -> None:
    """To everybody who could stop it: which account, by whom, and how to stop it."""
    _of_change("bank_asked", change, by=change.asked_by.name)


def bank_agreed(change: BankChange) -> None:
    """A second person agreed; what has to be signed, and when it counts."""
    agreed_by = change.agreed_by
    by = settings.OPERATOR_NAME if change.how_checked else agreed_by and agreed_by.name
    _of_change("bank_agreed", change, by=by)


def bank_stopped(change: BankChange) -> None:
    """It does not go on, and why; the account stays what it was.

    Nobody stopped it: who asked it does not belong to the organisation any more.
    """
    reason = change.stop_reason if change.stopped_by else ""
    _of_change("bank_stopped", change, reason=reason, by=change.asked_by.name)


def bank_in_force(change: BankChange) -> None:
    """From now on the other account is collected from."""
    _of_change("bank_in_force", change)


def collection_returned(returned: CollectionReturn) -> None:
    """To the administrators and where invoices go: what came back, and why."""
    _of_return("collection_returned", returned)


def collection_not_returned(returned: CollectionReturn) -> None:
    """To the same: it did not come back after all, and what was not right."""
    _of_return("collection_not_returned", returned, mistake=returned.mistake)


def _of_return(name: str, returned: CollectionReturn, **context: Any) -> None:
    collection = returned.collection
    contract = collection.contract
    organisation = contract.organisation
    billing = organisation.invoice_attention or organisation.name
    _to_organisation(
        name,
        contract,
        returned,
        told=[(organisation.invoice_email, billing)],
        amount=collection.amount,
        collect_on=collection.direct_debit.collect_on,
        returned_on=returned.returned_on,
        reason=ReturnReason(returned.reason).label,
        **context,
    )


def terms_asked(request: TermsRequest) -> None:
    """To all administrators: there are new terms, which one of them answers."""
    _about_terms("terms_asked", request)


def terms_reminder(request: TermsRequest) -> None:
    """To all administrators: nobody of them answered yet."""
    _about_terms("terms_reminder", request)


def terms_answered(request: TermsRequest, *, agreed: bool, by: User) -> None:
    """To all administrators: who of them said what about which terms."""
    _about_terms("terms_answered", request, agreed=agreed, by=by.name)


def _about_terms(name: str, request: TermsRequest, **context: Any) -> None:
    round, organisation = request.round, request.organisation
    page = reverse("applications:terms_round", args=[organisation.slug])
    for member in organisation.memberships.administrators().select_related("user"):
        user = member.user
        with translation.override(user.language):
            send(
                f"applications/emails/{name}",
                to=user.email,
                language=user.language,
                about=request,
                context={
                    "name": user.name,
                    "organisation": organisation.name,
                    "terms": str(round.template),
                    "answer_by": date_format(request.answer_by, "j F Y"),
                    "consequence": round.consequence,
                    "sha256": round.sha256,
                    "page_url": settings.BASE_URL + page,
                    **context,
                },
            )


def _of_change(name: str, change: BankChange, **context: Any) -> None:
    _to_organisation(
        name,
        change.contract,
        change,
        account=change.masked,
        effective_from=change.effective_from and localdate(change.effective_from),
        **context,
    )


def _to_organisation(
    name: str,
    contract: Contract,
    about: Model,
    *,
    told: list[tuple[str, str]] | None = None,
    **context: Any,
) -> None:
    """Write to every administrator, and to who else is told: else to the contract contact,
    and to who that was lately.
    """
    organisation = contract.organisation
    readers = {
        email.lower(): (email, known_as, contract.application.language)
        for email, known_as in told or details.to_be_told(organisation)
    }
    for member in organisation.memberships.administrators().select_related("user"):
        user = member.user
        readers[user.email.lower()] = (user.email, user.name, user.language)
    for email, known_as, language in readers.values():
        send(
            f"applications/emails/{name}",
            to=email,
            language=language,
            about=about,
            context={"name": known_as, **_about(contract, language, context)},
        )


def _to_sales(name: str, contract: Contract, **context: Any) -> None:
    language = settings.LANGUAGE_CODE
    send(
        f"applications/emails/{name}",
        to=settings.SALES_EMAIL,
        language=language,
        about=contract,
        context={
            "name": settings.OPERATOR_NAME,
            **_about(contract, language, context),
        },
    )


def _about(contract: Contract, language: str, context: dict) -> dict[str, Any]:
    """What these mails know of the contract, written as this reader does."""
    slug = contract.organisation.slug
    with translation.override(language):
        known = {**context, "ends_on": contract.ends_on}
        written = {name: _written(value) for name, value in known.items()}
    return {
        **written,
        "organisation": contract.organisation.name,
        "number": contract.number,
        "contract_url": settings.BASE_URL
        + reverse("applications:contract", args=[slug]),
        "payment_url": settings.BASE_URL + reverse("applications:payment", args=[slug]),
    }


def _written(value: Any) -> Any:
    match value:
        case date():
            return date_format(value, "j F Y")
        case Decimal():
            return euro(value)
        case Promise():
            return str(value)
    return value

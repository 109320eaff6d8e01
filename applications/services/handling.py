"""What the operator's staff do with an application."""

from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User, Username
from apikeys import services as apikeys
from apikeys.models import Product
from audit.services import record
from organisations.details import CONTACT
from organisations.models import ContactKind, LegalForm, Organisation
from organisations.roles import Role
from organisations.services import details
from organisations.services import members as organisations
from organisations.services.locking import lock as lock_organisation

from .. import contract_emails, emails
from ..models import (
    Application,
    ChangeRequest,
    Contract,
    Document,
    ReplyTemplate,
    Status,
)
from ..steps import with_dependents
from .checklists import require_ticked, start_anew
from .documents import contract_number, draw_up, keep_signed
from .following import release_username
from .moves import lock, move, new_link, require


class EmailUnconfirmed(Exception):
    """The applicant has not shown yet to be the reader of the address."""


class SamePerson(Exception):
    """Who drew the contract up cannot be the one who approves it."""


class RegisteredIt(SamePerson):
    """Who says that the contract came back signed cannot be the one who approves it."""


class OwnInterest(Exception):
    """Who works for the organisation, or reads its mail, does not decide on it."""


class OrganisationExists(Exception):
    """This organisation is a customer already: staff has to choose to join it."""


@transaction.atomic
def request_changes(
    application: Application, *, fields: list[str], reason: str, by: User
) -> None:
    """Ask the applicant to complete these answers and what follows from them, and why."""
    fields = with_dependents(fields)
    lock(application)
    require(application, Status.SUBMITTED)
    _require_confirmed_email(application)
    move(application, Status.CHANGES_REQUESTED, by=by)
    ChangeRequest.objects.create(
        application=application,
        fields=fields,
        reason=reason,
        requested_by=by,
        before={name: application.answers.get(name, "") for name in fields},
    )
    emails.changes_requested(application, reason=reason)


@transaction.atomic
def send_contract(application: Application, *, by: User) -> None:
    """Draw up the contract and what belongs to it, and send it for signing.

    Raises EmailUnconfirmed, OwnInterest, NotAllTicked, or WrongState.
    """
    lock(application)
    require(application, Status.SUBMITTED)
    _require_confirmed_email(application)
    _require_no_interest(application, by)
    require_ticked(application)
    move(
        application,
        Status.CONTRACT_SENT,
        by=by,
        contract_sent_at=timezone.now(),
        contract_sent_by=by,
    )
    emails.contract_sent(application, draw_up(application, by=by))


@transaction.atomic
def register_return(
    application: Application, *, by: User, content: bytes | None = None
) -> Document | None:
    """The signed contract came back by another way; a scan of it may be added.

    Raises SameAsSent when that is the contract that we sent, or WrongState.
    """
    lock(application)
    document = None
    if content:
        document = keep_signed(application, content, by=by)
    move(
        application,
        Status.CONTRACT_RETURNED,
        by=by,
        contract_returned_at=timezone.now(),
        contract_returned_by=by,
        sign_again_reason="",
    )
    emails.contract_received(application)
    return document


@transaction.atomic
def ask_again(application: Application, *, reason: str, by: User) -> None:
    """What came back cannot be used: ask to sign the same contract once more."""
    lock(application)
    require(application, Status.CONTRACT_RETURNED)
    start_anew(application)
    move(
        application,
        Status.CONTRACT_SENT,
        by=by,
        contract_returned_at=None,
        contract_returned_by=None,
        sign_again_reason=reason,
    )
    emails.sign_again(application, reason=reason)


@transaction.atomic
def approve(
    application: Application, *, by: User, join: Organisation | None = None
) -> Contract:
    """Let the organisation in: organisation, administrator, key, contract and mail.

    All of it or nothing; a customer that applied itself gets key and contract. `join` is
    the organisation that staff chose where one with this KVK number exists. Raises
    SamePerson when `by` drew up the contract (product.md, rule 4) or registered it as
    returned, OwnInterest, NotAllTicked, OrganisationExists, or WrongState when somebody
    decided before.
    """
    lock(application)
    _lock_existing(application)  # before the audit log
    if application.contract_sent_by_id == by.pk:
        raise SamePerson
    if application.contract_returned_by_id == by.pk:
        raise RegisteredIt
    _require_no_interest(application, by)
    if application.can_become(Status.APPROVED):
        require_ticked(application)
    now = timezone.now()
    move(application, Status.APPROVED, by=by, decided_at=now, decided_by=by)
    organisation = _organisation(application, join=join, by=by)
    newcomer = None
    if not application.customer:
        newcomer = _let_in(application, organisation, by=by)
    _contacts(application, organisation)
    contract = _contract(application, organisation, by=by)
    record("contract.concluded", subject=contract, organisation=organisation, by=by)
    if newcomer:
        activation = accounts.start_activation(newcomer, by=by)
        emails.key_available(application, activation)
    else:
        contract_emails.contract_added(contract)
    return contract


@transaction.atomic
def reject(
    application: Application,
    *,
    reason: str,
    reply: ReplyTemplate | None = None,
    by: User,
) -> None:
    """Turn the application down, and say why; the username is free again.

    `reply` names the reason, for who counts them; without one it is in own words.

    An address that nobody confirmed gets no mail of it; the private page says it too.
    """
    move(
        application,
        Status.REJECTED,
        by=by,
        rejection_reason=reason,
        rejection_reply=reply,
        rejection_in_own_words=reply is None,
        decided_at=timezone.now(),
        decided_by=by,
    )
    release_username(application)
    if application.email_confirmed_at:
        emails.rejected(application)


@transaction.atomic
def renew_link(application: Application, *, by: User) -> None:
    """Mail another private link; the one before stops working at once."""
    lock(application)
    new_link(application, "application")
    application.save(update_fields=["link_version", "link_digest"])
    record("application.link_renewed", subject=application, by=by)
    emails.link_renewed(application)


def existing_organisation(application: Application) -> Organisation | None:
    """The customer that applied, or has this application's KVK number already.

    Of a double that merged it is the one that stayed.
    """
    if application.customer:
        return application.customer
    if not application.kvk_number:
        return None
    of_number = Organisation.objects.filter(kvk_number=application.kvk_number)
    found = of_number.select_related("merged_into").first()
    return found and (found.merged_into or found)


def _lock_existing(application: Application) -> None:
    """Once more where it merged while this waited for it."""
    while existing := existing_organisation(application):
        if not lock_organisation(existing.pk, after_merging=True).merged_into_id:
            return


def _require_confirmed_email(application: Application) -> None:
    if application.email_confirmed_at is None:
        raise EmailUnconfirmed


def _require_no_interest(application: Application, by: User) -> None:
    addresses = {
        str(answer).lower()
        for name, answer in application.answers.items()
        if name.endswith("_email")
    }
    existing = existing_organisation(application)
    if by.email.lower() in addresses or (
        existing and existing.memberships.filter(user=by).exists()
    ):
        raise OwnInterest


def _organisation(
    application: Application, *, join: Organisation | None, by: User
) -> Organisation:
    existing = existing_organisation(application)
    if existing:
        if existing != join and not application.customer:
            raise OrganisationExists
        return existing
    answers = application.answers
    return organisations.found(
        slug=application.kvk_number or str(application.reference).lower(),
        by=by,
        **_facts(answers),
    )


def _let_in(application: Application, organisation: Organisation, *, by: User) -> User:
    """The administrator that was asked for joins; who ran it until now hears of it."""
    administrator = _administrator(application)
    colleagues = [member.user for member in organisation.memberships.administrators()]
    organisations.add_member(
        organisation, administrator, role=Role.ADMINISTRATOR, by=by
    )
    for colleague in colleagues:
        emails.administrator_joined(application, administrator, colleague)
    return administrator


def _contacts(application: Application, organisation: Organisation) -> None:
    """The contacts that were asked for; who is the contact already, stays that."""
    answers = application.answers
    for kind in ContactKind:
        same = kind == ContactKind.TECHNICAL and answers["technical_same"]
        asked = ContactKind.CONTRACT if same else kind
        if not organisation.contacts.of_kind(kind):
            facts = {part: answers[f"{asked}_{part}"] for part in CONTACT}
            details.set_contact(organisation, kind=kind, **facts)


def _administrator(application: Application) -> User:
    """The account that was asked for; the telephone number only if it is surely theirs."""
    answers = application.answers
    same = answers["account_email"].lower() == answers["contract_email"].lower()
    return accounts.create_person(
        cast(Username, application.username),  # held since submission
        name=answers["account_name"],
        email=answers["account_email"],
        phone=answers["contract_phone"] if same else "",
        language=application.language,
    )


def _contract(
    application: Application, organisation: Organisation, *, by: User
) -> Contract:
    """The contract with its key; what came back proves the mandate too."""
    answers = application.answers
    if hasattr(application, "mandate"):
        application.mandate.signed_on = timezone.localdate()
        application.mandate.save(update_fields=["signed_on"])
    return Contract.objects.create(
        number=contract_number(application),
        organisation=organisation,
        application=application,
        api_key=apikeys.issue(
            organisation,
            products=Product.objects.filter(slug__in=answers["products"]),
            name=answers["key_name"],
            by=by,
        ),
        starts_on=timezone.localdate(),
    )


def _facts(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers that become the organisation's own data."""
    foreign = answers["branch"] == "foreign"
    return {
        "kvk_number": answers["kvk_number"] or None,
        "name": answers["name"],
        "legal_form": LegalForm(answers["legal_form"]),
        "rsin": answers["rsin"],
        "street": answers["street"],
        "postcode": answers["postcode"],
        "city": answers["city"],
        "country": answers["country"] if foreign else "NL",
        **{name: answers[name] for name in details.POSTAL},
        "invoice_email": answers["invoice_email"],
        "invoice_attention": answers["invoice_attention"],
        "purchase_reference": answers["purchase_reference"],
    }

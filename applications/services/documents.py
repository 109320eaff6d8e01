"""Making and keeping the documents of an application or a change of bank account."""

import hashlib
import re

from django.conf import settings
from django.utils import timezone, translation
from django.utils.text import slugify

from accounts.models import User

from .. import rendering, signing
from ..models import (
    FROM_THE_CUSTOMER,
    Application,
    BankChange,
    Document,
    DocumentKind,
    DocumentTemplate,
    Mandate,
)
from .comparing import compare_later


def draw_up(application: Application, *, by: User) -> list[Document]:
    """Make what goes with the contract: each document from its template now in force.

    The terms are the version that the applicant agreed to. With direct debit a mandate
    is entered, and its sheet made. Needs the application's lock.
    """
    today = timezone.localdate()
    kinds = [DocumentKind.CONTRACT, DocumentKind.TERMS, DocumentKind.SERVICE_LEVEL]
    if application.answers["payment_method"] == "direct_debit":
        enter_mandate(application)
        kinds.append(DocumentKind.MANDATE)
    documents = []
    for kind in kinds:
        template = DocumentTemplate.objects.in_force(kind, today)
        if kind == DocumentKind.TERMS:
            template = application.terms
        number = contract_number(application)
        if kind == DocumentKind.MANDATE:
            number = mandate_reference(application)
        content = rendering.draw_up(template, application, number=number, on=today)
        content = signing.signed(content)
        documents.append(keep(application, kind, content, by=by, template=template))
    return documents


def enter_mandate(application: Application) -> Mandate:
    """The SEPA mandate that the signed sheet will prove; entered once per application."""
    return Mandate.objects.create(
        application=application,
        reference=mandate_reference(application),
        creditor_identifier=settings.CREDITOR_IDENTIFIER,
        iban=application.answers["iban"],
        account_holder=application.answers["account_holder"],
    )


def contract_number(application: Application) -> str:
    """The number of the contract that this application leads to: OV-7K3M-Q2XR."""
    return str(application.reference).replace("AV", "OV", 1)


def mandate_reference(application: Application) -> str:
    """Letters and digits only, unique per creditor (SEPA rulebook, AT-01)."""
    return re.sub("[^A-Z0-9]", "", str(application.reference).replace("AV", "MA", 1))


def bank_mandate(change: BankChange, *, by: User) -> Mandate:
    """Enter the mandate for another bank account, and make its sheet to sign.

    The customer is who it is today; the one before keeps its row and its reference.
    """
    contract, today = change.contract, timezone.localdate()
    agreed = contract.bank_changes.filter(agreed_at__isnull=False).count()
    mandate = Mandate.objects.create(
        bank_change=change,
        reference=f"{mandate_reference(contract.application)}{agreed + 1}",
        creditor_identifier=settings.CREDITOR_IDENTIFIER,
        iban=change.iban,
        account_holder=change.account_holder,
    )
    template = DocumentTemplate.objects.in_force(DocumentKind.MANDATE, today)
    current = Application(answers=rendering.answers_today(change))
    content = rendering.draw_up(template, current, number=mandate.reference, on=today)
    content = signing.signed(content)
    keep(change, DocumentKind.MANDATE, content, by=by, template=template)
    return mandate


class SameAsSent(Exception):
    """What came back is a document that we sent, to the byte: nobody signed it."""


def keep_signed(
    owner: Application | BankChange, content: bytes, *, by: User | None
) -> Document:
    """Keep what came back signed; raises SameAsSent."""
    digest = hashlib.sha256(content).hexdigest()
    ours = owner.documents.exclude(kind__in=FROM_THE_CUSTOMER)
    if ours.filter(sha256=digest).exists():
        raise SameAsSent
    kind = DocumentKind.SIGNED_CONTRACT
    if isinstance(owner, BankChange):
        kind = DocumentKind.SIGNED_MANDATE
    document = keep(owner, kind, content, by=by)
    compare_later(document)
    return document


def _in_dutch(kind: DocumentKind) -> str:
    with translation.override("nl"):
        return slugify(str(kind.label))


def keep(
    owner: Application | BankChange,
    kind: DocumentKind,
    content: bytes,
    *,
    by: User | None,
    template: DocumentTemplate | None = None,
) -> Document:
    """Store a document for good, with the digest that proves it. Null `by`: applicant."""
    place = "application" if isinstance(owner, Application) else "bank_change"
    return Document.objects.create(
        **{place: owner},
        kind=kind,
        template=template,
        name=f"{owner.reference}-{_in_dutch(kind)}.pdf",
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        added_by=by,
    )

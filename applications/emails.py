"""Every mail about an application, one function each: to applicants and colleagues."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext

from accounts.models import Activation, User
from mail.rendering import day
from mail.services import next_slot, send

from .models import (
    Application,
    Correction,
    Document,
    Note,
    Status,
)
from .summary import answer, question

RESUME = "applications/emails/resume"
BEGUN_FOR_YOU = "applications/emails/begun_for_you"


def resume(application: Application, *, to: str) -> None:
    """The private link with which a draft is taken up again."""
    send(
        RESUME,
        to=to,
        language=application.language,
        about=application,
        context={"until": day(application.expires_at, application.language)},
        links={"resume_url": ["draft", application.pk, application.link_version]},
    )


def begun_for_you(application: Application) -> None:
    """After a telephone call: the private link with which it is completed."""
    send(
        BEGUN_FOR_YOU,
        to=application.contact_email,
        language=application.language,
        about=application,
        context={
            "organisation": application.organisation_name,
            "until": day(application.expires_at, application.language),
        },
        links={"resume_url": ["draft", application.pk, application.link_version]},
    )


def received(application: Application) -> None:
    """It arrived; here is the link to follow it, and to confirm the address."""
    _to_applicant("received", application)


def changes_requested(application: Application, *, reason: str) -> None:
    """Something has to be completed, and why."""
    _to_applicant("changes_requested", application, reason=reason)


def contract_sent(application: Application, documents: Iterable[Document]) -> None:
    """The contract to sign, with all that belongs to it."""
    debit = application.answers["payment_method"] == "direct_debit"
    _to_applicant("contract_sent", application, attachments=documents, debit=debit)


def contract_received(application: Application) -> None:
    """The signed contract arrived."""
    _to_applicant("contract_received", application)


def sign_again(application: Application, *, reason: str) -> None:
    """What came back cannot be used, and why."""
    _to_applicant("sign_again", application, reason=reason)


def key_available(application: Application, activation: Activation) -> None:
    """The key exists: to the administrator the way in, to the applicant that it is so."""
    user = activation.user
    send(
        "applications/emails/key_available",
        to=user.email,
        language=user.language,
        about=application,
        context={
            "name": user.name,
            "username": user.username,
            "organisation": application.organisation_name,
            "until": day(activation.expires_at, user.language),
        },
        links={
            "activation_url": ["activation", activation.pk, activation.link_version]
        },
    )
    if application.contact_email.lower() != user.email.lower():
        _to_applicant("approved", application, administrator=user.name)


def administrator_joined(
    application: Application, administrator: User, colleague: User
) -> None:
    """To who ran the organisation until now: by this application there is one more."""
    send(
        "applications/emails/administrator_joined",
        to=colleague.email,
        language=colleague.language,
        about=application,
        context={
            "name": colleague.name,
            "administrator": administrator.name,
            "address": administrator.email,
            "organisation": str(application.organisation_name),
            "reference": application.reference,
        },
    )


def reminder(application: Application, *, lapses_on: date | None) -> None:
    """It is the applicant's turn; what to do, and on which day it lapses otherwise."""
    with translation.override(application.language):
        since = date_format(localdate(application.status_since), "j F Y")
        lapses = date_format(lapses_on, "j F Y") if lapses_on else ""
    _to_applicant(
        "reminder",
        application,
        sign=application.status == Status.CONTRACT_SENT,
        since=since,
        lapses_on=lapses,
    )


def expired(application: Application) -> None:
    """Nobody reacted, so it lapsed; how to begin again."""
    start_url = settings.BASE_URL + reverse("applications:start")
    _to_applicant("expired", application, start_url=start_url)


def rejected(application: Application) -> None:
    """It was turned down, and why."""
    _to_applicant("rejected", application, reason=application.rejection_reason)


def withdrawn(application: Application) -> None:
    """It was withdrawn, as the applicant asked."""
    _to_applicant("withdrawn", application)


def link_renewed(application: Application) -> None:
    """Another private link, in place of the one before."""
    _to_applicant("link_renewed", application)


def corrected(correction: Correction) -> None:
    """We put a typing error right: what was there, what is, and why."""
    application, name = correction.application, correction.field
    with translation.override(application.language):
        asked = str(question(name))
        before = answer(name, {name: correction.before})
        after = answer(name, {name: correction.after})
    _to_applicant(
        "corrected",
        application,
        question=asked,
        before=before,
        after=after,
        reason=correction.reason,
    )


def mentioned(note: Note, person: User) -> None:
    """To a colleague who was called by name in a note; what it says is read at the page."""
    application = note.application
    page = reverse("admin:applications_application_change", args=[application.pk])
    send(
        "applications/emails/mentioned",
        to=person.email,
        language=person.language,
        about=application,
        context={
            "name": person.name,
            "by": note.by.name,
            "reference": application.reference,
            "page_url": settings.BASE_URL + page,
        },
    )


def _to_applicant(
    name: str,
    application: Application,
    *,
    attachments: Iterable[Document] = (),
    **context: Any,
) -> None:
    """Write to the applicant; an address nobody confirmed has to wait for its share.

    Nor does it get to read what somebody typed: a name can be made into a lure.
    """
    confirmed = application.email_confirmed_at is not None
    with translation.override(application.language):
        somebody = {
            "name": gettext("aanvrager"),
            "organisation": gettext("je organisatie"),
        }
    known = {
        "name": application.contact_name,
        "organisation": application.organisation_name,
    }
    send(
        f"applications/emails/{name}",
        to=application.contact_email,
        language=application.language,
        about=application,
        context={
            **(known if confirmed else somebody),
            "reference": application.reference,
            **context,
        },
        links={"status_url": ["application", application.pk, application.link_version]},
        attachments=attachments,
        not_before=None if confirmed else next_slot(application.contact_email),
    )

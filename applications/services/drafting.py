"""What an applicant does before the application is sent."""

import datetime
import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User, Username
from audit.services import record
from mail import private_links
from mail.services import TooMuchMail, next_slot
from organisations.models import Organisation
from organisations.roles import Permission
from organisations.services.locking import lock as lock_organisation

from .. import emails
from ..models import Application, DocumentKind, DocumentTemplate, Status
from ..prefilling import known, proposed
from ..steps import Step, cleaned, first_incomplete
from .checking import look_up_later
from .moves import lock, move, new_link, require

REFERENCE_LETTERS = (
    "23456789BCDFGHJKLMNPQRSTVWXZ"  # no vowels, nothing that looks alike
)


class TooManyApplications(Exception):
    """More applications were begun from this address in an hour than one office needs."""


class Incomplete(Exception):
    """A step does not do yet."""

    def __init__(self, step: Step):
        self.step = step


class TermsChanged(Exception):
    """Other terms are in force than those that were shown."""


@transaction.atomic
def begin(*, language: str, from_address: str) -> Application:
    """Open a draft that is kept for PORTAL_DRAFT_DAYS.

    `from_address` is a digest of the network address; raises TooManyApplications.
    """
    an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
    recent = Application.objects.filter(
        from_address=from_address, created_at__gt=an_hour_ago
    )
    if recent.count() >= settings.APPLICATIONS_PER_HOUR:
        raise TooManyApplications
    return Application.objects.create(
        language=language,
        from_address=from_address,
        expires_at=private_links.end_of_day_in(settings.DRAFT_DAYS),
    )


@transaction.atomic
def begin_for(
    organisation: Organisation,
    asked: dict[str, Any],
    *,
    by: User,
    language: str,
    from_address: str,
) -> Application:
    """Open a draft for a customer, with all that we know filled in; `asked` is typed."""
    lock_organisation(organisation.pk, by=by, permission=Permission.KEYS_MANAGE)
    draft = begin(language=language, from_address=from_address)
    draft.customer, draft.applicant = organisation, by
    draft.answers = {**proposed(organisation), **asked, **known(organisation, by)}
    draft.save(update_fields=["customer", "applicant", "answers"])
    return draft


@transaction.atomic
def save_answers(application: Application, typed: dict[str, Any]) -> None:
    """Keep what was typed in one step, right or wrong, so that nothing is lost."""
    lock(application)
    require(application, Status.DRAFT)
    application.answers = {**application.answers, **typed}
    application.save(update_fields=["answers"])


@transaction.atomic
def save_for_later(application: Application, *, email: str, language: str) -> None:
    """Mail the private link with which the draft is taken up again.

    Raises TooMuchMail when this address had its share this hour: nobody confirmed it.
    """
    lock(application)
    require(application, Status.DRAFT)
    if next_slot(email, template=emails.RESUME):
        raise TooMuchMail
    if application.link_digest is None:
        new_link(application, "draft")
    application.language = language
    application.save(update_fields=["link_version", "link_digest", "language"])
    emails.resume(application, to=email)


@transaction.atomic
def submit(application: Application, *, terms: DocumentTemplate, language: str) -> None:
    """Send the application in: from now on the operator is on turn.

    `terms` is the version that was shown, and `language` the one it was shown in.
    Raises Incomplete with the step that does not do yet, accounts.UsernameTaken,
    TermsChanged, or WrongState when it was sent before; PermissionDenied when who applies
    for a customer does not run it any more.
    """
    lock(application)
    require(application, Status.DRAFT)
    _know_customer(application)
    if step := first_incomplete(application):
        raise Incomplete(step)
    if terms != terms_in_force():
        raise TermsChanged
    answers = cleaned(application)
    new_link(application, "application")
    move(
        application,
        Status.SUBMITTED,
        by=application.applicant,
        answers=answers,
        username=_username(application, answers["username"]),
        reference=new_reference(),
        language=language,
        terms=terms,
        terms_agreed_at=timezone.now(),
        submitted_at=timezone.now(),
        link_version=application.link_version,
        link_digest=application.link_digest,
    )
    if application.customer:
        record(
            "contract.asked_for",
            subject=application,
            organisation=application.customer,
            by=application.applicant,
            new=application.reference,
        )
    emails.received(application)
    look_up_later(application)


def _know_customer(application: Application) -> None:
    """Who applies for a customer has the right to yet, and says who that is today."""
    customer, applicant = application.customer, application.applicant
    if customer and applicant:
        lock_organisation(customer.pk, by=applicant, permission=Permission.KEYS_MANAGE)
        application.answers |= known(customer, applicant)


def _username(application: Application, asked: str) -> Username | None:
    """Held for the administrator to come; a customer has its administrators."""
    return None if application.customer else accounts.reserve_username(asked)


def terms_in_force() -> DocumentTemplate:
    """The terms of use that an applicant agrees to today."""
    return DocumentTemplate.objects.in_force(DocumentKind.TERMS, timezone.localdate())


def new_reference() -> str:
    """A reference that can be read out on the telephone: AV-7K3M-Q2XR."""
    letters = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))
    return f"AV-{letters[:4]}-{letters[4:]}"


@transaction.atomic
def discard_expired() -> int:
    """Delete the drafts whose term is over, with all that was typed; says how many.

    A draft that is being sent at this moment is locked, and so passed over.
    """
    over = Application.objects.filter(
        status=Status.DRAFT, expires_at__lte=timezone.now()
    )
    locked = over.select_for_update(skip_locked=True).values_list("pk", flat=True)
    return Application.objects.filter(pk__in=list(locked)).delete()[0]


def by_link(purpose: str, token: str) -> Application:
    """The application that this private link opens; raises Application.DoesNotExist."""
    applications = Application.objects
    may_be_seen = (
        applications.drafts()
        if purpose == "draft"
        else applications.submitted().filter(erased_at=None)
    )
    return may_be_seen.get(link_digest=private_links.digest(token))

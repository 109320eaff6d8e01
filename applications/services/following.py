"""What an applicant does with the private link, once the application was sent."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from audit.services import record

from .. import emails
from ..models import Application, ChangeRequest, Document, Status
from .checking import look_up_later
from .checklists import start_anew
from .documents import keep_signed
from .moves import lock, move, new_link, require


@transaction.atomic
def confirm_email(application: Application) -> None:
    """The reader of the mailbox says so: from now on it may receive any mail."""
    lock(application)
    if application.email_confirmed_at is None:
        application.email_confirmed_at = timezone.now()
        application.save(update_fields=["email_confirmed_at"])
        record("application.email_confirmed", subject=application, by=None)


@transaction.atomic
def withdraw(application: Application) -> None:
    """The applicant ends the application; the username is free again."""
    move(application, Status.WITHDRAWN, by=None)
    release_username(application)
    emails.withdrawn(application)


@transaction.atomic
def answer_changes(application: Application, answers: dict[str, Any]) -> None:
    """Answer what staff asked: only the fields that were asked for are changed.

    `answers` are checked values. Raises WrongState when nothing is asked (any more), and
    accounts.UsernameTaken.
    """
    lock(application)
    require(application, Status.CHANGES_REQUESTED)
    asked: ChangeRequest = application.change_requests.get(answered_at=None)
    asked.after = {name: answers[name] for name in asked.fields if name in answers}
    asked.answered_at = timezone.now()
    asked.save(update_fields=["after", "answered_at"])
    changes: dict[str, Any] = {"answers": {**application.answers, **asked.after}}
    name = changes["answers"]["username"]
    if name != application.answers["username"]:
        changes["username"] = accounts.reserve_username(name)
        release_username(application)
    if changes["answers"]["contract_email"] != application.answers["contract_email"]:
        new_link(application, "application")  # the old address is not to follow it
        changes["email_confirmed_at"] = None
        changes["link_version"] = application.link_version
        changes["link_digest"] = application.link_digest
    start_anew(application)
    number = application.kvk_number
    move(application, Status.SUBMITTED, by=None, **changes)
    if application.kvk_number != number:
        look_up_later(application)
    if application.email_confirmed_at is None:
        emails.received(application)  # to the new address, which is to be confirmed


@transaction.atomic
def return_contract(application: Application, content: bytes) -> Document:
    """The signed contract comes back as a file (an inspected PDF, kept as it is).

    Raises SameAsSent when it is the contract that we sent, or WrongState.
    """
    lock(application)
    document = keep_signed(application, content, by=None)
    move(
        application,
        Status.CONTRACT_RETURNED,
        by=None,
        contract_returned_at=timezone.now(),
        sign_again_reason="",
    )
    emails.contract_received(application)
    return document


def release_username(application: Application) -> None:
    """Give the reserved name back, when the application came to nothing."""
    if application.username:
        reserved, application.username = application.username, None
        application.save(update_fields=["username"])
        accounts.release_username(reserved)

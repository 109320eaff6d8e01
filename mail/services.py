"""Writing mail, sending what was written, and sending it once more."""

import datetime
from collections.abc import Iterable
from smtplib import (
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from audit.services import record

from . import rendering, tasks
from .models import Attachment, Message, State

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

FIRST_PAUSE = datetime.timedelta(minutes=1)  # doubled each time,
LONGEST_PAUSE = datetime.timedelta(hours=4)  # but not beyond this,
GIVE_UP_AFTER = datetime.timedelta(days=3)  # and no longer than this in all
NOTE = "mail/emails/undeliverable"


class TooMuchMail(Exception):
    """This address has had its share of mail for this hour."""


@transaction.atomic
def send(
    template: str,
    *,
    to: str,
    language: str,
    about: models.Model,
    context: dict[str, Any] | None = None,
    links: dict[str, list] | None = None,
    attachments: Iterable[models.Model] = (),
    not_before: datetime.datetime | None = None,
) -> Message:
    """Write a mail and defer its sending, both in the caller's transaction.

    `template` names three files ("applications/emails/received": .subject.txt, .txt and
    .html); `context` is plain JSON; `links` maps a name in the template to
    [purpose, id, version], from which its private address is made while sending.
    `attachments` are rows with as_attachment(). Goes out if the transaction commits.
    """
    message = Message(
        template=template,
        to=to,
        language=language,
        about=about,
        context=context or {},
        links=links or {},
    )
    message.subject_line = rendering.subject(message)[:200]
    message.save(force_insert=True)
    for source in attachments:
        Attachment.objects.create(message=message, source=source)
    tasks.defer(message, at=not_before)
    return message


@transaction.atomic
def attempt(message: Message) -> None:
    """Hand a queued mail to the mail server, once, and keep what it answered.

    "Not now" is tried again after a pause that grows; "no" is given up, with a note to
    support. A process that dies between the server's yes and our commit sends it a
    second time, under the same Message-ID.
    """
    message.refresh_from_db(from_queryset=Message.objects.select_for_update())
    if message.state != State.QUEUED:
        return
    message.attempts += 1
    try:
        with transaction.atomic():
            written = rendering.email(message)
        written.send()
    except (SMTPException, OSError) as refusal:
        message.last_error = str(refusal)[:500]
        if _for_good(refusal) or _pause(message) is None:
            _give_up(message)
        else:
            tasks.defer(message, at=timezone.now() + _pause(message))
    except Exception as fault:  # noqa: BLE001  # what cannot be made is not tried for ever
        message.last_error = f"{type(fault).__name__}: {fault}"[:500]
        _give_up(message)
    else:
        message.state, message.sent_at = State.SENT, timezone.now()
    message.save(update_fields=["state", "sent_at", "attempts", "last_error"])


def _for_good(refusal: Exception) -> bool:
    """A 5xx answer is a no; everything else may be otherwise later (RFC 5321, 4.2.1)."""
    if isinstance(refusal, SMTPRecipientsRefused):
        return all(code >= 500 for code, _answer in refusal.recipients.values())
    return isinstance(refusal, SMTPResponseException) and refusal.smtp_code >= 500


def _pause(message: Message) -> datetime.timedelta | None:
    """How long to wait before the next attempt, None when it has been long enough."""
    if timezone.now() - message.created_at > GIVE_UP_AFTER:
        return None
    return min(FIRST_PAUSE * 2 ** min(message.attempts - 1, 12), LONGEST_PAUSE)


def _give_up(message: Message) -> None:
    message.state = State.FAILED
    if message.template != NOTE:  # no notes about notes
        send(
            NOTE,
            to=settings.SUPPORT_EMAIL,
            language=settings.LANGUAGE_CODE,
            about=message,
            context={
                "to": message.to,
                "subject_line": message.subject_line,
                "answer": message.last_error,
            },
        )


@transaction.atomic
def resend(message: Message, *, by: "AbstractBaseUser") -> Message:
    """Send a mail again: the same row when it failed, else a new one that is its copy."""
    message.refresh_from_db(from_queryset=Message.objects.select_for_update())
    if message.state == State.QUEUED:
        return message
    if message.state == State.FAILED:
        message.state, message.last_error = State.QUEUED, ""
        message.created_at = timezone.now()
        message.save(update_fields=["state", "last_error", "created_at"])
        tasks.defer(message)
        again = message
    else:
        again = send(
            message.template,
            to=message.to,
            language=message.language,
            about=message.about or message,
            context=message.context,
            links=message.links,
            attachments=[a.source for a in message.attachments.all()],
        )
    record("mail.resent", subject=message, by=by)
    return again


def next_slot(to: str) -> datetime.datetime | None:
    """When an address that nobody confirmed may have its next mail; None means now.

    Else our public form could be used to flood a stranger's mailbox.
    """
    share = settings.MAIL_PER_ADDRESS_PER_HOUR
    an_hour = datetime.timedelta(hours=1)
    recent = Message.objects.filter(
        to__iexact=to, created_at__gt=timezone.now() - an_hour
    )
    times = list(
        recent.order_by("-created_at").values_list("created_at", flat=True)[:share]
    )
    return times[-1] + an_hour if len(times) == share else None

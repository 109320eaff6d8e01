"""Sending what was written, whatever the mail server says."""

import datetime
import logging
import re
import smtplib

from django import db
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from . import rendering, services
from .models import SERVERS_WORDS, Message, State

logger = logging.getLogger(__name__)

NOTE = "mail/emails/undeliverable"

# Pauses of 1, 2, 4 … minutes up to 4 hours: the last attempt comes after three days.
FIRST_PAUSE = datetime.timedelta(minutes=1)
LONGEST_PAUSE = datetime.timedelta(hours=4)
ATTEMPTS = 26


@transaction.atomic
def attempt(message_id: str) -> None:
    """Send a queued mail now, and write down how that went.

    The row stays locked while the mail server is spoken to, so two jobs for one mail
    send it once. Killed after the server took the mail and before this transaction
    commits, the mail goes out again with the same Message-ID: rather twice than never.
    """
    queued = Message.objects.select_for_update().queued()
    message = queued.filter(pk=message_id).first()
    if message is None:
        return
    message.attempts += 1
    try:
        rendering.email(message).send()
    except db.Error:
        raise  # not this mail's fault: the job is tried again
    except OSError as error:  # the way to the server, or its answer (SMTPException)
        if _is_final(error) or message.attempts >= ATTEMPTS:
            _give_up(message, _answer(error))
        else:
            _try_later(message, _answer(error))
    except Exception as error:  # it cannot be rendered, today or tomorrow
        logger.exception("mail %s cannot be rendered", message.pk)
        _give_up(message, type(error).__name__)
    else:
        message.state = State.SENT
        message.sent_at = timezone.now()
        message.last_error = ""
    message.save(update_fields=["state", "attempts", "last_error", "sent_at"])


def pause(attempts: int) -> datetime.timedelta:
    """How long to wait after that many attempts."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def _try_later(message: Message, reason: str) -> None:
    message.last_error = reason
    services.defer_sending(message, at=timezone.now() + pause(message.attempts))


def _give_up(message: Message, reason: str) -> None:
    """Stop trying, and tell support."""
    message.state = State.FAILED
    message.last_error = reason
    tell_support(message, reason)


def tell_support(message: Message, reason: str) -> None:
    """Have somebody look at the address; about such a note itself nobody is told."""
    if message.template == NOTE:
        return
    services.send(
        NOTE,
        to=settings.SUPPORT_EMAIL,
        language=settings.LANGUAGE_CODE,
        about=message,
        context={
            "to": message.to,
            "undelivered": message.subject_line,
            "reason": reason,
            "page": settings.BASE_URL
            + reverse("admin:mail_message_change", args=[message.pk]),
        },
    )


def _is_final(error: OSError) -> bool:
    """Whether the server will never take this mail: 5xx on its recipient or content.

    A refused login or sender is our configuration, which somebody can still repair.
    """
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return all(500 <= code < 600 for code, _ in refused.values())
        case smtplib.SMTPDataError(smtp_code=code):
            return 500 <= code < 600
    return False


def _answer(error: OSError) -> str:
    """What the server said, fit to store."""
    code: object
    said: str | bytes
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, said = next(iter(refused.values()))
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            pass
        case _:
            code, said = type(error).__name__, str(error)
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return fit_to_keep(f"{code} {text}")


def fit_to_keep(said: str) -> str:
    """Another server's words: one line, and no private link quoted in it."""
    line = " ".join(said.replace("\0", "").split())
    return re.sub(r"[\w-]{43,}", "…", line)[:SERVERS_WORDS]

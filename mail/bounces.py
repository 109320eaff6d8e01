"""Mail that was sent and did not arrive: the far server says so later, in a mail of its own
(RFC 3464) or by the mail provider's webhook."""

import logging
import mailbox
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, EventType
from django import db
from django.conf import settings
from django.db import transaction

from . import delivery
from .models import Message, State

logger = logging.getLogger(__name__)

OURS = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
FOR_GOOD = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}


@transaction.atomic
def came_back(message: Message, answer: str) -> None:
    """Mark a mail that did not arrive, and have support look at its address, once."""
    message.refresh_from_db(from_queryset=Message.objects.select_for_update())
    if message.state != State.SENT:
        return
    message.state = State.BOUNCED
    message.last_error = delivery.fit_to_keep(answer)
    message.save(update_fields=["state", "last_error"])
    delivery.tell_support(message, message.last_error)


def read_maildir() -> None:
    """Take in what came back to the mailbox of bounces; any other mail is left in it, read."""
    if not settings.BOUNCE_MAILDIR:
        return
    box = mailbox.Maildir(settings.BOUNCE_MAILDIR, factory=None, create=False)
    for key, kept in box.items():
        if kept.get_subdir() != "new":
            continue
        if _understood(box.get_bytes(key)):
            box.discard(key)
        else:
            kept.set_subdir("cur")
            kept.add_flag("S")
            box[key] = kept


def _understood(content: bytes) -> bool:
    """Whether it was a report; anybody can send anything here, and must not stop the rest."""
    try:
        return note(message_from_bytes(content, policy=default))
    except db.Error:
        raise  # not this mail's fault: it is read again
    except Exception:
        logger.exception("a mail that came back cannot be read")
        return False


def note(report: Mail) -> bool:
    """Take in one report of a mail server; False when it tells of no mail of ours for good.

    Only who had the mail in hands knows its Message-ID, so nobody else can have an address
    marked. A refusal for now (4.x.x) changes nothing: that server goes on trying.
    """
    message = _of_id(_original_id(report))
    refusals = list(_refusals(report))
    if message is None or not refusals:
        return False
    came_back(message, refusals[0])
    return True


def heard(event: AnymailTrackingEvent, **rest: Any) -> None:
    """The mail provider tells how a mail went; it may have given it an id of its own."""
    if event.event_type not in FOR_GOOD:
        return
    sent = Message.objects.to_address(event.recipient or "").filter(state=State.SENT)
    message = _of_id(event.message_id) or sent.order_by("-sent_at").first()
    if message is None:
        logger.warning("the mail provider tells of a mail that is not ours")
        return
    answer = event.mta_response or event.description or event.event_type
    came_back(message, str(answer))


def _of_id(message_id: str | None) -> Message | None:
    found = OURS.match(message_id or "")
    return Message.objects.filter(pk=UUID(found[1])).first() if found else None


def _original_id(report: Any) -> str | None:
    """The Message-ID of the mail that a report is about: it holds that mail, or its head."""
    for part in report.walk():
        if part.get_content_type() == "message/rfc822":
            return str(part.get_payload(0)["Message-ID"] or "")
        if part.get_content_type() == "text/rfc822-headers":
            found = re.search(r"(?im)^message-id:\s*(\S+)", part.get_content())
            return found[1] if found else None
    return None


def _refusals(report: Any) -> Iterator[str]:
    """What the server says of each reader whom it will never reach (RFC 3464, 2.3)."""
    for part in report.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.get_payload():
            action, status = str(fields["Action"] or ""), str(fields["Status"] or "")
            if action.strip().lower() == "failed" and status.strip().startswith("5"):
                yield str(fields["Diagnostic-Code"] or f"status {status}")

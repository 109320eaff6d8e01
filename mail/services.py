"""Writing mail, and asking for it to be sent again (see delivery.py for the sending)."""

import datetime
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from audit.services import record

from . import rendering
from .models import UNDELIVERED, Attachment, Message, MessageQuerySet, State

if TYPE_CHECKING:
    from accounts.models import User

# Django's own connection, also within the worker, whose app has another one: a job is
# written in the caller's transaction wherever the caller runs.
JOBS = JobManager(DjangoConnector())


COMES_BACK = datetime.timedelta(days=1)  # by then most of what does not arrive has


class TooMuchMail(Exception):
    """This address has had its share of mail for this hour."""


class StillQueued(Exception):
    """This mail, or its copy, is on its way already."""


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
        not_before=not_before or timezone.now(),
    )
    message.subject_line = rendering.subject(message)
    message.save(force_insert=True)
    for source in attachments:
        Attachment.objects.create(message=message, source=source)
    defer_sending(message, at=not_before)
    return message


@transaction.atomic
def resend(message: Message, *, by: "User") -> None:
    """Send a mail once more: the same row if it failed, a copy of it if it went out.

    Raises StillQueued while either is under way, so that a second click sends nothing.
    """
    original = Message.objects.select_for_update().get(pk=message.pk)
    if original.state == State.QUEUED or original.copies.queued().exists():
        raise StillQueued
    if original.state == State.FAILED:
        original.state = State.QUEUED
        original.attempts = 0
        original.save(update_fields=["state", "attempts"])
        defer_sending(original)
    else:
        about: Any = original.about
        copy = send(
            original.template,
            to=original.to,
            language=original.language,
            about=about,
            context=original.context,
            links=original.links,
            attachments=original.sources(),
        )
        copy.copy_of = original
        copy.save(update_fields=["copy_of"])
    record("message.resent", subject=original, by=by)


def undelivered_to(person: "User") -> MessageQuerySet:
    """The mails to this person that came back or could not be sent, the newest first."""
    return (
        Message.objects.to_address(person.email or "-")
        .undelivered()
        .filter(created_at__gte=person.date_joined)
    )


def is_unreachable(address: str) -> bool:
    """Whether the last mail to this address of which we know the end did not arrive.

    What was sent just now may still come back, and says nothing yet.
    """
    to_it = Message.objects.to_address(address or "-")
    arrived = to_it.filter(state=State.SENT, sent_at__lt=timezone.now() - COMES_BACK)
    ended = (to_it.undelivered() | arrived).order_by("-created_at")
    return ended.values_list("state", flat=True).first() in UNDELIVERED


def send_anew(waiting: Iterable[Message], *, by: "User") -> None:
    """Send once more what did not arrive; what is on its way already stays so."""
    for message in waiting:
        with suppress(StillQueued):
            resend(message, by=by)


def forget(about: models.Model) -> None:
    """Delete the mails about this row, with what they said and to whom; none goes out."""
    of_this = ContentType.objects.get_for_model(about)
    Message.objects.filter(about_type=of_this, about_id=str(about.pk)).delete()


def next_slot(to: str, *, template: str | None = None) -> datetime.datetime | None:
    """When this address may have its next mail; None: now.

    With `template` only mails of that kind count: a page that refuses must not tell
    whether an address gets the mails that only an account gets.

    Ask it for an address that nobody confirmed yet, so that a form cannot be used to
    bomb a stranger's mailbox (traps.md: three mails an hour), and then refuse with
    TooMuchMail or pass it on as `not_before`. Simultaneous requests may each get the
    last place: the rate limit on the form bounds how many.
    """
    share = settings.MAIL_PER_ADDRESS_PER_HOUR
    moments = Message.objects.filter(to__iexact=to).order_by("-not_before")
    if template:
        moments = moments.filter(template=template)
    oldest = moments.values_list("not_before", flat=True)[share - 1 : share].first()
    if oldest is None:
        return None
    slot = oldest + datetime.timedelta(hours=1)
    return slot if slot > timezone.now() else None


def defer_sending(message: Message, at: datetime.datetime | None = None) -> None:
    """Have the worker send it, as soon as this transaction commits or at a later time."""
    configure_task(
        name="mail.tasks.send_message", job_manager=JOBS, queue="mail", schedule_at=at
    ).defer(message_id=str(message.pk))

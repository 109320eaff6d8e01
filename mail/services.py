"""Writing mail, and sending what was written."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from .models import Attachment, Message


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
    from . import tasks

    message = Message(
        template=template,
        to=to,
        language=language,
        about=about,
        context=context or {},
        links=links or {},
    )
    message.subject_line = subject(message)
    message.save(force_insert=True)
    for source in attachments:
        Attachment.objects.create(message=message, source=source)
    tasks.defer_sending(message, at=not_before)
    return message


def subject(message: Message) -> str:
    """The one line that the reader sees first, in the reader's language."""
    with translation.override(message.language):
        text = render_to_string(f"{message.template}.subject.txt", message.context)
    return " ".join(text.split())


def sent_last_hour(to: str) -> models.QuerySet[Message]:
    """What was written to this address in the last hour."""
    return Message.objects.filter(
        to__iexact=to, created_at__gt=timezone.now() - datetime.timedelta(hours=1)
    )

"""What a mail looks like: its subject, its two bodies, its headers."""

import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from . import private_links
from .models import Message


def operator() -> dict[str, str]:
    """What every page and mail may say of its operator."""
    return {
        "name": settings.OPERATOR_NAME,
        "legal_name": settings.OPERATOR_LEGAL_NAME,
        "product": settings.OPERATOR_PRODUCT,
        "sales_phone": settings.SALES_PHONE,
        "sales_email": settings.SALES_EMAIL,
        "support_email": settings.SUPPORT_EMAIL,
    }


def subject(message: Message) -> str:
    """The one line that the reader sees first; no value in it can begin a header."""
    with translation.override(message.language):
        text = _plain(f"{message.template}.subject.txt", _values(message, {}))
    return " ".join(text.split())[:200]


def email(message: Message) -> EmailMultiAlternatives:
    """The mail as it goes out, its private links made on the spot.

    The Message-ID follows from the row and the Date from its writing, so a mail that is
    sent again is recognised as the same one.
    """
    links = {name: private_links.address(*link) for name, link in message.links.items()}
    values = _values(message, links)
    with translation.override(message.language):
        mail = EmailMultiAlternatives(
            subject=message.subject_line,
            body=_plain(f"{message.template}.txt", values),
            from_email=settings.BOUNCE_ADDRESS or None,  # where it comes back to
            to=[message.to],
            reply_to=[settings.SUPPORT_EMAIL],
            headers={
                "From": settings.DEFAULT_FROM_EMAIL,
                "Message-ID": f"<{message.pk}@{urlsplit(settings.BASE_URL).hostname}>",
                "Date": format_datetime(timezone.localtime(message.created_at)),
                "Auto-Submitted": "auto-generated",
            },
        )
        html = render_to_string(f"{message.template}.html", values)
    mail.attach_alternative(html, "text/html")
    for source in message.sources():
        mail.attach(*source.as_attachment())
    return mail


def text_without_links(message: Message) -> str:
    """What it says, to read in the portal; its private links are for the mailbox only."""
    hidden = dict.fromkeys(message.links, gettext("[persoonlijke link]"))
    with translation.override(message.language):
        return _plain(f"{message.template}.txt", _values(message, hidden)).strip()


def day(moment: datetime.datetime, language: str) -> str:
    """A day as its reader writes it: 9 december 2026."""
    with translation.override(language):
        return date_format(timezone.localtime(moment).date(), "j F Y")


def minute(moment: datetime.datetime, language: str) -> str:
    """A moment, as the reader of a mail writes it."""
    with translation.override(language):
        return date_format(timezone.localtime(moment), "j F Y, H:i")


def _values(message: Message, links: dict[str, str]) -> dict[str, Any]:
    return {
        **message.context,
        **links,
        "operator": operator(),
        "subject": message.subject_line,
        "language": message.language,
    }


def _plain(template: str, values: dict[str, Any]) -> str:
    """Rendered as plain text, whether or not its author thought of autoescaping."""
    return (
        Engine.get_default()
        .get_template(template)
        .render(Context(values, autoescape=False))
    )

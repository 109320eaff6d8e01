"""From a row to what the reader sees; made anew at each attempt to send."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from . import private_links
from .models import Message

PAGES = {  # which page a private link of this purpose opens
    "draft": "applications:resume",
    "application": "applications:status",
    "activation": "accounts:activate",
}


def operator() -> dict[str, str]:
    """What every page and mail may say of the operator."""
    return {
        "name": settings.OPERATOR_NAME,
        "legal_name": settings.OPERATOR_LEGAL_NAME,
        "product": settings.OPERATOR_PRODUCT,
        "sales_phone": settings.SALES_PHONE,
        "sales_email": settings.SALES_EMAIL,
        "support_email": settings.SUPPORT_EMAIL,
    }


def subject(message: Message) -> str:
    """The one line that the reader sees first, in the reader's language."""
    with translation.override(message.language):
        text = render_to_string(f"{message.template}.subject.txt", _context(message))
    return " ".join(text.split())


def email(message: Message) -> EmailMultiAlternatives:
    """The mail in text and HTML, under a Message-ID that stays the same when it is sent
    again, so that a reader's mail program can tell the two are one."""
    with translation.override(message.language):
        context = _context(message) | _addresses(message)
        context["subject"] = message.subject_line
        text = render_to_string(f"{message.template}.txt", context)
        html = render_to_string(f"{message.template}.html", context)
    written = EmailMultiAlternatives(
        subject=message.subject_line,
        body=text,
        to=[message.to],
        reply_to=[settings.SUPPORT_EMAIL],
        headers={
            "Message-ID": f"<{message.pk}@{urlsplit(settings.BASE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday answers
            "Content-Language": message.language,
        },
    )
    written.attach_alternative(html, "text/html")
    for attachment in message.attachments.all():
        written.attach(*attachment.source.as_attachment())
    return written


def _context(message: Message) -> dict[str, Any]:
    return {
        **message.context,
        "operator": operator(),
        "language": message.language,
        "home_url": settings.BASE_URL,
    }


def _addresses(message: Message) -> dict[str, str]:
    addresses = {}
    for name, (purpose, pk, version) in message.links.items():
        token = private_links.token(purpose, pk, version)
        addresses[name] = settings.BASE_URL + reverse(PAGES[purpose], args=[token])
    return addresses

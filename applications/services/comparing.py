"""Reading what came back beside what we sent; a person decides."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from .. import limited
from ..models import FROM_THE_CUSTOMER, Document, DocumentKind, ReturnedFile

SENT = {
    DocumentKind.SIGNED_CONTRACT: DocumentKind.CONTRACT,
    DocumentKind.SIGNED_MANDATE: DocumentKind.MANDATE,
}


def compare_later(document: Document) -> None:
    """Have the worker look into a file that came back, once this is committed.

    After all else that it has to do: this takes seconds, and somebody waits for a mail.
    """
    task = "applications.tasks.compare_returned"
    app.configure_task(task, priority=-1).defer(document_id=document.pk)


def compare(document: Document) -> ReturnedFile:
    """Who signed a file that came back, and how it differs from what we sent.

    Whatever is in the file: what is too much to read is kept as such. Once per file.
    """
    content, beside = bytes(document.content), sent_as(document)
    base = _begins_with(document, content)
    signatures = _signatures(content, ours=len(base.content) if base else 0)
    text = None
    if beside:
        question = {"do": "compare", "looks": bool(signatures)}
        text = _json("read_pdf.py", question, bytes(beside.content), content)
    found, _new = ReturnedFile.objects.get_or_create(
        document=document,
        defaults={
            "beside": beside.pk if beside else None,
            "begins_with": base.pk if base else None,
            "signatures": signatures,
            "text": text,
        },
    )
    return found


def sent_as(document: Document) -> Document | None:
    """What we sent to be signed, of which this should be the signed one."""
    kind = SENT[DocumentKind(document.kind)]
    return _ours(document).filter(kind=kind).last()


def picture(document: Document, page: int) -> bytes:
    """A page (from 1) as PNG, which can do nothing; nothing: it cannot be shown."""
    question = {"do": "picture", "page": page - 1}
    return limited.ask("read_pdf.py", question, bytes(document.content))


def _begins_with(document: Document, content: bytes) -> Document | None:
    """The document of ours to which something was only added: so is a PDF signed."""
    return next(
        (one for one in _ours(document) if content.startswith(bytes(one.content))), None
    )


def _ours(document: Document) -> QuerySet[Document]:
    of_same_owner = Document.objects.filter(
        application=document.application_id, bank_change=document.bank_change_id
    )
    return of_same_owner.exclude(kind__in=FROM_THE_CUSTOMER)


def _signatures(content: bytes, *, ours: int) -> list[dict[str, Any]] | None:
    """Each signature; those within the first bytes were in what we sent."""
    path = settings.TRUSTED_SIGNERS
    roots = Path(path).read_bytes() if path else b""
    found = _json("verify_pdf.py", {}, roots, content)
    if found is None:
        return None
    return [one | {"ours": one.get("until", ours + 1) <= ours} for one in found]


def _json(script: str, question: dict[str, Any], *files: bytes) -> Any:
    try:
        return json.loads(limited.ask(script, question, *files))
    except ValueError:
        return None

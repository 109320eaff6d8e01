"""Writing legal texts and publishing them: two people, and never the same one."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record

from ..models import DocumentTemplate


class AlreadyPublished(Exception):
    """A text that was published is never changed: write another version."""


class WrittenByYou(Exception):
    """Who wrote a text is not the one who publishes it."""


class ChangedMeanwhile(Exception):
    """The text is not the one any more that the publisher saw."""


class InThePast(Exception):
    """It would be valid from a day that is over: documents of that day were made already."""


@transaction.atomic
def write(template: DocumentTemplate, *, by: User) -> None:
    """Keep a draft, new or changed; raises AlreadyPublished."""
    if template.pk:
        _lock(template.pk)
    template.written_by = by
    template.save()
    record("document_template.written", subject=template, by=by, digest=template.digest)


@transaction.atomic
def publish(template: DocumentTemplate, *, seen: str, by: User) -> None:
    """Let a text be used from its day on; `seen` is the digest of what was shown.

    Raises AlreadyPublished, WrittenByYou, ChangedMeanwhile or InThePast.
    """
    stored = _lock(template.pk)
    if stored.written_by_id == by.pk:
        raise WrittenByYou
    if stored.digest != seen:
        raise ChangedMeanwhile
    if stored.valid_from < timezone.localdate():
        raise InThePast
    stored.published_at, stored.published_by = timezone.now(), by
    stored.save(update_fields=["published_at", "published_by"])
    record("document_template.published", subject=stored, by=by, digest=seen)


def _lock(pk: int) -> DocumentTemplate:
    stored = DocumentTemplate.objects.select_for_update().get(pk=pk)
    if stored.published_at:
        raise AlreadyPublished
    return stored

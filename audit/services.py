"""Writing what happened, and proving that nobody rewrote it."""

import datetime
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from .models import Event

if TYPE_CHECKING:
    from accounts.models import User
    from organisations.models import Organisation

CHAIN_LOCK = 0x6175646974  # "audit": one writer at a time may take the chain's end


@transaction.atomic
def record(
    kind: str,
    *,
    subject: models.Model,
    by: "User | None",
    organisation: "Organisation | None" = None,
    **data: Any,
) -> Event:
    """Append an event to the chain, within the caller's transaction.

    The chain's end stays locked until that transaction ends: call this after every
    other lock is taken, so that two acts cannot wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    event = Event(
        at=timezone.now(),
        kind=kind,
        by=by,
        organisation=organisation,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        data=json.loads(json.dumps(data, default=str)),
        previous_hash=head(),
    )
    event.hash = chain_hash(event)
    event.save(force_insert=True)
    return event


def chain_hash(event: Event) -> str:
    """HMAC-SHA256 over the event and the hash before it; its key is not in the database."""
    content = json.dumps(
        [
            event.previous_hash,
            event.at.astimezone(datetime.UTC).isoformat(),
            event.kind,
            event.by_id,
            event.organisation_id,
            event.subject_type,
            event.subject_id,
            event.data,
        ],
        sort_keys=True,
        ensure_ascii=True,
    )
    return hmac.new(settings.AUDIT_KEY, content.encode(), hashlib.sha256).hexdigest()


def first_broken() -> Event | None:
    """The first event whose hash or link does not hold, or None when the chain is whole.

    Whether its tail was cut off shows only beside a head that was kept elsewhere.
    """
    previous = ""
    for event in Event.objects.order_by("pk").iterator():
        if event.previous_hash != previous or event.hash != chain_hash(event):
            return event
        previous = event.hash
    return None


def head() -> str:
    """The hash of the last event: kept elsewhere, it proves all that came before it."""
    last = Event.objects.order_by("-pk").values_list("hash", flat=True).first()
    return last or ""

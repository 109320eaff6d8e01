"""When somebody uses a decoy."""

import datetime

from django.db import transaction
from django.utils import timezone

from audit.services import record

from .. import emails
from .locking import locked

QUIET = datetime.timedelta(hours=1)  # one alert an hour, however often it is tried


@transaction.atomic
def canary_used(key_id: int, *, network: str | None) -> bool:
    """Tell the administrators that their decoy was used, and from which network.

    Says whether it did: who was told within the hour is not told again.
    """
    key = locked().get(pk=key_id, canary=True)
    now = timezone.now()
    if key.alerted_at and key.alerted_at > now - QUIET:
        return False
    key.alerted_at = now
    key.save(update_fields=["alerted_at"])
    emails.canary_used(key, network=network)
    record(
        "key.canary_used",
        subject=key,
        by=None,
        organisation=key.organisation,
        network=network or "",
    )
    return True

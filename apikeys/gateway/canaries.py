"""A decoy that is used: told at once, and never at the cost of an answer."""

import logging
import time

from django.db import DatabaseError

from .. import services
from .noting import network

logger = logging.getLogger(__name__)

AGAIN = 60.0  # seconds in which this process does not ask the database again
_told: dict[int, float] = {}


def report(key_id: int, address: str) -> None:
    """Alert the administrators, unless this process did so a moment ago."""
    now = time.monotonic()
    if now - _told.get(key_id, -AGAIN) < AGAIN:
        return
    try:
        services.canary_used(key_id, network=network(address))
    except DatabaseError:
        logger.exception("canary %s was used, and nobody could be told", key_id)
    else:
        _told[key_id] = now

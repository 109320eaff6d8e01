"""What gateways asked, summed in this process and written once a minute at most.

No call waits for it, and no call costs a write. A process that is killed loses what it
had not written yet: a minute at most, of sums that nobody is billed by.
"""

import atexit
import datetime
import ipaddress
import logging
import threading
import time
from dataclasses import dataclass

from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from .. import secrets
from .deciding import Call, Decision, Refusal

logger = logging.getLogger(__name__)

EVERY = 60.0  # seconds
MOST = 10_000  # different sums kept; what comes above is not noted

_USED = """
    INSERT INTO apikeys_secretuse AS kept (secret_id, api_id, network, asked, first_at, last_at)
    SELECT %s, (SELECT id FROM apikeys_api WHERE slug = %s), %s::cidr, %s, %s, %s
    ON CONFLICT (secret_id, api_id, network) DO UPDATE SET
        asked = kept.asked + EXCLUDED.asked,
        first_at = least(kept.first_at, EXCLUDED.first_at),
        last_at = greatest(kept.last_at, EXCLUDED.last_at)
"""
_LAST_USED = """
    UPDATE apikeys_keysecret SET last_used_at = %s
    WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
"""
_REFUSED = """
    INSERT INTO apikeys_refusedcalls AS kept (key_id, reason, api_id, hour, asked)
    SELECT key_id, %s, (SELECT id FROM apikeys_api WHERE slug = %s), %s, %s
    FROM apikeys_keysecret WHERE public_id = %s
    ON CONFLICT (key_id, reason, api_id, hour) DO UPDATE SET
        asked = kept.asked + EXCLUDED.asked
"""


@dataclass(slots=True)
class Sum:
    asked: int
    first_at: datetime.datetime
    last_at: datetime.datetime

    def add(self, other: "Sum") -> None:
        self.asked += other.asked
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)


class Notes:
    """Sums by what they count: (secret, API, network) let through, (…) refused."""

    def __init__(self) -> None:
        self.used: dict[tuple, Sum] = {}
        self.refused: dict[tuple, Sum] = {}
        self.lock = threading.Lock()

    def add(self, sums: dict[tuple, Sum], what: tuple, one: Sum) -> None:
        with self.lock:
            if known := sums.get(what):
                known.add(one)
            elif len(sums) < MOST:
                sums[what] = one

    def take(self) -> tuple[dict[tuple, Sum], dict[tuple, Sum]]:
        with self.lock:
            taken = self.used, self.refused
            self.used, self.refused = {}, {}
        return taken


notes = Notes()
_writing = threading.Lock()
_started = threading.Lock()
_writer: threading.Thread | None = None


def note(decision: Decision, presented: str, call: Call) -> None:
    """Keep in mind what was asked and decided; costs no query."""
    now = timezone.now()
    one = Sum(1, now, now)
    facts = decision.facts
    if decision.refusal is None and facts:
        notes.add(
            notes.used, (facts.secret_id, call.api, network(call.address) or ""), one
        )
    elif public_id := secrets.claimed_id(presented):
        hour = now.replace(minute=0, second=0, microsecond=0)
        reason = (decision.refusal or Refusal.UNKNOWN).value
        notes.add(notes.refused, (public_id, reason, call.api, hour), one)


def network(address: str) -> str | None:
    """The /24 or /48 that an address lies in; None for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    length = 24 if ip.version == 4 else 48
    return str(ipaddress.ip_network((ip, length), strict=False))


def write() -> None:
    """Add what was noted to the database; what cannot be written now is kept for later."""
    with _writing:
        used, refused = notes.take()
        try:
            _write(used, refused)
        except DatabaseError:
            logger.warning("what gateways asked cannot be written now")
            for what, one in used.items():
                notes.add(notes.used, what, one)
            for what, one in refused.items():
                notes.add(notes.refused, what, one)


def write_now_and_then() -> None:
    """Have this process write from now on; calling it again costs nothing."""
    global _writer
    with _started:
        if _writer is None:
            _writer = threading.Thread(target=_write_on, daemon=True)
            _writer.start()
            atexit.register(write)


def _write_on() -> None:
    while True:
        time.sleep(EVERY)
        try:
            write()
        except Exception:  # the next minute is another chance
            logger.exception("what gateways asked was not written")
        connections.close_all()


def _write(used: dict[tuple, Sum], refused: dict[tuple, Sum]) -> None:
    """In the order of the keys, so that two processes cannot wait for each other."""
    if not used and not refused:
        return
    with transaction.atomic(), connections["default"].cursor() as cursor:
        for (secret, api, where), one in sorted(used.items(), key=lambda one: one[0]):
            dates = [one.first_at, one.last_at]
            cursor.execute(_USED, [secret, api, where or None, one.asked, *dates])
        newest: dict[int, datetime.datetime] = {}
        for (secret, _api, _where), one in used.items():
            newest[secret] = max(newest.get(secret, one.last_at), one.last_at)
        for secret, at in sorted(newest.items()):
            cursor.execute(_LAST_USED, [at, secret, at])
        for (public_id, reason, api, hour), one in sorted(
            refused.items(), key=lambda one: one[0]
        ):
            cursor.execute(_REFUSED, [reason, api, hour, one.asked, public_id])

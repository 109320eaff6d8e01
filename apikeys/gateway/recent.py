"""What this process knows of keys that passed a moment ago, so that hot keys ask nothing.

Emptied whenever a key, secret, subscription or gateway changes: triggers send a NOTIFY
(models/), and a thread listens. What is told late or never is forgotten by age: nothing
is believed for longer than settings.VERIFY_SECONDS, unless PostgreSQL is away.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError, connections

logger = logging.getLogger(__name__)

CHANNEL = "portal_keys"
MOST = 10_000  # answers kept
PAUSE = 1.0  # seconds in which a database that was away is not asked again


class Away(Exception):
    """PostgreSQL does not answer, and what was asked is not known from before."""


@dataclass(frozen=True, slots=True)
class Known:
    answer: Any
    read_at: float
    epoch: int


class Recent:
    """Answers of the database by what was asked, each with when it was read."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Hashable, Known] = OrderedDict()
        self.lock = threading.Lock()
        self.epoch = 0  # what was read in another one is asked again
        self.away_until = 0.0
        self.hears = False  # whether this process is told of changes at the moment

    def get(self, question: Hashable, read: Callable[[], Any]) -> tuple[Any, float]:
        """The answer, and its age in seconds; `read` asks the database, None is not kept.

        While the database is away, an answer stands for settings.VERIFY_GRACE_SECONDS;
        raises Away for what is not known.
        """
        now, epoch, known = time.monotonic(), self.epoch, self.kept.get(question)
        if known and known.epoch == epoch:
            age = now - known.read_at
            if age < settings.VERIFY_SECONDS:
                return known.answer, age
        if now < self.away_until:
            return self._stale(known, now)
        try:
            answer = read()
        except OperationalError:  # away, or busy beyond patience
            self.away_until = time.monotonic() + PAUSE
            logger.warning("the gateway's database does not answer")
            return self._stale(known, now)
        self._keep(question, Known(answer, now, epoch))
        return answer, 0.0

    def forget(self, is_meant: Callable[[Any], bool]) -> None:
        """What changed is not believed any more, not even when the database is away."""
        with self.lock:
            self.epoch += 1
            for question in [q for q, one in self.kept.items() if is_meant(one.answer)]:
                del self.kept[question]

    def _stale(self, known: Known | None, now: float) -> tuple[Any, float]:
        if known and now - known.read_at < settings.VERIFY_GRACE_SECONDS:
            return known.answer, 0.0
        raise Away

    def _keep(self, question: Hashable, read: Known) -> None:
        with self.lock:
            if read.answer is None:
                self.kept.pop(question, None)
            elif read.epoch == self.epoch:  # else it changed while it was read
                self.kept[question] = read
                self.kept.move_to_end(question)
                while len(self.kept) > MOST:
                    self.kept.popitem(last=False)


recent = Recent()
_starting = threading.Lock()
_listener: threading.Thread | None = None


def listen() -> None:
    """Have this process hear of changes from now on; calling it again costs nothing."""
    global _listener
    if _listener is None:
        with _starting:
            if _listener is None:
                _listener = threading.Thread(target=_hear, daemon=True)
                _listener.start()


def meant_by(payload: str) -> Callable[[Any], bool]:
    """What a notification is about: a key by its id, or all keys of an organisation."""
    told, _, slug = payload.partition("of ")
    if slug:
        return lambda answer: getattr(answer, "organisation", None) == slug
    return lambda answer: str(getattr(answer, "key_id", "")) == told


def _hear() -> None:
    while True:
        try:
            _hear_until_cut_off()
        except psycopg.OperationalError:
            recent.hears = False
            time.sleep(PAUSE)


def _hear_until_cut_off() -> None:
    database = connections["default"]
    options = {
        name: value
        for name, value in database.get_connection_params().items()
        if name not in {"cursor_factory", "context", "pool", "prepare_threshold"}
    }
    with psycopg.connect(**options, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        recent.forget(lambda _answer: False)  # ask again: nobody listened until now
        recent.hears = True
        for notification in connection.notifies():
            recent.forget(meant_by(notification.payload))

"""Counting from an access log of nginx (deploy/nginx/nginx.conf), each line once."""

import datetime
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec
from django.db import transaction

from . import usage
from .models import Gateway, ImportedLog, KeySecret, UsageBatch
from .reports import Line

AT_ONCE = 50_000  # lines in one transaction
PROVEN = {"quota", "budget"}  # told by the portal to who shows all of a key


class LogLine(msgspec.Struct, frozen=True, rename="camel"):
    """One call as nginx wrote it down."""

    time: datetime.datetime
    api: str
    key: str
    public_id: str
    status: int
    bytes: int
    seconds: float
    refusal: str = ""


@dataclass
class Progress:
    """What one step did; `skipped` says of how many lines why they were not counted."""

    bytes: int = 0
    calls: int = 0
    skipped: Counter = field(default_factory=Counter)


_line = msgspec.json.Decoder(LogLine)


def fingerprint(log: BinaryIO) -> str | None:
    """What knows this log again under another name: its first line has a request's id."""
    first = log.readline()
    return hashlib.sha256(first).hexdigest() if first.endswith(b"\n") else None


def place(gateway: Gateway, print_of_log: str | None) -> int:
    """How many bytes of a log are counted already."""
    known = ImportedLog.objects.filter(gateway=gateway, fingerprint=print_of_log)
    return known.values_list("offset", flat=True).first() or 0


@transaction.atomic
def import_some(gateway: Gateway, log: BinaryIO, print_of_log: str) -> Progress:
    """Count the next lines of a log, from where the last time ended, in one transaction.

    A line that nginx has not finished is left for the next time. No bytes: all is read.
    """
    state, _new = ImportedLog.objects.get_or_create(
        gateway=gateway, fingerprint=print_of_log
    )
    state = ImportedLog.objects.select_for_update().get(pk=state.pk)
    log.seek(state.offset)
    done = Progress()
    raw: list[bytes] = []
    while len(raw) < AT_ONCE and (text := log.readline()).endswith(b"\n"):
        raw.append(text)
        done.bytes += len(text)
    if raw:
        batch = _batch(state, raw)
        done.calls = usage.add(batch, _lines(raw, done.skipped), done.skipped)
        state.offset += done.bytes
        state.save(update_fields=["offset"])
    return done


def _batch(log: ImportedLog, raw: list[bytes]) -> UsageBatch:
    """What was read, under a name that no gateway can give: it has a slash."""
    return UsageBatch(
        gateway=log.gateway,
        batch_id=f"log/{log.fingerprint[:16]}/{log.offset}",
        sha256=hashlib.sha256(b"".join(raw)).hexdigest(),
    )


def _lines(raw, skipped):
    keys: dict[str, int | None] = {}
    for text in raw:
        try:
            line = _line.decode(text)
        except msgspec.DecodeError:
            skipped["cannot be read"] += 1
            continue
        key = int(line.key) if line.key.isdigit() else _limited(line, keys)
        if key is None:
            skipped["shows no key that we know"] += 1
            continue
        yield Line(
            api_key_id=key,
            api=line.api,
            at=line.time,
            status=line.status,
            bytes=line.bytes,
            latency_ms=line.seconds * 1000,
        )


def _limited(line, keys):
    """Whose a call was that the portal held back; who only knows a public id is nobody."""
    if line.status != 429 or line.refusal not in PROVEN:
        return None
    if line.public_id not in keys:
        secret = KeySecret.objects.filter(public_id=line.public_id).first()
        keys[line.public_id] = secret.key_id if secret else None
    return keys[line.public_id]

"""Reading what a gateway reports: bytes in, checked lines out, in constant memory."""

import datetime
import zlib
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_LINES = 100_000
MOST_BYTES = 64 * 1024 * 1024  # unpacked: what 100,000 long lines need, and no more
LONGEST_LINE = 2000
MOST_CALLS = 1_000_000  # in one line
PIECE = 64 * 1024


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Calls of one key to one API that ended alike, as NL API Design Rules spell it."""

    api_key_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    api: Annotated[str, Meta(min_length=1, max_length=50)]
    at: Annotated[datetime.datetime, Meta(tz=True)]
    status: Annotated[int, Meta(ge=100, le=599)]
    bytes: Annotated[int, Meta(ge=0, lt=2**40)] = 0
    latency_ms: Annotated[float, Meta(ge=0)] = 0
    calls: Annotated[int, Meta(ge=1, le=MOST_CALLS)] = 1


class TooLarge(Exception):
    """More than one batch may hold; the message says which bound."""


class NotReadable(Exception):
    """The body is not what its headers say that it is."""


_line = msgspec.json.Decoder(Line)


def unpacked(pieces: Iterable[bytes], *, gzip: bool) -> Iterator[bytes]:
    """The body as it was before it was packed; raises NotReadable or TooLarge.

    What unpacks to more than it may is stopped while it unpacks (a 2 kB file can hold
    a gigabyte).
    """
    total = 0
    for piece in _gunzipped(pieces) if gzip else pieces:
        total += len(piece)
        if total > MOST_BYTES:
            raise TooLarge(f"A batch holds at most {MOST_BYTES} bytes.")
        yield piece


def lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """NDJSON (one JSON object a line) as numbered lines, from 1; empty ones are skipped."""
    rest, number = b"", 0
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise TooLarge(f"A line holds at most {LONGEST_LINE} bytes.")
        for line in whole:
            number += 1
            yield from _numbered(number, line)
    yield from _numbered(number + 1, rest)


def parsed(line: bytes) -> Line | str:
    """The line, or in words what is wrong with it."""
    try:
        return _line.decode(line)
    except msgspec.DecodeError as error:
        return str(error)


def _numbered(number, line):
    if number > MOST_LINES:
        raise TooLarge(f"A batch holds at most {MOST_LINES} lines.")
    if line.strip():
        yield number, line


def _gunzipped(pieces):
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            while piece:
                yield unpacker.decompress(piece, PIECE)
                piece = unpacker.unconsumed_tail
            if unpacker.unused_data:
                raise NotReadable("Something follows the gzip stream.")
        yield unpacker.flush()
    except zlib.error as error:
        raise NotReadable(f"Not gzip: {error}") from None
    if not unpacker.eof:
        raise NotReadable("The gzip stream is cut off.")

"""Reading what a gateway reports: bytes in, checked lines out, in constant memory."""

import datetime
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, Any

import ijson
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


def from_ndjson(pieces: Iterable[bytes]) -> Iterator[tuple[int, Line | str]]:
    """Each line by its number, from 1, or in words what is wrong; empty ones are skipped."""
    rest, number = b"", 0
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise TooLarge(f"A line holds at most {LONGEST_LINE} bytes.")
        for text in whole:
            number += 1
            yield from _parsed(number, text)
    yield from _parsed(number + 1, rest)


def from_json(pieces: Iterable[bytes]) -> Iterator[tuple[int, Line | str]]:
    """The same of a JSON list, or of an object with nothing but a list `lines`.

    Where it stops being that, is the last fault: what follows cannot be told apart.
    """
    elements, number, since = _Elements(), 0, 0
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, use_float=True)
    for piece in chain(filter(None, pieces), [None]):  # an empty one would end it
        fault = _fed(parser, piece)
        since += len(piece or b"")
        try:
            for value in elements.ended_by(events):
                number, since = _within_bound(number + 1), 0
                yield number, _checked(value)
        except _NoList:
            fault = "Send a list of lines, or an object with a list `lines` alone"
        if fault:
            yield number + 1, fault
            return
        if since > LONGEST_LINE + PIECE:
            raise TooLarge(f"A line holds at most {LONGEST_LINE} bytes.")
        events.clear()


def _fed(parser: Any, piece: bytes | None) -> str | None:
    """Give the parser a piece, or the end; what it met before a fault stands."""
    try:
        parser.close() if piece is None else parser.send(piece)
    except ijson.JSONError:
        return "This is no JSON"
    return None


class _NoList(Exception):
    """JSON, but the lines do not lie where they should."""


class _Elements:
    """The values of the list, put together from what the parser meets."""

    BEFORE_LIST = [{("start_map", None)}, {("map_key", "lines")}]  # by depth

    def __init__(self) -> None:
        self.depth = 0
        self.list_at: int | None = None  # the depth at which the list's values lie
        self.value: ijson.ObjectBuilder | None = None

    def ended_by(self, events: Iterable[tuple[str, Any]]) -> Iterator[Any]:
        for event, value in events:
            if event in {"end_map", "end_array"}:
                self.depth -= 1
            if self.value is None:
                self._begin(event, value)
            else:
                self.value.event(event, value)
            if event in {"start_map", "start_array"}:
                self.depth += 1
            elif self.value and self.depth == self.list_at:
                yield self.value.value
                self.value = None

    def _begin(self, event: str, value: Any) -> None:
        if event in {"end_map", "end_array"}:
            if self.list_at is None:
                raise _NoList
        elif self.depth == self.list_at:
            self.value = ijson.ObjectBuilder()
            self.value.event(event, value)
        elif self.list_at is None and event == "start_array" and self.depth < 2:
            self.list_at = self.depth + 1
        elif self.list_at or (event, value) not in self.BEFORE_LIST[self.depth]:
            raise _NoList


def _parsed(number: int, text: bytes) -> Iterator[tuple[int, Line | str]]:
    _within_bound(number)
    if text.strip():
        try:
            yield number, _line.decode(text)
        except msgspec.DecodeError as error:
            yield number, str(error)


def _checked(value: Any) -> Line | str:
    try:
        return msgspec.convert(value, Line)
    except msgspec.ValidationError as error:
        return str(error)


def _within_bound(number: int) -> int:
    if number > MOST_LINES:
        raise TooLarge(f"A batch holds at most {MOST_LINES} lines.")
    return number


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

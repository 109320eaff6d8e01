"""What a spreadsheet opens, in which text stays text, whatever somebody called something.

CSV by the line, and XLSX that is sent while it is made: neither holds more than some rows.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

# What a formula begins with, also in full width; and what is skipped before one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def line(cells: Iterable[object]) -> str:
    """One line; text that would be taken for a formula begins with an apostrophe."""
    csv.writer(written := io.StringIO()).writerow([harmless(cell) for cell in cells])
    return written.getvalue()


def harmless(cell: object) -> object:
    """Numbers of ours stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


SHEET = 1_048_576  # rows that a sheet can hold
AT_ONCE = 500  # rows
Rows = Iterable[list[object]]

# What XML cannot hold, or Excel would read as such (ECMA-376, 22.9.2.19).
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OPEN = "http://schemas.openxmlformats.org"
_MAIN = f"{_OPEN}/spreadsheetml/2006/main"
_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATED = f"{_OPEN}/officeDocument/2006/relationships"


def book(rows: Rows) -> Iterator[bytes]:
    """An XLSX in pieces; the first row is a header, and stands on every sheet."""
    rows = iter(rows)
    header = next(rows)
    sheets = 0
    with ZipFile(sent := _Sent(), "w", ZIP_DEFLATED, compresslevel=1) as file:  # type: ignore[call-overload]
        following: Rows | None = rows
        while following is not None:
            sheets += 1
            of_sheet = chain([header], islice(following, SHEET - 1))
            with file.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                for piece in _sheet(of_sheet):
                    sheet.write(piece)
                    yield from sent.taken()
            following = _rest(rows)
        for name, content in _frame(sheets):
            file.writestr(name, _XML + content)
    yield from sent.taken()


def _rest(rows: Iterator[list[object]]) -> Rows | None:
    for row in rows:
        return chain([row], rows)
    return None


class _Sent:
    """A file that cannot go back: what is written is sent on, and let go."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def taken(self) -> list[bytes]:
        pieces, self.pieces = self.pieces, []
        return pieces


def _sheet(rows: Rows) -> Iterator[bytes]:
    yield f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        yield "".join(
            f"<row>{''.join(map(_cell, cells))}</row>" for cells in some
        ).encode()
    yield b"</sheetData></worksheet>"


def _cell(value: object) -> str:
    return _text(value) if isinstance(value, str) else f"<c><v>{value}</v></c>"


@lru_cache(maxsize=2000)  # names come again and again
def _text(text: str) -> str:
    """A cell of text is never a formula, however it begins."""
    if not text:
        return "<c/>"
    written = escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """The parts that say what the others are."""
    numbers = range(1, sheets + 1)
    kind = f'ContentType="{_PART}.worksheet+xml"'
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" {kind}/>' for n in numbers
    )
    types = (
        f'<Types xmlns="{_OPEN}/package/2006/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml"'
        f' ContentType="{_PART}.sheet.main+xml"/>{parts}</Types>'
    )
    yield "[Content_Types].xml", types
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations([("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]),
    )
    named = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>{named}</sheets></workbook>',
    )


def _relations(targets: list[tuple[str, str]]) -> str:
    written = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATED}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    of = f"{_OPEN}/package/2006/relationships"
    return f'<Relationships xmlns="{of}">{written}</Relationships>'

"""An XLSX is sent while it is made, and others open it."""

import io
import tracemalloc

import openpyxl
import pytest

from organisations import spreadsheets


def opened(rows):
    content = b"".join(spreadsheets.book(rows))
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[*sheet.values] for sheet in book.worksheets]


@pytest.mark.parametrize(
    "text",
    [
        *(f"{sign}1+1" for sign in spreadsheets.FORMULA if sign not in "\t\r\n"),
        "\t=1",
        "<&>'\"",
        " twee  spaties ",
        "x\x01\x1by",
        "regel\r\neen",
        "_x0041_",
        "🔑 ﹦ \ufffe",
    ],
)
def test_text_is_that_text_and_never_a_formula(text):
    [sheet] = opened([["naam"], [text]])

    cell = openpyxl.utils.escape.unescape(sheet[1][0])
    assert cell.replace("_x005F_", "_") == text


def test_numbers_are_numbers():
    assert opened([["n", "m"], [-3, 2.5], [10**12, ""]]) == [
        [("n", "m"), (-3, 2.5), (10**12, None)]
    ]


@pytest.mark.parametrize(
    ("rows", "sheets"),
    [(0, [[]]), (2, [[0, 1]]), (3, [[0, 1], [2]]), (5, [[0, 1], [2, 3], [4]])],
)
def test_what_a_sheet_cannot_hold_goes_on_in_the_next(monkeypatch, rows, sheets):
    monkeypatch.setattr(spreadsheets, "SHEET", 3)

    found = opened([["n"], *([number] for number in range(rows))])

    assert found == [[("n",), *((one,) for one in sheet)] for sheet in sheets]


def test_it_is_sent_while_it_is_made_and_holds_no_more_than_some_rows():
    made = 0

    def rows():
        nonlocal made
        yield ["n"] * 18
        for made in range(1, 100_001):
            yield [made * (7919 + number) % 1000003 for number in range(18)]

    tracemalloc.start()
    try:
        pieces = iter(spreadsheets.book(rows()))
        first = next(pieces)
        sent, until = len(first), made
        sent += sum(map(len, pieces))
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert until <= spreadsheets.AT_ONCE
    assert made == 100_000
    assert held < 2_000_000 < sent

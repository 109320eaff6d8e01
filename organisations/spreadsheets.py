"""Lines of CSV that a spreadsheet takes for text, whatever somebody called something."""

import csv
import io
from collections.abc import Iterable

# What a formula begins with, also in full width; and what is skipped before one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def line(cells: Iterable[object]) -> str:
    """One line; text that would be taken for a formula begins with an apostrophe."""
    csv.writer(written := io.StringIO()).writerow([harmless(cell) for cell in cells])
    return written.getvalue()


def harmless(cell: object) -> object:
    """Numbers of ours stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell

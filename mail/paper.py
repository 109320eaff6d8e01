"""PDFs that can be archived and read aloud (PDF/A-2a and PDF/UA-1), made by typst.

Data reach typst as JSON only: what somebody typed is never part of the source.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

FONTS = Path(__file__).parent / "fonts"
STANDARDS = ["a-2a", "ua-1"]

# Neither readable on paper nor allowed in an archivable PDF: control characters, those
# that turn the direction of text around, private use, byte order marks, noncharacters.
_NOT_TEXT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U000f0000-\U0010ffff]"
    r"|["
    + "".join(chr(plane << 16 | low) for plane in range(15) for low in (0xFFFE, 0xFFFF))
    + "]"
)


class NotRendered(Exception):
    """The source could not be made into a PDF; the message is typst's."""


def typeset(source: str, data: Mapping[str, Any], moment: datetime) -> bytes:
    """The PDF of a source with its data; equal input, equal bytes."""
    try:
        return typst.compile(  # type: ignore[call-overload]  # its stubs mix up types
            source.encode(),
            root=str(FONTS),  # all of the disk that a source could read
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(_printable(data))},
            pdf_standards=STANDARDS,
            timestamp=int(moment.timestamp()),
        )
    except typst.TypstError as error:
        raise NotRendered(str(error)) from error


def _printable(value):
    """Each character that cannot stand on paper becomes a visible mark of its absence."""
    if isinstance(value, str):
        return _NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {name: _printable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value

"""Reads two PDFs from standard input and prints how one differs from the other, as JSON;
or one page of one of them, as a picture (PNG).

Run as a process of its own, without Django (see inspect_pdf.py): unlike there, pages are
unpacked here, by PDFium, within the limits below.
"""

import difflib
import json
import re
import resource
import struct
import sys
import unicodedata
import zlib
from collections import Counter

import pypdfium2
from pypdfium2 import raw

MEMORY = 1 << 30
CPU_SECONDS = 10
MOST_PAGES = 60
MOST_WORDS = 3000  # of a page
MOST_DIFFERENCES = 3  # that are told of a page
MOST_LETTERS = 80  # of such a difference
ALIKE = 0.5  # pages that share this much of their words are the same page
POINTS_WIDE = 700  # of a picture


def main():
    head, rest = sys.stdin.buffer.read().split(b"\n", 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    asked, files = json.loads(head), []
    for size in asked["sizes"]:
        files.append(pypdfium2.PdfDocument(rest[:size]))
        rest = rest[size:]
    if asked["do"] == "picture":
        sys.stdout.buffer.write(picture(files[0][asked["page"]], POINTS_WIDE))
    else:
        sys.stdout.write(json.dumps(compared(*files, looks=asked["looks"])))


def compared(ours, theirs, *, looks):
    """Which of our pages are there, what their text says otherwise; and with `looks`,
    which pages look otherwise.
    """
    here, there = words_of(ours), words_of(theirs)
    readable = any(there)
    found = {"pages": [len(ours), len(theirs)], "readable": readable}
    if looks:
        found["looks"] = other_looks(ours, theirs)
        found["added"] = added(ours, theirs)
    if not readable:
        return found
    place = matched(here, there)
    at = [one for one in place if one is not None]
    return found | {
        "missing": [n + 1 for n, one in enumerate(place) if one is None],
        "extra": [n + 1 for n in range(len(there)) if n not in at],
        "unread": [n + 1 for n in at if not there[n]],
        "shuffled": at != sorted(at),
        "differs": [
            [n + 1, differences(here[n], there[one])]
            for n, one in enumerate(place)
            if one is not None and there[one] and here[n] != there[one]
        ],
    }


def words_of(document):
    """The words of each page, as everybody's programs agree on them."""
    return [
        words(document[n].get_textpage().get_text_bounded())
        for n in range(min(len(document), MOST_PAGES))
    ]


def words(text):
    text = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"[\u00ad\u200b\ufffe\x00]|\x02", "", text)
    return plain.split()[:MOST_WORDS]


def matched(here, there):
    """For each of our pages the place of theirs, or None; a scanned page keeps its place."""
    left, place = set(range(len(there))), []
    for n, page in enumerate(here):
        near = sorted(left, key=lambda one: (-likeness(page, there[one]), abs(one - n)))
        best = near[0] if near else None
        if best is None or likeness(page, there[best]) < ALIKE:
            best = n if n in left and not there[n] else None
        place.append(best)
        left.discard(best)
    return place


def likeness(one, other):
    """Which share of their words two pages have in common."""
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other)) if one or other else 1


def differences(here, there):
    """The first pieces that are not the same: ours, theirs."""
    found = difflib.SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    return [
        [short(here[a:b]), short(there[c:d])]
        for kind, a, b, c, d in found
        if kind != "equal"
    ][:MOST_DIFFERENCES]


def short(some):
    text = " ".join(some)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def other_looks(ours, theirs):
    """The pages that look otherwise, apart from what lies on top of them."""
    shared = min(len(ours), len(theirs), MOST_PAGES)
    return [n + 1 for n in range(shared) if drawn(ours[n]) != drawn(theirs[n])]


def drawn(page):
    image = page.render(scale=1, draw_annots=False, may_draw_forms=False)
    return image.width, image.height, bytes(image.buffer)


def added(ours, theirs):
    """The pages on which more lies than on ours, beside fields to sign in."""
    shared = min(len(ours), len(theirs), MOST_PAGES)
    return [n + 1 for n in range(shared) if on_top(theirs[n]) != on_top(ours[n])]


def on_top(page):
    """How many remarks, stamps and links lie on a page."""
    kinds = []
    for n in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        note = raw.FPDFPage_GetAnnot(page.raw, n)
        kinds.append(raw.FPDFAnnot_GetSubtype(note))
        raw.FPDFPage_CloseAnnot(note)
    return len([kind for kind in kinds if kind != raw.FPDF_ANNOT_WIDGET])


def picture(page, wide):
    """A page as PNG, as wide as said whatever the page's own size."""
    width, height = page.get_size()
    scale = min(wide / max(width, 1), 2 * wide / max(height, 1))
    image = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
    channels, lines = image.n_channels, bytes(image.buffer)
    rows = b"".join(
        b"\0" + lines[n * image.stride : n * image.stride + image.width * channels]
        for n in range(image.height)
    )
    kind = {1: 0, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, kind, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def chunk(name, data):
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


if __name__ == "__main__":
    main()

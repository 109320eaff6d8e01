"""Reads a PDF from standard input and prints what is wrong with it: one word, or "ok".

Run as a process of its own, without Django: what comes in may be made to break whoever
reads it, so memory and time are limited here and by the caller (uploads.py). Objects are
walked, streams never decoded; a few kilobytes of stream may be gigabytes of nothing.
"""

import io
import re
import resource
import sys

import pikepdf

MEMORY = 1 << 30
CPU_SECONDS = 5

FAULTS = ["script", "attachment", "media", "form", "action"]  # the worst is named first
# Actions that do more than move about in this document; a URI is looked at separately.
ACTIONS = {
    "/JavaScript": "script",
    "/Launch": "action",
    "/SubmitForm": "action",
    "/ImportData": "action",
    "/GoToR": "action",
    "/GoToE": "action",
    "/Thread": "action",
    "/Rendition": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/RichMediaExecute": "media",
    "/GoTo3DView": "media",
}
KEYS = {
    "/JS": "script",
    "/JavaScript": "script",
    "/AA": "action",  # runs by itself, on opening, printing, closing
    "/Base": "action",  # makes of a link within a site one to somewhere else
    "/Ref": "action",  # shows a page of another file
    "/EmbeddedFiles": "attachment",
    "/EF": "attachment",
    "/RichMediaContent": "media",
    "/XFA": "form",
}
SUBTYPES = {
    "/FileAttachment": "attachment",
    "/RichMedia": "media",
    "/Screen": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/3D": "media",
}
LINKS = re.compile(r"(https?:|mailto:|tel:|[^:/\\]+([/?#]|$))", re.IGNORECASE)


def main():
    content = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.write(verdict(content))


def verdict(content):
    try:
        # No recovery: of a damaged file every program shows something else.
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False) as pdf:
            if pdf.is_encrypted or "/Encrypt" in pdf.trailer:
                return "encrypted"
            found = faults(pdf)
            if pdf.get_warnings():
                return "damaged"  # an object that was skipped here may open elsewhere
            if not len(pdf.pages):
                return "empty"
            return next((fault for fault in FAULTS if fault in found), "ok")
    except pikepdf.PasswordError:
        return "encrypted"
    except MemoryError:
        return "costly"
    except Exception:  # noqa: BLE001 - whatever it is, the file cannot be read
        return "damaged"


def faults(pdf):
    found = set()
    opening = pdf.Root.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary) and opening.get("/S") != "/GoTo":
        found.add("action")  # going to a page is harmless, and usual in ordinary files
    for item in [pdf.trailer, *pdf.objects]:
        if isinstance(item, pikepdf.Stream) and "/F" in item:
            found.add("action")  # its content is in a file elsewhere
        for dictionary in dictionaries(item):
            found |= faults_of(dictionary)
    return found


def dictionaries(item):
    """This object's own dictionaries; the objects it refers to have their own turn."""
    waiting = [item]
    while waiting:
        item = waiting.pop()
        if isinstance(item, pikepdf.Array):
            waiting += [part for part in item if direct(part)]
        elif isinstance(item, pikepdf.Stream):
            waiting.append(item.stream_dict)
        elif isinstance(item, pikepdf.Dictionary):
            yield item
            waiting += [part for part in item.as_dict().values() if direct(part)]


def direct(part):
    return isinstance(part, pikepdf.Dictionary | pikepdf.Array) and not part.is_indirect


def faults_of(dictionary):
    action = name(dictionary, "/S")
    found = {KEYS.get(key) for key in dictionary.keys()}  # noqa: SIM118 - no plain dict
    found |= {ACTIONS.get(action), SUBTYPES.get(name(dictionary, "/Subtype"))}
    if name(dictionary, "/Type") == "/EmbeddedFile":
        found.add("attachment")
    if isinstance(dictionary.get("/F"), pikepdf.String):
        found.add("action")  # another file, by its name
    if action == "/URI" and not safe_link(dictionary.get("/URI")):
        found.add("action")
    return found - {None}


def name(dictionary, key):
    value = dictionary.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else None


def safe_link(address):
    """A link to the web, to an address or number, or within a site; no file or share."""
    return isinstance(address, pikepdf.String) and bool(LINKS.match(str(address)))


if __name__ == "__main__":
    main()

"""Reads a PDF from standard input and prints, as JSON, who signed it and what that is worth.

Run as a process of its own, without Django and without the network (see inspect_pdf.py).
"""

import io
import json
import logging
import resource
import sys

from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

MEMORY = 1 << 30
CPU_SECONDS = 10
MOST_SIGNATURES = 20
MOST_LETTERS = 200  # of a name
WHOLE = {SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION}


def main():
    head, rest = sys.stdin.buffer.read().split(b"\n", 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    asked = json.loads(head)
    trusted, content = rest[: asked["sizes"][0]], rest[asked["sizes"][0] :]
    roots = [*load_certs_from_pemder_data(trusted)] if trusted else []
    sys.stdout.write(json.dumps(signatures(content, roots)))


def signatures(content, roots):
    reader = PdfFileReader(io.BytesIO(content))
    return [told(one, roots) for one in reader.embedded_signatures[:MOST_SIGNATURES]]


def told(signature, roots):
    """One signature: who, when, over which bytes, and whether it stands."""
    try:
        found = {"until": sum([*map(int, signature.sig_object["/ByteRange"])][2:])}
        if signature.sig_object.get("/Type") == "/DocTimeStamp":
            return found | {"kind": "time"}
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        status = validate_pdf_signature(signature, signer_validation_context=context)
        return found | {
            "kind": "person",
            "name": short(subject(signature.signer_cert)),
            "issuer": short(name_of(signature.signer_cert.issuer)),
            "at": said_at(status),
            "stands": bool(status.intact and status.valid),
            "whole": status.coverage in WHOLE,
            "changed": changed(status),
            "chain": chain(status, roots),
        }
    except Exception:  # noqa: BLE001 - whatever it is, nobody can tell what it is worth
        return {"kind": "unreadable"}


def changed(status):
    """Whether more was done to the file afterwards than what signing itself takes."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return False
    level = status.modification_level
    return level is None or level > ModificationLevel.FORM_FILLING


def chain(status, roots):
    """Whether somebody that we trust vouches for the certificate, else why not."""
    if not roots:
        return "unchecked"
    if status.trusted:
        return "trusted"
    why = status.trust_problem_indic
    told = why.name if why else ""
    if told in {"OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED", "EXPIRED"}:
        return "expired"
    if "REVOKED" in told:
        return "revoked"
    return "untrusted"


def said_at(status):
    """When the signer's own clock says it was; a trusted time stamp says more."""
    at = status.signer_reported_dt
    if status.timestamp_validity:
        at = status.timestamp_validity.timestamp
    return at.isoformat() if at else None


def subject(certificate):
    return name_of(certificate.subject)


def name_of(name):
    """Who it is, as people call it: name, and for whom."""
    parts = name.native
    who = parts.get("common_name") or name.human_friendly
    whose = parts.get("organization_name")
    return f"{who} ({whose})" if whose and whose != who else str(who)


def short(text):
    plain = "".join(each for each in text if each.isprintable())
    return plain[:MOST_LETTERS]


if __name__ == "__main__":
    main()

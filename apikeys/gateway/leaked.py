"""A secret scanner tells that it found our keys, as GitHub's partners are told."""

import base64
import json
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.http import JsonResponse
from django.views.decorators.debug import sensitive_variables
from msgspec import Meta

from .. import services
from .answers import answer, machine, problem

LARGEST = 1024 * 1024


class Found(msgspec.Struct):
    """One token, and where it was found."""

    token: Annotated[str, Meta(max_length=1000)]
    type: str = ""
    url: str | None = None
    source: str | None = None


_report = msgspec.json.Decoder(Annotated[list[Found], Meta(max_length=1000)])


@sensitive_variables("body", "found", "one")
@machine("POST")
def report(request):
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return problem(413, "Content too large", f"At most {LARGEST} bytes.")
    if not _is_signed(body, request.headers):
        detail = (
            "Sign the body with a key that is known here (ECDSA P-256, SHA-256), in the"
            " headers Github-Public-Key-Identifier and Github-Public-Key-Signature."
        )
        return problem(401, "Unauthorized", detail)
    try:
        found = _report.decode(body)
    except msgspec.DecodeError as error:
        return problem(400, "Bad request", str(error))
    labels = [_label(one) for one in found]
    return answer(JsonResponse(labels, safe=False))


@sensitive_variables("one")
def _label(one: Found) -> dict[str, str]:
    ours = services.leaked(one.token, url=one.url or "", scanner="GitHub")
    return {
        "token_raw": one.token,
        "token_type": one.type,
        "label": "true_positive" if ours else "false_positive",
    }


def _is_signed(body: bytes, headers) -> bool:
    identifier = headers.get("Github-Public-Key-Identifier", "")
    key = _public_keys().get(identifier)
    if key is None:
        return False
    try:
        signature = base64.b64decode(
            headers.get("Github-Public-Key-Signature", ""), validate=True
        )
        key.verify(signature, body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def _public_keys() -> dict[str, ec.EllipticCurvePublicKey]:
    """Read at each report: they are few, and their file is fetched anew now and then."""
    if not settings.LEAK_REPORT_KEYS:
        return {}
    known = json.loads(Path(settings.LEAK_REPORT_KEYS).read_text())
    keys = {
        one["key_identifier"]: serialization.load_pem_public_key(one["key"].encode())
        for one in known["public_keys"]
    }
    return {
        name: key
        for name, key in keys.items()
        if isinstance(key, ec.EllipticCurvePublicKey)
    }

"""How a gateway reads a snapshot and decides by it; needs `cryptography` and no portal."""

import base64
import datetime
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "portal-snapshot-1"


def read(body: bytes, public_key: dict, gateway: str) -> dict[str, dict]:
    """Keys by digest; raises InvalidSignature or ValueError when it is not to be believed."""
    *lines, last = body.splitlines(keepends=True)
    proof = json.loads(last)
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    key = Ed25519PublicKey.from_public_bytes(_bytes(public_key["x"]))
    key.verify(_bytes(proof["signature"]), f"{FORMAT} {digest}".encode())
    head = json.loads(lines[0])
    if head["format"] != FORMAT or head["gateway"] != gateway:
        raise ValueError("made for another gateway")
    if datetime.datetime.fromisoformat(head["validUntil"]) < _now():
        raise ValueError("too old")
    return {one["digest"]: one for one in map(json.loads, lines[1:])}


def status(keys: dict[str, dict], token: str, presented: str, api: str) -> int:
    """204: let it pass. `environment`, `networks` and `callsPerSecond` are left to the gateway."""
    secret = hmac.digest(token.encode(), FORMAT.encode(), "sha256")
    found = keys.get(hmac.new(secret, presented.encode(), "sha256").hexdigest())
    if found is None:
        return 401
    ends = found["expiresAt"]
    if ends and datetime.datetime.fromisoformat(ends) <= _now():
        return 401
    for limits in found["apis"]:
        if limits["api"] == api:
            return 429 if limits["usedUp"] else 204
    return 403


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)

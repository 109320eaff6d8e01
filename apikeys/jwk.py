"""Public keys as others read them: JSON Web Keys of Ed25519 (RFC 7517, 8037)."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.views.decorators.debug import sensitive_variables


@sensitive_variables("secret")
def public(secret: bytes) -> dict[str, str]:
    """The public half of a key of ours, named by its thumbprint (RFC 7638)."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    x = base64url(key.public_key().public_bytes_raw())
    named = {"crv": "Ed25519", "kty": "OKP", "x": x}  # in this order (RFC 7638)
    thumbprint = json.dumps(named, separators=(",", ":")).encode()
    kid = base64url(hashlib.sha256(thumbprint).digest())
    return {**named, "alg": "EdDSA", "use": "sig", "kid": kid}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

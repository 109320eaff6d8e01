"""Encryption of what must be read again: secrets of keys, seeds of second factors.

AES-256-GCM under a key that is not in the database. What is encrypted is bound to its
place: a ciphertext that is copied to another row does not open there.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

NONCE_BYTES = 12


class NotDecryptable(Exception):
    """The ciphertext was changed, lies in another place, or its key is no longer set."""


@sensitive_variables()
def encrypt(text: str, *, bound_to: str) -> bytes:
    """Version of the key, nonce and ciphertext, under the highest version that is set."""
    version = max(settings.KEY_ENCRYPTION_KEYS)
    nonce = os.urandom(NONCE_BYTES)
    cipher = AESGCM(settings.KEY_ENCRYPTION_KEYS[version])
    return (
        bytes([version])
        + nonce
        + cipher.encrypt(nonce, text.encode(), bound_to.encode())
    )


@sensitive_variables()
def decrypt(sealed: bytes, *, bound_to: str) -> str:
    """What encrypt() was given, or NotDecryptable."""
    version, nonce, ciphertext = (
        sealed[0],
        sealed[1 : NONCE_BYTES + 1],
        sealed[NONCE_BYTES + 1 :],
    )
    try:
        cipher = AESGCM(settings.KEY_ENCRYPTION_KEYS[version])
        return cipher.decrypt(nonce, ciphertext, bound_to.encode()).decode()
    except (KeyError, InvalidTag):
        raise NotDecryptable(f"key version {version}") from None

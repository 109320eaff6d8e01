"""The secret of a key: how it is made, recognised, proven and kept.

    <prefix>_<live|test>_<8, public id>_<43, 256 random bits>_<6, CRC-32>

All in letters and digits (base62). The checksum lets a typing error be refused without
a query. The database has the public id, a digest under a pepper, and a ciphertext.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from accounts import encryption

if TYPE_CHECKING:
    from .models import KeySecret

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
ANATOMY = re.compile(
    r"(?P<body>[a-z]{2,8}_(?:live|test)_(?P<public_id>[0-9A-Za-z]{8})_[0-9A-Za-z]{43})"
    r"_(?P<checksum>[0-9A-Za-z]{6})"
)
CLAIM = re.compile(r"[a-z]{2,8}_(?:live|test)_(?P<public_id>[0-9A-Za-z]{8})_")


def new_public_id() -> str:
    return "".join(secrets.choice(BASE62) for _ in range(8))


@sensitive_variables()
def new(public_id: str, environment: str = "live") -> str:
    """A secret that nobody can guess, for a key that the operator's gateway honours."""
    random = _base62(secrets.randbits(256), 43)
    body = f"{settings.KEY_PREFIX}_{environment}_{public_id}_{random}"
    return f"{body}_{_checksum(body)}"


@sensitive_variables()
def public_id(presented: str) -> str | None:
    """The public id in what somebody presents, or None when it cannot be a secret."""
    match = ANATOMY.fullmatch(presented)
    if match and match["checksum"] == _checksum(match["body"]):
        return match["public_id"]
    return None


@sensitive_variables()
def claimed_id(presented: str) -> str | None:
    """The public id that a text begins with, though the rest of it may be wrong."""
    match = CLAIM.match(presented)
    return match and match["public_id"]


def pepper_version() -> int:
    """The pepper for new digests; older ones still prove what was made under them."""
    return max(settings.KEY_PEPPERS)


@sensitive_variables("text")
def digest(text: str, version: int) -> bytes:
    return hmac.digest(settings.KEY_PEPPERS[version], text.encode(), hashlib.sha256)


@sensitive_variables("presented")
def proves(presented: str, secret: "KeySecret") -> bool:
    """Whether this is the secret itself, in a time that tells nothing about it."""
    if secret.pepper_version not in settings.KEY_PEPPERS:
        return False
    expected = digest(presented, secret.pepper_version)
    return hmac.compare_digest(expected, bytes(secret.digest))


@sensitive_variables("text")
def seal(text: str, secret: "KeySecret") -> bytes:
    return encryption.encrypt(text, bound_to=_place(secret))


def unseal(secret: "KeySecret") -> str:
    """The secret as its developers may read it; another row's ciphertext is refused."""
    return encryption.decrypt(bytes(secret.ciphertext), bound_to=_place(secret))


def _place(secret: "KeySecret") -> str:
    key = secret.key
    return f"key secret|{key.organisation_id}|{key.pk}|{secret.public_id}"


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, length: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(length, "0")

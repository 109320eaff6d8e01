"""A passkey that no device has, in the shape that a browser gives one when it is added."""

import random
from typing import Any

from django.conf import settings
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAGS = AuthenticatorData.FLAG


def credential(chance: random.Random) -> dict[str, Any]:
    """Its key is a number and nobody's: it is listed and renamed, and signs nothing."""
    key = ES256(
        {1: 2, 3: -7, -1: 1, -2: chance.randbytes(32), -3: chance.randbytes(32)}
    )
    name = chance.randbytes(16)
    made = AttestedCredentialData.create(b"\0" * 16, name, key)
    data = AuthenticatorData.create(b"\0" * 32, FLAGS.UP | FLAGS.UV | FLAGS.AT, 0, made)
    asked = CollectedClientData.create(
        CollectedClientData.TYPE.CREATE, b"asked", settings.BASE_URL
    )
    return {
        "id": websafe_encode(name),
        "rawId": websafe_encode(name),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(asked),
            "attestationObject": websafe_encode(
                AttestationObject.create("none", data, {})
            ),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }

"""The forms to which a browser gives what its passkey signed.

allauth checks signature, challenge and host; here the answer must also come from our own
pages (scheme and port included), and be in a shape that a browser gives it.
"""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from .fields import LineField

REFUSED = (ValueError, LookupError, AttributeError, TypeError, struct.error)


class AddForm(allauth.AddWebAuthnForm):
    """Every passkey of ours does both: sign in by itself, and be a second factor."""

    name = LineField(
        label=_("Naam"),
        max_length=50,
        required=False,
        help_text=_("Waaraan je hem herkent, bijvoorbeeld: telefoon of laptop."),
    )
    passwordless = forms.BooleanField(widget=forms.HiddenInput, initial=True)

    def clean(self):
        with from_our_pages(self.cleaned_data.get("credential")):
            return super().clean()


class NameForm(allauth.EditWebAuthnForm):
    name = LineField(label=_("Naam"), max_length=50)


class _Answer(forms.Form):
    def clean_credential(self):
        with from_our_pages(self.cleaned_data["credential"]):
            return super().clean_credential()  # type: ignore[misc]  # of allauth's form


class LoginForm(_Answer, allauth.LoginWebAuthnForm):
    pass


class AuthenticateForm(_Answer, allauth.AuthenticateWebAuthnForm):
    pass


class ReauthenticateForm(_Answer, allauth.ReauthenticateWebAuthnForm):
    pass


@contextmanager
def from_our_pages(credential: Any) -> Iterator[None]:
    """Refuse what was made on another site, or by no browser at all."""
    try:
        said = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        if _origin(said["origin"]) != _origin(settings.BASE_URL):
            raise ValueError("made on another site")
        yield
    except (ValidationError, *REFUSED):  # the last: what no browser would send
        raise get_adapter().validation_error("incorrect_passkey") from None


def _origin(address: str) -> tuple[str, str | None, int]:
    parts = urlsplit(address)
    usual = 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.hostname, parts.port or usual

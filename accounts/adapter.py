import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.urls import reverse

from . import encryption


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from an approved application or an invitation, never from a sign-up.

    The mail of a password reset goes out directly and not by mail.services: its link
    can not be made anew while sending, and the database keeps no link.
    """

    def is_open_for_signup(self, request):
        return False

    def clean_username(self, username, shallow=False):
        return username.strip().lower()

    def get_reset_password_from_key_url(self, key):
        """From a setting, never from the Host header, which the asker chooses."""
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return settings.BASE_URL + path.replace("UID-KEY", key)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes lie encrypted in the database."""

    def encrypt(self, text):
        sealed = encryption.encrypt(text, bound_to="second factor")
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text):
        sealed = base64.b64decode(encrypted_text)
        return encryption.decrypt(sealed, bound_to="second factor")

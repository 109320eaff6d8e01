from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from an approved application or an invitation, never from a sign-up."""

    def is_open_for_signup(self, request):
        return False

    def clean_username(self, username, shallow=False):
        return username.strip().lower()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes lie encrypted in the database."""

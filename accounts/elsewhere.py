"""Those who do not sign in here but through their organisation; an app above says who."""

from typing import Protocol

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from .models import User


class Rule(Protocol):
    def path_for(self, user: User) -> str | None:
        """The page through which this person signs in; None: here."""

    def reauthentication_path_for(self, user: User) -> str | None:
        """Where this person can prove anew who they are; None: not there."""

    def may_have_address(self, user: User, email: str) -> bool:
        """Whether this person may take that address, or slips out from there with it."""

    def vouches_for(self, user: User, provider: str) -> bool:
        """Whether a provider's word that it asked for a second factor still counts."""

    def signed_in_here(self, user: User) -> None:
        """Told of everybody who signed in with a password or passkey."""


rules: list[Rule] = []


def path_for(user: User) -> str | None:
    """Where this person has to sign in, if not here."""
    return next((path for rule in rules if (path := rule.path_for(user))), None)


def reauthentication_path_for(user: User) -> str | None:
    """Where this person can also confirm that it is them."""
    return next(
        (path for rule in rules if (path := rule.reauthentication_path_for(user))), None
    )


def may_have_address(user: User, email: str) -> bool:
    return all(rule.may_have_address(user, email) for rule in rules)


def vouches_for(user: User, provider: str) -> bool:
    return any(rule.vouches_for(user, provider) for rule in rules)


def signed_in_here(user: User) -> None:
    for rule in rules:
        rule.signed_in_here(user)


def came_from_there(request: HttpRequest, user: User) -> bool:
    """Whether the login that goes on, or the session, began at a provider.

    Proving anew who one is, later, begins nothing.
    """
    begun = [
        one["method"]
        for one in get_authentication_records(request, user)
        if not one.get("reauthenticated")
        and (one["method"] in ("password", "socialaccount") or one.get("passwordless"))
    ]
    return begun[-1:] == ["socialaccount"]

"""Who has to sign in through an organisation's own provider, and what its word counts for."""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from accounts.models import User

from ..models import Membership, OwnLogin, OwnLoginStatus
from ..own_login import domains
from . import own_login

# RFC 8176: what one has, and what one knows or is; "mfa" says that both were asked.
HAVING = {"hwk", "otp", "sc"}
KNOWING_OR_BEING = {"pwd", "pin", "fpt", "face", "iris", "retina", "vbm"}


def way_in(membership: Membership) -> str | None:
    """Where this member has to sign in to see the organisation, if a password is not enough."""
    own = getattr(membership.organisation, "own_login", None)
    enforced = own is not None and own.status == OwnLoginStatus.ENFORCED
    return path_for(membership.user) if enforced else None


def vouches(own: OwnLogin, user: User, claims: dict[str, Any]) -> bool:
    """Whether the provider asked for a second factor, and may say so of this person."""
    said = claims.get("amr")
    ways = (
        {way for way in said if isinstance(way, str)}
        if isinstance(said, list)
        else set()
    )
    asked = "mfa" in ways or bool(ways & HAVING and ways & KNOWING_OR_BEING)
    return asked and vouches_for(user, own.code)


# --- accounts/elsewhere.py asks these ---


def path_for(user: User) -> str | None:
    own = _binding(user)
    if own is None or _keeps_a_way_in(own, user):
        return None
    return reverse("organisations:own_login_leave", args=[own.code])


def reauthentication_path_for(user: User) -> str | None:
    known_to = SocialAccount.objects.filter(user=user).values("provider")
    own = OwnLogin.objects.in_use().filter(code__in=known_to).first()
    return reverse("organisations:own_login_confirm", args=[own.code]) if own else None


def may_have_address(user: User, email: str) -> bool:
    """Who has to sign in through an organisation does not slip out by another address."""
    own = _binding(user)
    return own is None or own.is_about(email)


def vouches_for(user: User, provider: str) -> bool:
    """Of its own members, and not of who has other organisations: those never trusted it."""
    places = Membership.objects.filter(user=user)
    here = places.filter(organisation__own_login__in=OwnLogin.objects.in_use())
    ours = here.filter(organisation__own_login__code=provider)
    others = places.exclude(organisation__own_login__code=provider)
    return ours.exists() and not others.exists()


def signed_in_here(user: User) -> None:
    """An administrator used the way that is kept for when the provider is down: all know."""
    own = _binding(user)
    if own is not None:
        own_login.bypassed(own, by=user)


def _binding(user: User) -> OwnLogin | None:
    """The provider with which this person has to sign in."""
    if user.is_staff or user.is_superuser:
        return None
    return OwnLogin.objects.filter(
        status=OwnLoginStatus.ENFORCED,
        domain=domains.of_address(user.email),
        organisation__memberships__user=user,
    ).first()


def _keeps_a_way_in(own: OwnLogin, user: User) -> bool:
    administrators = own.organisation.memberships.administrators().filter(user=user)
    return administrators.with_second_factor().filter(has_second_factor=True).exists()

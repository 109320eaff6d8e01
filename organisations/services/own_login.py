"""Signing in through an organisation's own provider: setting it up, and who is let in.

What the provider says counts within the mail domain of which the organisation showed that
it is theirs, for its own members, and nowhere else. So whoever runs the provider can do no
more than whoever runs those mailboxes, who could ask for a new password anyway.
"""

import secrets
from contextlib import suppress
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record

from .. import emails
from ..models import Membership, Organisation, OwnLogin, OwnLoginStatus
from ..own_login import domains
from .locking import lock


class WrongState(Exception):
    """It is not (or no longer) at the point where this can be done."""


class NoRecord(Exception):
    """The DNS has no record that says so."""


class DomainTaken(Exception):
    """Another organisation showed that this domain is theirs."""


class NoWayIn(Exception):
    """No administrator has a second factor: nobody could get in when the provider is down."""


class NotLetIn(Exception):
    """Whoever this is, they do not sign in here this way; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@sensitive_variables("secret")
@transaction.atomic
def set_up(
    organisation: Organisation,
    *,
    issuer: str,
    client_id: str,
    secret: str,
    domain: str,
    by: User,
) -> OwnLogin:
    """Keep which provider it is. Another provider or domain has to be shown and tried anew.

    An empty secret keeps the one there is, for the same provider only.
    """
    lock(organisation.pk, by=by)
    own = OwnLogin.objects.filter(organisation=organisation).first()
    known = own is not None
    if own is None:
        own = OwnLogin(organisation=organisation, code=secrets.token_hex(6))
    was_in_use = known and own.in_use
    another_provider = (own.issuer, own.client_id) != (issuer, client_id)
    if known and own.domain != domain:
        own.status, own.record_missing_since = OwnLoginStatus.SET_UP, None
    elif known and another_provider and own.status != OwnLoginStatus.SET_UP:
        own.status = OwnLoginStatus.VERIFIED
    own.issuer, own.client_id, own.domain = issuer, client_id, domain
    if secret:
        own.seal(secret)
    own.save()
    if another_provider:
        _links(own).delete()  # its people are others, whatever they are called there
    _record("changed" if known else "set_up", own, by=by)
    if was_in_use:
        emails.own_login("changed" if own.in_use else "changed_and_off", own, by=by)
    return own


def verify_domain(own: OwnLogin, *, by: User) -> None:
    """Look in the DNS; raises NoRecord, DomainTaken, domains.NotLookedUp."""
    if not domains.has_record(own.organisation_id, own.domain):
        raise NoRecord
    try:
        with transaction.atomic():
            _move(own, OwnLoginStatus.VERIFIED, by=by)
    except IntegrityError:
        raise DomainTaken from None


@transaction.atomic
def tried(own: OwnLogin, claims: dict[str, Any], *, by: User) -> None:
    """An administrator came back from the provider as themselves.

    Raises NotLetIn, or WrongState if it was removed meanwhile.
    """
    _lock(own, by=by)
    email = _verified_email(own, claims)
    if email.lower() != by.email.lower():
        raise NotLetIn("somebody_else")
    if own.status == OwnLoginStatus.VERIFIED:
        _move(own, OwnLoginStatus.TRIED, by=by)


@transaction.atomic
def switch_on(own: OwnLogin, *, by: User) -> None:
    """From now on members can sign in with it."""
    _lock(own, by=by)
    if own.in_use:
        raise WrongState
    _move(own, OwnLoginStatus.ON, by=by)
    emails.own_login("on", own, by=by)


@transaction.atomic
def enforce(own: OwnLogin, *, by: User) -> None:
    """From now on members in the domain sign in with nothing else; raises NoWayIn."""
    _lock(own, by=by)
    administrators = own.organisation.memberships.administrators()
    if not administrators.with_second_factor().filter(has_second_factor=True).exists():
        raise NoWayIn
    _move(own, OwnLoginStatus.ENFORCED, by=by)
    emails.own_login("enforced", own, by=by)


@transaction.atomic
def relax(own: OwnLogin, *, by: User) -> None:
    """Members may sign in with it, and with their password."""
    _lock(own, by=by)
    if own.status != OwnLoginStatus.ENFORCED:
        raise WrongState
    _move(own, OwnLoginStatus.ON, by=by, kind="relaxed")
    emails.own_login("relaxed", own, by=by)


@transaction.atomic
def switch_off(own: OwnLogin, *, by: User) -> None:
    """Nobody signs in with it any more; all that was set stays."""
    _lock(own, by=by)
    if not own.in_use:
        raise WrongState
    _move(own, OwnLoginStatus.TRIED, by=by, kind="off")
    emails.own_login("off", own, by=by)


@transaction.atomic
def remove(own: OwnLogin, *, by: User) -> None:
    """Forget it whole: provider, secret, domain, and who is who there."""
    _lock(own, by=by)
    if own.in_use:
        emails.own_login("off", own, by=by)
    _links(own).delete()
    _record("removed", own, by=by)
    own.delete()


@transaction.atomic
def let_in(own: OwnLogin, claims: dict[str, Any]) -> tuple[User, SocialAccount]:
    """Which member this is, or NotLetIn: the first time by address, then by subject.

    All that must be true of them is looked at each time anew.
    """
    try:
        _lock(own)
    except WrongState:
        raise NotLetIn("off") from None
    if not own.in_use:
        raise NotLetIn("off")
    link = _links(own).filter(uid=claims["sub"]).select_related("user").first()
    user = link.user if link else _by_address(own, _verified_email(own, claims))
    _require_welcome(own, user)
    if link is None:
        _links(own).filter(user=user).delete()  # the newest says who it is there
        link = SocialAccount.objects.create(
            provider=own.code, uid=claims["sub"], user=user
        )
        _record("linked", own, by=user, user=user.pk)
    return user, link


def confirms(own: OwnLogin, user: User, claims: dict[str, Any], *, within: int) -> bool:
    """Whether this very person signed in at the provider a moment ago, not by an old session."""
    at = claims.get("auth_time")
    if not own.in_use or type(at) is not int:
        return False
    recent = -60 < timezone.now().timestamp() - at < within
    return recent and _links(own).filter(uid=claims["sub"], user=user).exists()


@transaction.atomic
def bypassed(own: OwnLogin, *, by: User) -> None:
    """An administrator got in past it, which is kept for when the provider is down."""
    _record("bypassed", own, by=by)
    emails.own_login("bypassed", own, by=by)


def forget_link(membership: Membership) -> None:
    """Somebody no longer belongs here: the provider's word opens nothing for them."""
    own = OwnLogin.objects.filter(organisation=membership.organisation).first()
    if own:
        _links(own).filter(user=membership.user).delete()


def for_address(email: str) -> OwnLogin | None:
    """The one through which the owner of this address could sign in."""
    return OwnLogin.objects.in_use().filter(domain=domains.of_address(email)).first()


def recheck() -> None:
    """Look whether the domains are still theirs. Nothing is switched off: people are told."""
    for own in OwnLogin.objects.exclude(status=OwnLoginStatus.SET_UP):
        try:
            known = own.organisation.with_doubles()  # the record names who set it up
            there = any(domains.has_record(pk, own.domain) for pk in known)
        except domains.NotLookedUp:
            continue
        with suppress(WrongState):
            _note(own, there)


@transaction.atomic
def _note(own: OwnLogin, there: bool) -> None:
    _lock(own)
    if there == (own.record_missing_since is None):
        return
    own.record_missing_since = None if there else timezone.now()
    own.save(update_fields=["record_missing_since"])
    _record("record_found" if there else "record_missing", own, by=None)
    if not there:
        emails.own_login("record_missing", own, by=None)


def _verified_email(own: OwnLogin, claims: dict[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        raise NotLetIn("no_email")
    if claims.get("email_verified") is not True:
        raise NotLetIn("unverified")
    if not own.is_about(email):
        raise NotLetIn("other_domain")
    return email.strip()


def _by_address(own: OwnLogin, email: str) -> User:
    found = own.organisation.memberships.filter(user__email__iexact=email)
    members = [one.user for one in found.select_related("user") if one.user.is_active]
    if len(members) != 1:
        raise NotLetIn("several" if members else "not_a_member")
    return members[0]


def _require_welcome(own: OwnLogin, user: User) -> None:
    if user.is_staff or user.is_superuser:
        raise NotLetIn("staff")
    is_member = own.organisation.memberships.filter(user=user).exists()
    if not is_member or not user.is_active:
        raise NotLetIn("not_a_member")
    if not own.is_about(user.email):
        raise NotLetIn("other_address")
    if not user.has_usable_password():  # else nothing could ask them to confirm
        raise NotLetIn("no_password")


def _lock(own: OwnLogin, *, by: User | None = None) -> None:
    """The organisation, then its row; raises WrongState if that was removed meanwhile."""
    lock(own.organisation_id, by=by)
    try:
        own.refresh_from_db(from_queryset=OwnLogin.objects.select_for_update())
    except OwnLogin.DoesNotExist:
        raise WrongState("removed") from None


def _links(own: OwnLogin) -> Any:
    return SocialAccount.objects.filter(provider=own.code)


def _move(own: OwnLogin, to: OwnLoginStatus, *, by: User, kind: str = "") -> None:
    """Lock, check, write, record: the only code that moves it forward."""
    _lock(own, by=by)
    if not own.can_become(to):
        raise WrongState(f"{own.status} cannot become {to}")
    own.status = to
    if to == OwnLoginStatus.VERIFIED:
        own.record_missing_since = None
    own.save(update_fields=["status", "record_missing_since"])
    _record(kind or to.value, own, by=by)


def _record(what: str, own: OwnLogin, *, by: User | None, **data: Any) -> None:
    record(
        f"own_login.{what}",
        subject=own,
        organisation=own.organisation,
        by=by,
        issuer=own.issuer,
        domain=own.domain,
        **data,
    )

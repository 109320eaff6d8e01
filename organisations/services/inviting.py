"""Asking people to join an organisation, and joining it."""

import datetime
import secrets
from enum import Enum

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import services as accounts
from accounts.models import User
from audit.services import record
from mail import private_links

from .. import emails
from ..models import Invitation, Membership, Organisation
from ..roles import Role
from . import withdrawing
from .locking import lock, lock_of
from .members import add_member


class InvitationUnknown(Exception):
    """No link like this was ever made, or a newer one replaced it."""


class InvitationUsed(Exception):
    """Somebody joined with this link."""


class InvitationWithdrawn(Exception):
    """The organisation took it back."""


class InvitationExpired(Exception):
    """The link was not used in time."""


class InvitationWaits(Exception):
    """The organisation is blocked: nobody joins whom its members asked, until that is over."""


class AlreadyMember(Exception):
    """This person belongs to the organisation already."""


class TooManyInvitations(Exception):
    """More than one organisation needs in a day; it would make us send what nobody asked."""


class Outcome(Enum):
    """What became of one address on the list."""

    INVITED = "invited"
    MEMBER = "member"  # belongs to the organisation already
    WAITING = "waiting"  # was asked already, and can still answer


@transaction.atomic
def invite(
    organisation: Organisation,
    addresses: list[str],
    *,
    role: Role,
    by: User,
    language: str,
) -> dict[str, Outcome]:
    """Ask the readers of these (well-formed) addresses to join; says what became of each.

    Whether an address has an account somewhere makes no difference and is not told.
    Raises TooManyInvitations.
    """
    lock(organisation.pk, by=by)
    outcomes: dict[str, Outcome] = {}
    for address in addresses:
        if _is_member(organisation, address):
            outcomes[address] = Outcome.MEMBER
        elif _waits(organisation, address):
            outcomes.setdefault(address, Outcome.WAITING)
        else:
            ask(organisation, address, role=role, by=by, language=language)
            outcomes[address] = Outcome.INVITED
    _require_moderation(organisation)
    return outcomes


def ask(
    organisation: Organisation, address: str, *, role: Role, by: User, language: str
) -> None:
    """Ask one address, whatever it was asked before. Needs the organisation's lock."""
    invitation = organisation.invitations.filter(email__iexact=address).first()
    if invitation is None:
        invitation = Invitation(organisation=organisation, email=address)
    _renew(invitation, role=role, by=by)
    record(
        "invitation.sent",
        subject=invitation,
        organisation=organisation,
        by=by,
        role=role,
    )
    emails.invited(invitation, language=language)


@transaction.atomic
def resend(invitation: Invitation, *, by: User, language: str) -> None:
    """Mail another link, with a new term; the one before stops working at once.

    Raises InvitationUsed when somebody joined meanwhile, InvitationWithdrawn when a
    colleague took it back, or TooManyInvitations.
    """
    _lock(invitation, by=by)
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.withdrawn_at:
        raise InvitationWithdrawn
    _renew(invitation, role=Role(invitation.role), by=by)
    record(
        "invitation.resent",
        subject=invitation,
        organisation=invitation.organisation,
        by=by,
        role=invitation.role,
    )
    emails.invited(invitation, language=language)
    _require_moderation(invitation.organisation)


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    """Take an invitation back; raises InvitationUsed when somebody joined meanwhile."""
    _lock(invitation, by=by)
    if invitation.accepted_at:
        raise InvitationUsed
    if not invitation.withdrawn_at:
        withdrawing.take_back(invitation, by=by)


@sensitive_variables("token")
def open_invitation(
    token: str, *, among: models.QuerySet[Invitation] | None = None
) -> Invitation:
    """The invitation that a link belongs to, if it can still be used; changes nothing."""
    rows = Invitation.objects.all() if among is None else among
    digest = private_links.digest(token)
    invitation = (
        rows.select_related("organisation", "invited_by")
        .filter(link_digest=digest)
        .first()
    )
    if invitation is None:
        raise InvitationUnknown
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.withdrawn_at or not invitation.is_by_administrator():
        raise InvitationWithdrawn
    if invitation.is_expired:
        raise InvitationExpired
    if invitation.organisation.blocked_at and not invitation.invited_by.is_staff:
        raise InvitationWaits
    return invitation


@sensitive_variables("token")
@transaction.atomic
def join(token: str, *, user: User) -> Membership:
    """Accept with the account one has; raises AlreadyMember, or as open_invitation()."""
    invitation = _take(token)
    return _join(invitation, user)


@sensitive_variables("token", "password")
@transaction.atomic
def join_as_new(
    token: str, *, username: str, name: str, password: str, language: str
) -> Membership:
    """Accept with a new account; the address is proven, for the link came by mail to it.

    Raises accounts.UsernameTaken, or as open_invitation().
    """
    invitation = _take(token)
    user = accounts.create_person(
        accounts.reserve_username(username),
        name=name,
        email=invitation.email,
        language=language,
    )
    accounts.begin(user, password=password)
    return _join(invitation, user)


def _take(token: str) -> Invitation:
    """The invitation under lock: of all who press at once, one finds it open.

    The organisation is locked first, as everywhere: else who joins and who removes the
    inviter would wait for each other.
    """
    lock_of(open_invitation(token))
    rows = Invitation.objects.select_for_update(of=("self",))
    return open_invitation(token, among=rows)


def _join(invitation: Invitation, user: User) -> Membership:
    organisation = invitation.organisation
    if organisation.memberships.filter(user=user).exists():
        raise AlreadyMember
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    return add_member(organisation, user, role=Role(invitation.role), by=user)


def _renew(invitation: Invitation, *, role: Role, by: User) -> None:
    invitation.role, invitation.invited_by = role, by
    invitation.invited_at = timezone.now()
    invitation.expires_at = private_links.end_of_day_in(settings.INVITATION_DAYS)
    invitation.accepted_at = invitation.accepted_by = invitation.withdrawn_at = None
    if invitation.pk is None:
        invitation.link_digest = secrets.token_hex(32)  # opens nothing
        invitation.save(force_insert=True)  # the token is made of the row's id
    private_links.renew("invitation", invitation)
    invitation.save()


def _lock(invitation: Invitation, *, by: User) -> None:
    lock(invitation.organisation_id, by=by)
    invitation.refresh_from_db(from_queryset=Invitation.objects.select_for_update())


def _is_member(organisation, address):
    return organisation.memberships.filter(user__email__iexact=address).exists()


def _waits(organisation, address):
    waiting = organisation.invitations.waiting().filter(email__iexact=address)
    return waiting.filter(expires_at__gt=timezone.now()).exists()


def _require_moderation(organisation: Organisation) -> None:
    a_day_ago = timezone.now() - datetime.timedelta(days=1)
    recent = organisation.invitations.filter(invited_at__gt=a_day_ago)
    if recent.count() > settings.INVITATIONS_PER_DAY:
        raise TooManyInvitations

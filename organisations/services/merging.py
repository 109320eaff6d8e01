"""A double organisation: what it has of people goes to the one that stays.

Called by the app that leads the others (applications/services/merging.py), which holds the
locks of both and says of the double that it merged before anything goes.
"""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.services import record

from ..models import (
    AdministratorRequest,
    Intervention,
    Membership,
    Organisation,
    OwnLogin,
)
from ..roles import Role
from .withdrawing import take_back

Text = str | Promise

# Of every kind of row that refers to an organisation: what becomes of a double's.
MOVES: dict[str, Text] = {
    "organisations.membership": gettext_lazy("Gebruikers; wie bij beide hoort, houdt de hoogste rol"),
    "organisations.invitation": gettext_lazy("Open uitnodigingen; wie al lid of uitgenodigd is, niet nog eens"),
    "organisations.contact": gettext_lazy("Contactpersonen; wie er al is, blijft het"),
    "organisations.ownlogin": gettext_lazy("Inloggen via de eigen organisatie"),
}  # fmt: skip
STAYS: dict[str, Text] = {
    "organisations.organisation": gettext_lazy("De naam, het KVK-nummer, de adressen en de regel over de tweede stap"),
    "organisations.administratorrequest": gettext_lazy("Verzoeken om administrator te worden; wat open is, vervalt"),
    "organisations.intervention": gettext_lazy("Ingrepen van ons"),
    "organisations.lookalong": gettext_lazy("Wie meekeek; wie nu meekijkt, stopt"),
    "audit.event": gettext_lazy("Activiteit"),
}  # fmt: skip


def prevents(
    double: Organisation, into: Organisation, *, meant: Intervention | None
) -> list[str]:
    """Why these two cannot be merged now, in sentences; `meant` is the act itself."""
    said = []
    for one in (double, into):
        if one.merged_into_id:
            said.append(_("%(name)s is al samengevoegd.") % {"name": one})
        if one.blocked_at:
            said.append(_("%(name)s is geblokkeerd. Hef dat eerst op.") % {"name": one})
    if double == into:
        said.append(_("Dit is dezelfde organisatie."))
    if double.doubles.exists():
        said.append(
            _("Met %(name)s is al een organisatie samengevoegd. Zij moet blijven.")
            % {"name": double}
        )
    if _interventions(double, into, meant).exists():
        said.append(_("Er is nog een ingreep open. Wacht tot die is afgelopen."))
    if OwnLogin.objects.filter(organisation__in=[double, into]).count() > 1:
        said.append(
            _(
                "Beide hebben inloggen via de eigen organisatie. Laat een administrator van"
                " %(name)s het eerst weghalen."
            )
            % {"name": double}
        )
    return said


def _interventions(double, into, meant):
    about = Q(organisation__in=[double, into]) | Q(into=double)
    return Intervention.objects.open().filter(about).exclude(pk=meant and meant.pk)


def move_people(double: Organisation, into: Organisation, *, by: User) -> None:
    """Who belongs to the double, or could have, belongs to what stays."""
    double.look_alongs.going_on().update(until=timezone.now())  # type: ignore[attr-defined]
    _end_requests(double.administrator_requests.all(), by=by)  # type: ignore[attr-defined]
    OwnLogin.objects.filter(organisation=double).update(organisation=into)
    _move_contacts(double, into)
    for membership in double.memberships.select_related("user"):  # type: ignore[attr-defined]
        _move_member(membership, into, by=by)
    _move_invitations(double, into, by=by)


def _move_member(membership: Membership, into: Organisation, *, by: User) -> None:
    known = into.memberships.filter(user=membership.user).first()  # type: ignore[attr-defined]
    if known is None:
        membership.organisation = into
        membership.save(update_fields=["organisation"])
        _record("member.added", membership, by=by, role=membership.role)
        return
    role = membership.role
    membership.delete()
    if role == Role.ADMINISTRATOR and known.role != role:
        was, known.role = known.role, role
        known.save(update_fields=["role"])
        asked = into.administrator_requests.filter(user=known.user)  # type: ignore[attr-defined]
        _end_requests(asked, by=by)
        _record("member.role_changed", known, by=by, was=was, now=role)


def _move_invitations(double: Organisation, into: Organisation, *, by: User) -> None:
    """One address has one row with an organisation; a link goes on working where it can."""
    for invitation in double.invitations.waiting().select_for_update(of=("self",)):  # type: ignore[attr-defined]
        address = invitation.email
        known = into.invitations.filter(email__iexact=address)  # type: ignore[attr-defined]
        member = into.memberships.filter(user__email__iexact=address)  # type: ignore[attr-defined]
        if known.exists() or member.exists():
            take_back(invitation, by=by)
        else:
            invitation.organisation = into
            invitation.save(update_fields=["organisation"])


def _move_contacts(double: Organisation, into: Organisation) -> None:
    """Who is the contact where it stays, stays that; the double's was it until now.

    So they hear for a while yet of what could be a fraud (details.to_be_told).
    """
    there = into.contacts.current().values_list("kind", flat=True)  # type: ignore[attr-defined]
    current = double.contacts.current()  # type: ignore[attr-defined]
    current.filter(kind__in=[*there]).update(replaced_at=timezone.now())
    double.contacts.update(organisation=into)  # type: ignore[attr-defined]


def _end_requests(requests: Any, *, by: User) -> None:
    requests.filter(outcome="").update(
        outcome=AdministratorRequest.Outcome.OVERTAKEN,
        ended_at=timezone.now(),
        ended_by=by,
    )


def _record(kind: str, membership: Membership, *, by: User, **data: Any) -> None:
    record(
        kind,
        subject=membership,
        organisation=membership.organisation,
        by=by,
        user=membership.user_id,
        **data,
    )

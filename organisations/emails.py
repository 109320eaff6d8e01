"""The mails about an organisation and who belongs to it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from mail.rendering import day
from mail.services import next_slot, send

from . import merge_emails
from .models import (
    AdministratorRequest,
    Contact,
    Intervention,
    Invitation,
    LegalForm,
    Membership,
    Organisation,
    OwnLogin,
)
from .roles import Role

OWN_LOGIN = {
    "on": gettext_lazy(
        "Wie een mailadres in %(domain)s heeft, kan nu inloggen via jullie eigen"
        " inlogdienst %(issuer)s."
    ),
    "enforced": gettext_lazy(
        "Wie een mailadres in %(domain)s heeft, kan alleen nog inloggen via jullie eigen"
        " inlogdienst %(issuer)s. Een administrator met een tweede stap kan ook met het"
        " wachtwoord inloggen, voor als de inlogdienst het niet doet."
    ),
    "relaxed": gettext_lazy(
        "Inloggen via jullie eigen inlogdienst is niet meer verplicht. Ook met een"
        " wachtwoord kan iedereen weer inloggen."
    ),
    "off": gettext_lazy(
        "Niemand kan meer inloggen via jullie eigen inlogdienst. Iedereen logt in met een"
        " wachtwoord."
    ),
    "changed": gettext_lazy(
        "De instellingen van jullie eigen inlogdienst zijn gewijzigd."
    ),
    "changed_and_off": gettext_lazy(
        "De instellingen van jullie eigen inlogdienst zijn gewijzigd. Inloggen daarmee staat"
        " uit tot een administrator het weer aanzet."
    ),
    "bypassed": gettext_lazy(
        "Inloggen via jullie eigen inlogdienst is verplicht. Deze administrator is toch met"
        " een wachtwoord of passkey ingelogd."
    ),
    "record_missing": gettext_lazy(
        "Het DNS-record dat bewijst dat %(domain)s van jullie is, is weg. Inloggen blijft"
        " werken. Zet het record terug, of zet inloggen via de organisatie uit."
    ),
}


def invited(invitation: Invitation, *, language: str) -> None:
    """Who asks you to join what, and the link; a stranger's mailbox is not flooded."""
    with translation.override(language):
        role = str(invitation.get_role_display()).lower()
    send(
        "organisations/emails/invited",
        to=invitation.email,
        language=language,
        about=invitation.organisation,
        context={
            "by": invitation.asked_by,
            "organisation": invitation.organisation.name,
            "role": role,
            "until": day(invitation.expires_at, language),
        },
        links={
            "invitation_url": ["invitation", invitation.pk, invitation.link_version]
        },
        not_before=next_slot(invitation.email),
    )


def second_factor_required(membership: Membership, *, by: User) -> None:
    """From which day on nobody gets into the organisation without a second factor."""
    _about_second_factor("second_factor_required", membership, by)


def second_factor_reminder(membership: Membership, *, by: User) -> None:
    """An administrator asks who has none yet to set one up."""
    _about_second_factor("second_factor_reminder", membership, by)


def _about_second_factor(mail: str, membership: Any, by: User) -> None:
    user, organisation = membership.user, membership.organisation
    if not user.email:
        return
    since = organisation.second_factor_from
    with translation.override(user.language):
        day_in_words = date_format(since, "j F Y") if since else ""
    send(
        f"organisations/emails/{mail}",
        to=user.email,
        language=user.language,
        about=organisation,
        context={
            "name": user.name,
            "by": by.name,
            "organisation": organisation.name,
            "day": day_in_words,
            "has_one": membership.has_second_factor,
            "page": f"{settings.BASE_URL}{reverse('mfa_index')}",
        },
    )


def administrator_asked(request: AdministratorRequest, *, again: bool = False) -> None:
    """To every member: who asks to become administrator, and what happens if all keep still."""
    for member in _members(request.organisation):
        user = member.user
        send(
            "organisations/emails/administrator_asked",
            to=user.email,
            language=user.language,
            about=request,
            context={
                "name": user.name,
                "person": request.user.name,
                "organisation": request.organisation.name,
                "reason": request.reason,
                "until": day(request.falls_at, user.language),
                "own": user == request.user,
                "decides": member.role == Role.ADMINISTRATOR,
                "again": again,
                "page": _page("request", request),
            },
        )


def administrator_refused(request: AdministratorRequest) -> None:
    """To who asked: an administrator objects, and why."""
    user = request.user
    send(
        "organisations/emails/administrator_refused",
        to=user.email,
        language=user.language,
        about=request,
        context={
            "name": user.name,
            "organisation": request.organisation.name,
            "by": request.ended_by.name if request.ended_by else "",
            "answer": request.answer,
        },
    )


def administrator_new(membership: Membership, *, by: User | None) -> None:
    """To every member: somebody is administrator now; nobody's doing is the term's."""
    for member in _members(membership.organisation):
        user = member.user
        send(
            "organisations/emails/administrator_new",
            to=user.email,
            language=user.language,
            about=membership,
            context={
                "name": user.name,
                "person": membership.user.name,
                "organisation": membership.organisation.name,
                "own": user == membership.user,
                "by": by.name if by else "",
                "page": settings.BASE_URL
                + reverse(
                    "organisations:dashboard", args=[membership.organisation.slug]
                ),
            },
        )


def intervention(proposed: Intervention) -> None:
    """To the whole organisation: what staff mean to do, why, and how to object."""
    if proposed.kind == Intervention.Kind.MERGE:
        merge_emails.proposed(proposed)
        return
    until = proposed.takes_effect_at
    for to, language, decides in _whole(proposed):
        _tell(
            "intervention",
            proposed,
            to,
            language,
            reason=proposed.reason,
            until=day(until, language) if until else "",
            decides=decides,
            page=_page("intervention", proposed),
        )


def intervention_ended(proposed: Intervention) -> None:
    """To the whole organisation: what staff meant to do is not done."""
    if proposed.kind == Intervention.Kind.MERGE:
        merge_emails.not_done(proposed)
        return
    for to, language, _decides in _whole(proposed):
        objected = proposed.outcome == Intervention.Outcome.OBJECTED
        _tell("intervention_ended", proposed, to, language, objected=objected)


def _tell(
    name: str, proposed: Intervention, to: str, language: str, **context: Any
) -> None:
    with translation.override(language):
        what = str(proposed)
    send(
        f"organisations/emails/{name}",
        to=to,
        language=language,
        about=proposed,
        context={"what": what, "organisation": proposed.organisation.name, **context},
        not_before=next_slot(to) if to == proposed.organisation.invoice_email else None,
    )


def _members(organisation: Any) -> Any:
    """Who can read their mail: those whose account is not closed."""
    return organisation.memberships.filter(user__is_active=True).select_related("user")


def _whole(proposed: Intervention) -> Iterator[tuple[str, str, bool]]:
    """Every address of the organisation once, and whether its reader can object."""
    addresses = {proposed.organisation.invoice_email.lower()}
    yield proposed.organisation.invoice_email, settings.LANGUAGE_CODE, False
    for member in _members(proposed.organisation):
        if (address := member.user.email.lower()) not in addresses:
            addresses.add(address)
            decides = member.role == Role.ADMINISTRATOR
            yield member.user.email, member.user.language, decides


def _page(name: str, row: Any) -> str:
    """Where an administrator answers it."""
    args = [row.organisation.slug, row.pk]
    return settings.BASE_URL + reverse(f"organisations:{name}", args=args)


def own_login(what: str, own: OwnLogin, *, by: User | None) -> None:
    """What became of signing in through the organisation, to all its administrators."""

    def said() -> dict[str, Any]:
        text = OWN_LOGIN[what] % {"domain": own.domain, "issuer": own.issuer}
        return {"what": text, "by": by.name if by else ""}

    to_administrators(
        "organisations/emails/own_login",
        own.organisation,
        said,
        about=own.organisation,
        page=reverse("organisations:own_login", args=[own.organisation.slug]),
    )


def to_administrators(
    mail: str,
    organisation: Organisation,
    said: Callable[[], dict[str, Any]],
    *,
    about: Model,
    page: str,
) -> None:
    """Write to each administrator; `said` gives what is told, in the language that is on."""
    members = organisation.memberships.administrators()
    for user in [member.user for member in members.select_related("user")]:
        with translation.override(user.language):
            context = said()
        send(
            mail,
            to=user.email,
            language=user.language,
            about=about,
            context={
                "name": user.name,
                "organisation": organisation.name,
                "page": settings.BASE_URL + page,
                **context,
            },
        )


def contact_replaced(contact: Contact, *, by: User) -> None:
    """To who was the contract's contact: somebody else is now, and whom to ask."""
    send(
        "organisations/emails/contact_replaced",
        to=contact.email,
        language=settings.LANGUAGE_CODE,
        about=contact.organisation,
        context={
            "name": contact.name,
            "by": by.name,
            "organisation": contact.organisation.name,
        },
    )


def corrected(
    organisation: Organisation, before: dict, names: list[str], *, reason: str
) -> None:
    """To every administrator: what staff put right, from what to what, and why."""
    for member in organisation.memberships.administrators().select_related("user"):
        person = member.user
        with translation.override(person.language):
            labels = {f.name: str(f.verbose_name) for f in Organisation._meta.fields}
            changes = [
                _("%(what)s: %(was)s wordt %(now)s")
                % {
                    "what": labels[name].capitalize(),
                    "was": _shown(name, before[name]),
                    "now": _shown(name, getattr(organisation, name)),
                }
                for name in names
            ]
        send(
            "organisations/emails/corrected",
            to=person.email,
            language=person.language,
            about=organisation,
            context={
                "name": person.name,
                "organisation": organisation.name,
                "changes": changes,
                "reason": reason,
            },
        )


def blocked(organisation: Organisation) -> None:
    """To every administrator: no key works any more, why, and what to do."""
    _to_administrators("blocked", organisation, reason=organisation.blocked_reason)


def unblocked(organisation: Organisation, *, reason: str) -> None:
    """To every administrator: what worked before works again."""
    _to_administrators("unblocked", organisation, reason=reason)


def _to_administrators(name: str, organisation: Organisation, **context: Any) -> None:
    for member in organisation.memberships.administrators().select_related("user"):
        send(
            f"organisations/emails/{name}",
            to=member.user.email,
            language=member.user.language,
            about=organisation,
            context={
                "name": member.user.name,
                "organisation": organisation.name,
                **context,
            },
        )


def _shown(name: str, value: str | None) -> str:
    if name == "legal_form" and value:
        return str(LegalForm(value).label)
    return value or _("leeg")

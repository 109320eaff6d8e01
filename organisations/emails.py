"""The mails about an organisation and who belongs to it."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from mail.rendering import day
from mail.services import next_slot, send

from .models import Contact, Invitation, LegalForm, Organisation


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
            "by": invitation.invited_by.name,
            "organisation": invitation.organisation.name,
            "role": role,
            "until": day(invitation.expires_at, language),
        },
        links={
            "invitation_url": ["invitation", invitation.pk, invitation.link_version]
        },
        not_before=next_slot(invitation.email),
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


def _shown(name: str, value: str | None) -> str:
    if name == "legal_form" and value:
        return str(LegalForm(value).label)
    return value or _("leeg")

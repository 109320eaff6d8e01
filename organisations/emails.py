"""The mails about an organisation and who belongs to it."""

from django.utils import translation

from mail.rendering import day
from mail.services import next_slot, send

from .models import Invitation


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

"""The mails about an organisation and who belongs to it."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from accounts.models import User
from mail.rendering import day
from mail.services import next_slot, send

from .models import Invitation, Membership


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

"""The mails about an organisation and who belongs to it."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy

from accounts.models import User
from mail.rendering import day
from mail.services import next_slot, send

from .models import Invitation, OwnLogin

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


def own_login(what: str, own: OwnLogin, *, by: User | None) -> None:
    """What became of signing in through the organisation, to all its administrators."""
    page = reverse("organisations:own_login", args=[own.organisation.slug])
    for membership in own.organisation.memberships.administrators():
        user = membership.user
        with translation.override(user.language):
            text = OWN_LOGIN[what] % {"domain": own.domain, "issuer": own.issuer}
        send(
            "organisations/emails/own_login",
            to=user.email,
            language=user.language,
            about=own.organisation,
            context={
                "name": user.name,
                "organisation": own.organisation.name,
                "what": text,
                "by": by.name if by else "",
                "page": settings.BASE_URL + page,
            },
        )

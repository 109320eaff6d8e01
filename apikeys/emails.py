"""The mails about keys, to those who run the organisation."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mail.services import send
from organisations import emails as organisations

from .models import ApiKey, KeyRequest, KeyRequestStatus

LEAKED = {
    "blocked": _(
        "We hebben de key meteen geblokkeerd. Software die hem gebruikt, krijgt nu geen"
        " gegevens meer."
    ),
    "ended": _(
        "Het is de oude waarde van een key die jullie aan het vernieuwen zijn. Die oude"
        " waarde werkt nu niet meer. De nieuwe waarde werkt gewoon."
    ),
    "told": _(
        "De key werkt nog: jullie hebben ingesteld dat we alleen waarschuwen. Wie hem"
        " vindt, kan op jullie kosten gegevens opvragen. Vernieuw de key nu."
    ),
    "dead": _("Deze waarde werkte al niet meer. Je hoeft niets te doen."),
    "canary": _(
        "Het is een lokkey. Hij opent niets, maar staat nu op een plek waar iedereen hem"
        " kan lezen."
    ),
}


def key_blocked(key: ApiKey, *, by: User) -> None:
    """A member closed a key because it got out."""
    _to_administrators("key_blocked", key, lambda: {"by": by.name})


def key_ends(key: ApiKey) -> None:
    """The day after which a key opens nothing comes near, as an administrator chose."""
    last_day: Any = key.chosen_last_day

    def context() -> dict[str, Any]:
        return {"day": date_format(last_day, "j F Y")}

    _to_administrators("key_ends", key, context)


def canary_used(key: ApiKey, *, network: str | None) -> None:
    """Somebody used a decoy: who has it, has more that is not theirs."""
    _to_administrators("canary_used", key, lambda: {"network": network or ""})


def key_leaked(key: ApiKey, *, what: str, url: str, scanner: str) -> None:
    """A scanner found a key where anybody can read it, and what became of it."""

    def context() -> dict[str, Any]:
        return {"text": str(LEAKED[what]), "found": url, "scanner": scanner}

    _to_administrators("key_leaked", key, context)


def key_request_decided(request: KeyRequest) -> None:
    """To who asked for one more key: it is there, or why it is not."""
    user = request.asked_by
    if not (user.is_active and user.email):
        return
    page = reverse("apikeys:list", args=[request.organisation.slug])
    send(
        "apikeys/emails/key_request_decided",
        to=user.email,
        language=user.language,
        about=request,
        context={
            "name": user.name,
            "key": request.name,
            "organisation": request.organisation.name,
            "granted": request.status == KeyRequestStatus.APPROVED,
            "reason": request.reason,
            "page": settings.BASE_URL + page,
        },
    )


def _to_administrators(
    mail: str, key: ApiKey, said: Callable[[], dict[str, Any]]
) -> None:
    organisations.to_administrators(
        f"apikeys/emails/{mail}",
        key.organisation,
        lambda: {"key": key.name, **said()},
        about=key,
        page=reverse("apikeys:detail", args=[key.organisation.slug, key.pk]),
    )

"""The mails about merging a double organisation: to the people of both, each address once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from mail.services import next_slot, send

from .models import Intervention, Organisation
from .roles import Role


@dataclass(frozen=True)
class Addressee:
    """One mailbox; whose member reads it (none: a contact's), and whether as administrator."""

    email: str
    language: str
    organisation: Organisation | None = None
    decides: bool = False


def addressees(*both: Organisation) -> list[Addressee]:
    """Members first, who read it in their language and with a link; then contacts."""
    found: dict[str, Addressee] = {}
    for one in [*_members(both), *_contacts(both)]:
        found.setdefault(one.email.lower(), one)
    return [*found.values()]


def _members(both: Iterable[Any]) -> list[Addressee]:
    """Who administers one of them, as that; an administrator of the one is asked for it."""
    members = [
        Addressee(
            member.user.email,
            member.user.language,
            organisation,
            member.role == Role.ADMINISTRATOR,
        )
        for organisation in both
        for member in organisation.memberships.select_related("user")
        if member.user.is_active and member.user.email
    ]
    return sorted(members, key=lambda one: not one.decides)


def _contacts(both: Iterable[Any]) -> list[Addressee]:
    addresses = [
        address
        for organisation in both
        for address in (
            *organisation.contacts.current().values_list("email", flat=True),
            organisation.invoice_email,
        )
    ]
    return [Addressee(address, settings.LANGUAGE_CODE) for address in addresses]


def proposed(intervention: Intervention) -> None:
    """What we mean to do with both, why, and how an administrator of either objects."""
    double, into = intervention.organisation, intervention.into
    for to in addressees(double, into):  # type: ignore[arg-type]
        page = ""
        if to.organisation and to.decides:
            args = [to.organisation.slug, intervention.pk]
            page = reverse("organisations:intervention", args=args)
        _send("merge_proposed", to, intervention, page, reason=intervention.reason)


def not_done(intervention: Intervention) -> None:
    """It does not happen after all."""
    objected = intervention.outcome == Intervention.Outcome.OBJECTED
    double, into = intervention.organisation, intervention.into
    for to in addressees(double, into):  # type: ignore[arg-type]
        _send("merge_ended", to, intervention, "", objected=objected)


def merged(intervention: Intervention, told: Iterable[Addressee]) -> None:
    """It is done: where everything is now, to whom it was told that belonged to either."""
    into = intervention.into
    for to in told:
        page = reverse("organisations:dashboard", args=[into.slug]) if into else ""
        _send("merged", to, intervention, page if to.organisation else "")


def _send(
    name: str, to: Addressee, intervention: Intervention, page: str, **context: Any
) -> None:
    send(
        f"organisations/emails/{name}",
        to=to.email,
        language=to.language,
        about=intervention,
        context={
            "double": intervention.organisation.name,
            "into": intervention.into.name if intervention.into else "",
            "page": settings.BASE_URL + page if page else "",
            **context,
        },
        not_before=None if to.organisation else next_slot(to.email),
    )

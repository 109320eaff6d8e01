"""The page of one organisation in /beheer/: the last few of all that it has.

However much that is, this costs ten queries: the page itself asks half as many again.
"""

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Sum
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from apikeys import charts
from apikeys.models import ApiKey, UsageDay
from apikeys.words import number
from applications.models import Contract
from mail.models import UNDELIVERED, Message
from organisations import activity
from organisations.filters import to_members
from organisations.models import (
    Contact,
    ContactKind,
    Invitation,
    Membership,
    Organisation,
)
from organisations.roles import Role
from organisations.staff_page import Cell, Section

SHOWN = 5
DAYS = 30


def sections(organisation: Organisation, user: User) -> Iterator[Section]:
    """What this member of staff may see, the people first."""
    may = user.has_perm
    known = _known(organisation)
    if known["last_doubles"]:
        yield _doubles(known["last_doubles"])
    yield _users(organisation, user, known["last_users"])
    yield _invitations(organisation, user, known["last_invitations"])
    yield _contacts(known["last_contacts"])
    if may("apikeys.view_apikey"):
        yield _keys(organisation)
        yield _usage(organisation)
    if may("applications.view_contract"):
        yield _contracts(organisation, known["last_contracts"])
    if may("mail.view_message"):
        yield _mails(organisation)
    yield _activity(organisation, user)


def _known(organisation: Organisation) -> Any:
    """The last users, invitations, contacts, contracts and doubles, as one query."""
    found = Organisation.objects.filter(pk=organisation.pk).values(
        last_users=_last(
            Membership.objects.order_by("-since", "-pk"),
            pk="user_id", name="user__name", username="user__username", role="role",
            since="since", used="last_used_at", active="user__is_active",
        ),
        last_invitations=_last(
            Invitation.objects.order_by("-invited_at", "-pk"),
            pk="pk", email="email", role="role", invited="invited_at",
            accepted_at="accepted_at", withdrawn_at="withdrawn_at",
            expires_at="expires_at",
        ),
        last_contacts=_last(
            Contact.objects.order_by("kind", "-since"),
            kind="kind", name="name", email="email", phone="phone",
            replaced="replaced_at",
        ),
        last_contracts=_last(
            Contract.objects.order_by("-starts_on", "-pk"),
            pk="pk", number="number", starts="starts_on", ends="ends_on",
        ),
        last_doubles=_last(
            Organisation.objects.order_by("-merged_at"), of="merged_into",
            pk="pk", name="name", slug="slug", merged="merged_at",
        ),
    )  # fmt: skip
    return found.get()


def _last(rows: QuerySet, of: str = "organisation", **fields: str) -> ArraySubquery:
    of_it = rows.filter(**{of: OuterRef("pk")})[:SHOWN]
    return ArraySubquery(of_it.values(json=JSONObject(**fields)))


def _doubles(rows) -> Section:
    """Where the history is of what merged into it."""
    return Section(
        _("Hiermee samengevoegd; de geschiedenis tot dan staat daar"),
        [_("Naam"), _("Code"), _("Samengevoegd op")],
        [
            [
                Cell(one["name"], _page("organisations_organisation", one["pk"])),
                Cell(one["slug"]),
                Cell(_moment(one["merged"])),
            ]
            for one in rows
        ],
        "",
    )


def _users(organisation, user, rows) -> Section:
    sees = user.has_perm("accounts.view_user")
    return Section(
        _("Gebruikers"),
        [_("Naam"), _("Rol"), _("Sinds"), _("Laatst bekeken")],
        [
            [
                Cell(
                    f"{one['name']} ({one['username']})",
                    _page("accounts_user", one["pk"]) if sees else "",
                    warns=not one["active"],
                ),
                Cell(Role(one["role"]).label),
                Cell(_moment(one["since"])),
                Cell(_moment(one["used"])),
            ]
            for one in rows
        ],
        _("Niemand hoort bij deze organisatie."),
        _list("accounts_user", organisation) if sees else "",
    )


def _invitations(organisation, user, rows) -> Section:
    sees = user.has_perm("organisations.view_invitation")
    return Section(
        _("Uitnodigingen"),
        [_("E-mailadres"), _("Rol"), _("Status"), _("Uitgenodigd")],
        [
            [
                Cell(
                    one["email"],
                    _page("organisations_invitation", one["pk"]) if sees else "",
                ),
                Cell(Role(one["role"]).label),
                Cell(_state(one)),
                Cell(_moment(one["invited"])),
            ]
            for one in rows
        ],
        _("Er is niemand uitgenodigd."),
        _list("organisations_invitation", organisation) if sees else "",
    )


def _state(one) -> str:
    times = {
        name: parse_datetime(one[name]) if one[name] else None
        for name in ("accepted_at", "withdrawn_at", "expires_at")
    }
    return Invitation(**times).state


def _contacts(rows) -> Section:
    """Who is asked by telephone before staff believe a mail; who it was until lately too."""
    return Section(
        _("Contactpersonen"),
        [_("Soort"), _("Naam"), _("E-mailadres"), _("Telefoon"), _("Vervangen")],
        [
            [
                Cell(ContactKind(one["kind"]).label),
                *(Cell(one[name]) for name in ("name", "email", "phone")),
                Cell(_moment(one["replaced"])),
            ]
            for one in rows
        ],
        _("Er is geen contactpersoon."),
    )


def _keys(organisation) -> Section:
    """With their state, and nothing that comes near their secret."""
    keys = ApiKey.objects.filter(organisation=organisation).order_by("-created_at")
    keys = keys.select_related("spending_stop").prefetch_related("secrets")
    return Section(
        _("API-keys"),
        [_("Naam"), _("Omgeving"), _("Status"), _("Gemaakt")],
        [
            [
                Cell(key.name, _page("apikeys_apikey", key.pk)),
                Cell(key.get_environment_display()),
                Cell(key.state.label, warns=key.blocked_at is not None),
                Cell(_moment(key.created_at)),
            ]
            for key in keys[:SHOWN]
        ],
        _("Er zijn geen API-keys."),
        _list("apikeys_apikey", organisation),
    )


def _usage(organisation) -> Section:
    today = timezone.localdate()
    month = today.replace(day=1)
    before = (month - datetime.timedelta(days=1)).replace(day=1)
    first = min(before, today - datetime.timedelta(days=DAYS - 1))
    days = UsageDay.objects.filter(organisation=organisation, day__gte=first)
    calls = dict(days.order_by().values_list("day").annotate(Sum("calls")))
    this = sum(calls[day] for day in calls if day >= month)
    last = sum(calls[day] for day in calls if before <= day < month)
    shown = [
        int(calls.get(today - datetime.timedelta(days=back), 0))
        for back in reversed(range(DAYS))
    ]
    return Section(
        _("Verbruik"),
        [_("Maand"), _("Bevragingen")],
        [
            [Cell(date_format(month, "F Y")), Cell(number(int(this)))],
            [Cell(date_format(before, "F Y")), Cell(number(int(last)))],
        ],
        "",
        path=charts.small_line(shown),
        words=_("Bevragingen per dag, laatste %(days)s dagen: minst %(least)s, meest %(most)s")
        % {"days": DAYS, "least": number(min(shown)), "most": number(max(shown))},
    )  # fmt: skip


def _contracts(organisation, rows) -> Section:
    return Section(
        _("Overeenkomsten"),
        [_("Nummer"), _("Vanaf"), _("Tot en met")],
        [
            [
                Cell(one["number"], _page("applications_contract", one["pk"])),
                Cell(_day(one["starts"])),
                Cell(_day(one["ends"])),
            ]
            for one in rows
        ],
        _("Er is geen overeenkomst."),
        _list("applications_contract", organisation),
    )


def _mails(organisation) -> Section:
    mails = to_members(Message.objects.all(), organisation.pk)
    shown = ["to", "subject_line", "state", "created_at"]
    return Section(
        _("Mails aan gebruikers"),
        [_("Onderwerp"), _("Aan"), _("Status"), _("Geschreven")],
        [
            [
                Cell(mail.subject_line, _page("mail_message", mail.pk)),
                Cell(mail.to),
                Cell(mail.get_state_display(), warns=mail.state in UNDELIVERED),
                Cell(_moment(mail.created_at)),
            ]
            for mail in mails.only(*shown).order_by("-created_at")[:SHOWN]
        ],
        _("Er is nog geen mail gestuurd."),
        _list("mail_message", organisation),
    )


def _activity(organisation, user) -> Section:
    events = [*activity.events(organisation)[:SHOWN]]
    acts = activity.in_words(organisation, events)
    sees = user.has_perm("audit.view_event")
    return Section(
        _("Activiteit"),
        [_("Wat"), _("Wie"), _("Wanneer")],
        [
            [
                Cell(
                    act.what,
                    _page("audit_event", event.pk) if sees else "",
                ),
                Cell(str(event.by or _("het portaal"))),
                Cell(_moment(event.at)),
            ]
            for event, act in zip(events, acts, strict=True)
        ],
        _("Er is nog niets gebeurd."),
        _list("audit_event", organisation) if sees else "",
    )


def _page(model: str, pk: Any) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


def _list(model: str, organisation: Organisation) -> str:
    return reverse(f"admin:{model}_changelist") + f"?organisation={organisation.pk}"


def _moment(at: datetime.datetime | str | None) -> str:
    moment = parse_datetime(at) if isinstance(at, str) else at
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else "–"


def _day(day: str | None) -> str:
    return date_format(datetime.date.fromisoformat(day), "DATE_FORMAT") if day else "–"

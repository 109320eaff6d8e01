"""What happened in one organisation: who did what and when, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import User
from audit.models import Event

from .models import Intervention, Organisation
from .roles import Role
from .spreadsheets import line

# By what an event is about. Kinds of the apps above stand here too, as words only.
WORDS = {
    "member": {
        "member.added": gettext_lazy(
            "%(person)s hoort nu bij de organisatie, als %(role)s"
        ),
        "member.role_changed": gettext_lazy("%(person)s is nu %(now)s en was %(was)s"),
        "member.removed": gettext_lazy("%(person)s hoort niet meer bij de organisatie"),
        "member.second_factor_taken": gettext_lazy(
            "De tweede stap van %(person)s is weggehaald"
        ),
        "administrator_request.asked": gettext_lazy(
            "%(person)s vraagt om administrator te worden"
        ),
        "administrator_request.granted": gettext_lazy(
            "Akkoord: %(person)s wordt administrator"
        ),
        "administrator_request.refused": gettext_lazy(
            "Bezwaar: %(person)s wordt geen administrator"
        ),
        "administrator_request.withdrawn": gettext_lazy(
            "%(person)s vraagt niet meer om administrator te worden"
        ),
        "administrator_request.passed": gettext_lazy(
            "Niemand maakte bezwaar: %(person)s wordt administrator"
        ),
        "administrator_request.overtaken": gettext_lazy(
            "Het verzoek van %(person)s om administrator te worden is vervallen"
        ),
        "intervention.proposed": gettext_lazy("Voorgesteld: %(intervention)s"),
        "intervention.approved": gettext_lazy("Goedgekeurd: %(intervention)s"),
        "intervention.done": gettext_lazy("Uitgevoerd: %(intervention)s"),
        "intervention.objected": gettext_lazy("Bezwaar tegen: %(intervention)s"),
        "intervention.stopped": gettext_lazy("Gestopt: %(intervention)s"),
        "intervention.overtaken": gettext_lazy("Vervallen: %(intervention)s"),
        "member.signed_out": gettext_lazy("%(person)s is overal uitgelogd"),
    },
    "invitation": {
        "invitation.sent": gettext_lazy("%(email)s is uitgenodigd als %(role)s"),
        "invitation.resent": gettext_lazy(
            "De uitnodiging van %(email)s is opnieuw gestuurd"
        ),
        "invitation.withdrawn": gettext_lazy(
            "De uitnodiging van %(email)s is ingetrokken"
        ),
    },
    "key": {
        "key.issued": gettext_lazy("API-key %(key)s is uitgegeven"),
        "key.revealed": gettext_lazy("API-key %(key)s is getoond"),
        "key.blocked": gettext_lazy("API-key %(key)s is geblokkeerd: %(reason)s"),
        "key.block_heard": gettext_lazy(
            "Gateway %(gateway)s weigert API-key %(key)s binnen %(seconds)s seconden na de"
            " blokkade"
        ),
        "key.block_not_heard": gettext_lazy(
            "Gateway %(gateway)s bevestigt de blokkade van API-key %(key)s niet, ook na"
            " %(seconds)s seconden"
        ),
        "key.unblocked": gettext_lazy("De blokkade van API-key %(key)s is opgeheven"),
        "key.end_set": gettext_lazy(
            "API-key %(key)s werkt nog tot en met de laatste dag van de overeenkomst"
        ),
        "key.end_lifted": gettext_lazy("API-key %(key)s blijft werken"),
        "key.asked_for": gettext_lazy("Extra API-key %(new)s is aangevraagd"),
        "key.not_given": gettext_lazy(
            "Extra API-key %(new)s is niet gegeven: %(reason)s"
        ),
        "key.renamed": gettext_lazy("API-key %(old)s heet nu %(new)s"),
        "key.rotated": gettext_lazy("API-key %(key)s heeft een nieuwe waarde"),
        "key.overlap_extended": gettext_lazy(
            "De oude waarde van API-key %(key)s werkt langer"
        ),
        "key.overlap_ended": gettext_lazy(
            "De oude waarde van API-key %(key)s werkt niet meer"
        ),
        "key.stop_set": gettext_lazy("API-key %(key)s werkt tot en met %(day)s"),
        "key.stop_lifted": gettext_lazy("API-key %(key)s heeft geen eigen einddatum"),
        "key.restricted": gettext_lazy(
            "Waar en waarvoor API-key %(key)s werkt, is gewijzigd"
        ),
        "key.canary_made": gettext_lazy("Lokkey %(key)s is gemaakt"),
        "key.canary_retired": gettext_lazy("Lokkey %(key)s is opgeruimd"),
        "key.canary_used": gettext_lazy("Iemand probeerde lokkey %(key)s te gebruiken"),
        "key.leaked": gettext_lazy(
            "API-key %(key)s is gevonden op een plek waar iedereen hem kan lezen"
        ),
        "key.leak_policy_block": gettext_lazy(
            "Een gelekte API-key wordt voortaan meteen geblokkeerd"
        ),
        "key.leak_policy_tell": gettext_lazy(
            "Bij een gelekte API-key krijgen administrators voortaan alleen een waarschuwing"
        ),
    },
    "usage": {
        "budget.set": gettext_lazy("Een budget is ingesteld: %(new)s"),
        "budget.removed": gettext_lazy("Een budget is weggehaald: %(old)s"),
        "budget.reached": gettext_lazy("Van een budget is %(reason)s gebruikt"),
        "usage_mail.chosen": gettext_lazy(
            "Gekozen is wie mails over het verbruik krijgt"
        ),
    },
    "own_login": {
        "own_login.set_up": gettext_lazy("De eigen inlogdienst is ingesteld"),
        "own_login.changed": gettext_lazy("De eigen inlogdienst is gewijzigd"),
        "own_login.verified": gettext_lazy("Het maildomein is gecontroleerd"),
        "own_login.tried": gettext_lazy("De eigen inlogdienst is geprobeerd en werkt"),
        "own_login.on": gettext_lazy("Inloggen via de organisatie is aangezet"),
        "own_login.enforced": gettext_lazy(
            "Inloggen via de organisatie is verplicht gemaakt"
        ),
        "own_login.relaxed": gettext_lazy(
            "Inloggen via de organisatie is niet meer verplicht"
        ),
        "own_login.off": gettext_lazy("Inloggen via de organisatie is uitgezet"),
        "own_login.removed": gettext_lazy("De eigen inlogdienst is verwijderd"),
        "own_login.linked": gettext_lazy(
            "%(person)s is voor het eerst ingelogd via de organisatie"
        ),
        "own_login.bypassed": gettext_lazy(
            "Een administrator is ingelogd buiten de eigen inlogdienst om"
        ),
        "own_login.record_missing": gettext_lazy(
            "Het DNS-record van het maildomein is weg"
        ),
        "own_login.record_found": gettext_lazy(
            "Het DNS-record van het maildomein is er weer"
        ),
    },
    "organisation": {
        "organisation.founded": gettext_lazy("De organisatie is ingeschreven"),
        "organisation.second_factor_required": gettext_lazy(
            "Iedereen heeft vanaf %(from)s een tweede stap nodig"
        ),
        "organisation.second_factor_released": gettext_lazy(
            "Een tweede stap is niet meer verplicht"
        ),
        "organisation.second_factor_reminded": gettext_lazy(
            "Wie nog geen tweede stap heeft, is daaraan herinnerd"
        ),
        "organisation.address_changed": gettext_lazy("Het adres is gewijzigd"),
        "organisation.invoices_changed": gettext_lazy(
            "De factuurgegevens zijn gewijzigd"
        ),
        "organisation.contract_contact_changed": gettext_lazy(
            "De contactpersoon voor de overeenkomst is gewijzigd"
        ),
        "organisation.technical_contact_changed": gettext_lazy(
            "De technisch contactpersoon is gewijzigd"
        ),
        "organisation.corrected": gettext_lazy(
            "De inschrijving van de organisatie is verbeterd: %(reason)s"
        ),
        "organisation.blocked": gettext_lazy(
            "De organisatie is geblokkeerd: %(reason)s"
        ),
        "organisation.unblocked": gettext_lazy(
            "De blokkade van de organisatie is opgeheven: %(reason)s"
        ),
        "organisation.merged": gettext_lazy(
            "De organisatie is samengevoegd met organisatie %(new)s"
        ),
        "organisation.joined": gettext_lazy(
            "Organisatie %(old)s is samengevoegd met deze organisatie"
        ),
        "look_along.started": gettext_lazy(
            "Een medewerker kijkt mee als %(role)s: %(reason)s"
        ),
        "look_along.stopped": gettext_lazy("De medewerker kijkt niet meer mee"),
        "contract.asked_for": gettext_lazy("Nieuwe overeenkomst aangevraagd: %(new)s"),
        "contract.concluded": gettext_lazy("De overeenkomst is gesloten"),
        "contract.cancelled": gettext_lazy("De overeenkomst is opgezegd"),
        "contract.ended_by_us": gettext_lazy(
            "De overeenkomst wordt door ons beëindigd en loopt tot en met %(day)s: %(reason)s"
        ),
        "contract.kept": gettext_lazy("De opzegging is ingetrokken"),
        "contract.kept_until": gettext_lazy(
            "Ons einde van de overeenkomst is teruggedraaid; zij loopt tot en met %(day)s"
        ),
        "contract.ended": gettext_lazy("De overeenkomst is beëindigd"),
        "terms.asked": gettext_lazy("Er is gevraagd om akkoord met nieuwe voorwaarden"),
        "terms.agreed": gettext_lazy("Akkoord gegeven op de nieuwe voorwaarden"),
        "terms.refused": gettext_lazy("Geen akkoord gegeven op de nieuwe voorwaarden"),
    },
    "bank": {
        "bank_change.asked": gettext_lazy("Een ander rekeningnummer is gevraagd"),
        "bank_change.confirmed": gettext_lazy(
            "Het andere rekeningnummer is per mail bevestigd"
        ),
        "bank_change.agreed": gettext_lazy(
            "Een tweede persoon is akkoord met het andere rekeningnummer"
        ),
        "bank_change.returned": gettext_lazy(
            "De nieuwe incassomachtiging is ondertekend teruggestuurd"
        ),
        "bank_change.accepted": gettext_lazy(
            "De nieuwe incassomachtiging is goedgekeurd"
        ),
        "bank_change.stopped": gettext_lazy(
            "De wijziging van het rekeningnummer is gestopt: %(reason)s"
        ),
        "bank_change.asker_gone": gettext_lazy(
            "De wijziging van het rekeningnummer is gestopt: wie het vroeg, hoort niet meer"
            " bij de organisatie"
        ),
        "bank_change.expired": gettext_lazy(
            "De wijziging van het rekeningnummer is niet op tijd bevestigd"
        ),
        "bank_change.in_force": gettext_lazy("Het nieuwe rekeningnummer geldt"),
    },
}
TOPICS = [
    ("member", gettext_lazy("Gebruikers")),
    ("invitation", gettext_lazy("Uitnodigingen")),
    ("key", gettext_lazy("API-keys")),
    ("usage", gettext_lazy("Verbruik")),
    ("own_login", gettext_lazy("Inloggen via de organisatie")),
    ("organisation", gettext_lazy("Organisatie en overeenkomst")),
    ("bank", gettext_lazy("Betaling")),
]
SHOWN = {kind: words for kinds in WORDS.values() for kind, words in kinds.items()}


@dataclass(frozen=True)
class Act:
    at: datetime
    who: str
    what: str


def events(
    organisation: Organisation, *, topic: str = "", person: int | None = None
) -> QuerySet[Event]:
    """What its administrators may read back, the newest first."""
    kinds = WORDS.get(topic, SHOWN)
    found = Event.objects.filter(organisation=organisation, kind__in=kinds)
    if person:
        found = found.filter(by=person, by__is_staff=False)
    return found.select_related("by").order_by("-pk")


def people(organisation: Organisation) -> QuerySet[User]:
    """Everybody who ever did something here, the operator's staff not counted."""
    acted = Event.objects.filter(organisation=organisation).values("by")
    return User.objects.filter(pk__in=acted, is_staff=False).order_by("name", "pk")


def in_words(organisation: Organisation, chosen: Iterable[Event]) -> list[Act]:
    """These events as sentences, with four queries for whatever they name."""
    chosen = list(chosen)
    persons = User.objects.in_bulk(
        {event.data.get("user") for event in chosen} - {None}
    )
    invitations = {str(one.pk): one.email for one in organisation.invitations.all()}
    keys = {str(pk): name for pk, name in _keys(organisation)}
    interventions = {
        str(one.pk): str(one) for one in Intervention.objects.about(organisation)
    }
    return [
        Act(
            event.at,
            _who(event),
            str(SHOWN[event.kind])
            % {
                "person": str(persons.get(event.data.get("user"), "–")),
                "email": invitations.get(event.subject_id, "–"),
                "key": keys.get(event.subject_id, "–"),
                "intervention": interventions.get(event.subject_id, "–"),
                "reason": event.data.get("reason", ""),
                "gateway": event.data.get("gateway", ""),
                "seconds": number_format(event.data.get("seconds", 0), 1),
                "from": _day(event.data.get("from")),
                "day": _day(event.data.get("day")),
                "old": _said(event.data.get("old", "")),
                "new": _said(event.data.get("new", "")),
                **{
                    name: _role(event.data.get(name)) for name in ("role", "was", "now")
                },
            },
        )
        for event in chosen
    ]


def latest(
    organisation: Organisation, *kinds: str, about: type[Model], pk: int
) -> Act | None:
    """Who did one of these to a row last, to tell somebody who saw it as it was before."""
    newest = of_row(organisation, about=about, pk=pk).filter(kind__in=kinds)[:1]
    return next(iter(in_words(organisation, newest)), None)


def of_row(
    organisation: Organisation, *, about: type[Model], pk: int
) -> QuerySet[Event]:
    """What its administrators may read back of one row, the newest first."""
    return events(organisation).filter(
        subject_type=about._meta.label_lower, subject_id=str(pk)
    )


def as_csv(organisation: Organisation, chosen: QuerySet[Event]) -> Iterator[str]:
    """The same as lines of CSV, a thousand at a time, whatever their number.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    yield line([_("Wanneer"), _("Wie"), _("Wat")])
    last = None
    while batch := [*(chosen.filter(pk__lt=last) if last else chosen)[:1000]]:
        for act in in_words(organisation, batch):
            yield line([timezone.localtime(act.at).isoformat(), act.who, act.what])
        last = batch[-1].pk


def _who(event: Event) -> str:
    if event.by is None or event.by.is_staff:
        return settings.OPERATOR_NAME
    return str(event.by)


def _said(value: str | dict[str, str]) -> str:
    """A text as it was kept, or the one of the reader's language."""
    if isinstance(value, str):
        return value
    return value.get(get_language() or "", value[settings.LANGUAGE_CODE])


def _role(name: str | None) -> str:
    return str(Role(name).label).lower() if name else ""


def _day(iso: str | None) -> str:
    return date_format(date.fromisoformat(iso), "j F Y") if iso else ""


def _keys(organisation: Any):
    return organisation.api_keys.values_list("pk", "name")

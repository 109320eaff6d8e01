"""What an application says beside what others say, and why that needs a look or not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import schwifty
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import register
from ..models import Application, RegisterLookup
from ..services.checking import signatories

IN_ORDER, LOOK, UNKNOWN = "ok", "look", "unknown"
WORDS = {
    IN_ORDER: gettext_lazy("In orde"),
    LOOK: gettext_lazy("Kijk hiernaar"),
    UNKNOWN: gettext_lazy("Niet nagekeken"),
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, how that came out, and why."""

    what: str
    state: str
    why: str

    @property
    def words(self) -> str | Promise:
        return WORDS[self.state]


def checks(application: Application) -> list[Check]:
    """Everything, in the order of the application."""
    return [
        *_register(application),
        _address(application.answers),
        _signing(application),
        *_bank(application.answers),
    ]


def _register(application: Application) -> Iterator[Check]:
    what = _("KVK-nummer")
    if not application.kvk_number:
        why = _("Er is geen KVK-nummer. Kijk in het register van dat land.")
        yield Check(what, UNKNOWN, why)
        return
    of_number = application.lookups.filter(kvk_number=application.kvk_number)
    found = of_number.first()
    if found is None:
        why = (
            _("Het Handelsregister is nog niet gevraagd.")
            if register.is_configured()
            else _("De verbinding met het Handelsregister staat niet aan.")
        )
        yield Check(what, UNKNOWN, why)
    elif found.entry is None:
        why = _("Dit nummer staat niet in het Handelsregister (%(at)s).")
        yield Check(what, LOOK, why % {"at": _on(found)})
    else:
        yield from _beside_entry(application.answers, found)


def _beside_entry(answers: dict, found: RegisterLookup) -> Iterator[Check]:
    entry, at = register.Entry(**(found.entry or {})), {"at": _on(found)}
    if entry.ended_on:
        yield Check(_("KVK-nummer"), LOOK, _("Uitgeschreven (%(at)s).") % at)
    else:
        why = _("Staat ingeschreven (%(at)s). Rechtsvorm daar: %(form)s.")
        form = entry.legal_form or _("onbekend")
        yield Check(_("KVK-nummer"), IN_ORDER, why % {**at, "form": form})
    same = _plain(answers.get("name")) in {_plain(name) for name in entry.names}
    yield _compared(_("Naam"), same, ", ".join(entry.names))
    there = f"{entry.street}, {entry.postcode} {entry.city}".strip(" ,")
    here = "".join(str(answers.get(n, "")) for n in ("street", "postcode", "city"))
    yield _compared(_("Bezoekadres"), _plain(here) == _plain(there), there)


def _compared(what: str, same: bool, there: str) -> Check:
    if same:
        return Check(what, IN_ORDER, _("Zoals in het Handelsregister."))
    why = _("In het Handelsregister: %(there)s.") % {"there": there or _("onbekend")}
    return Check(what, LOOK, why)


def _address(answers: dict) -> Check:
    what = _("Adres compleet")
    lacking = [
        word
        for name, word in [
            ("street", _("straat")),
            ("postcode", _("postcode")),
            ("city", _("plaats")),
        ]
        if not answers.get(name)
    ]
    if answers.get("street") and not re.search(r"\d", answers["street"]):
        lacking.append(_("huisnummer"))
    if lacking:
        why = _("Hier ontbreekt: %(what)s.") % {"what": ", ".join(lacking)}
        return Check(what, LOOK, why)
    return Check(what, IN_ORDER, _("Straat, huisnummer, postcode en plaats zijn er."))


def _signing(application: Application) -> Check:
    what, seen = _("Tekenbevoegdheid"), application.signing_grounds.first()
    now = signatories(application)
    if seen is None:
        why = _(
            "Leg vast waarom %(who)s mag tekenen. Het register geeft dit niet door."
        )
        return Check(what, UNKNOWN, why % {"who": _(" en ").join(now)})
    if seen.signatories != now:
        why = _("Vastgelegd voor %(then)s, maar nu tekent %(now)s.")
        names = {"then": ", ".join(seen.signatories), "now": ", ".join(now)}
        return Check(what, LOOK, why % names)
    why = _("%(ground)s. Vastgelegd door %(by)s, %(at)s. %(explanation)s")
    parts = {
        "ground": seen.get_ground_display(),
        "by": seen.by.name,
        "at": _on(seen),
        "explanation": seen.explanation,
    }
    return Check(what, IN_ORDER, (why % parts).strip())


def _bank(answers: dict) -> Iterator[Check]:
    if answers.get("payment_method") != "direct_debit":
        return
    bank = schwifty.IBAN(answers["iban"], allow_invalid=True).bank
    why = (
        _("De rekening is bij %(bank)s.") % {"bank": bank.name}
        if bank
        else _("De bankcode in dit IBAN is van geen bank die wij kennen.")
    )
    yield Check(_("Bank van het IBAN"), IN_ORDER if bank else LOOK, why)
    if _plain(answers.get("account_holder")) != _plain(answers.get("name")):
        why = _("De rekeninghouder heet anders dan de organisatie.")
        yield Check(_("Rekeninghouder"), LOOK, why)


def _on(row) -> str:
    return date_format(localtime(row.at), "DATETIME_FORMAT")


def _plain(text: object) -> str:
    """A name without what two people write differently: case, spaces, points."""
    return re.sub(r"[\W_]+", "", str(text or "").casefold())

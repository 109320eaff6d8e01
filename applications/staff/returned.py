"""What a file that came back says beside what we sent, in words."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Document, ReturnedFile
from .checks import IN_ORDER, LOOK, UNKNOWN, Check

CHAINS = {
    "trusted": gettext_lazy(
        "Het certificaat is van een uitgever die wij vertrouwen. Of het is ingetrokken,"
        " is niet nagegaan."
    ),
    "untrusted": gettext_lazy(
        "Wij kennen de uitgever van het certificaat niet: iedereen kan zo'n certificaat"
        " maken."
    ),
    "expired": gettext_lazy("Het certificaat is niet (meer) geldig."),
    "revoked": gettext_lazy("Het certificaat is ingetrokken."),
    "unchecked": gettext_lazy(
        "Er is niet ingesteld welke uitgevers wij vertrouwen: wie dit is, staat niet vast."
    ),
}


def said_of(document: Document) -> list[Check] | None:
    """All that was found; None while the worker has not looked yet."""
    found = getattr(document, "returned", None)
    if found is None:
        return None
    return [
        *_signed(found),
        *_ours(found),
        *_pages(found.text),
        *_text(found.text),
    ]


def _signed(found: ReturnedFile) -> Iterator[Check]:
    what = _("Digitale handtekening")
    if found.signatures is None:
        yield Check(what, UNKNOWN, _("Niet te lezen: kijk met een ander programma."))
    elif not found.signed_by_them():
        why = _("Er zit er geen in. Kijk naar de handtekening op papier.")
        yield Check(what, UNKNOWN, why)
    for one in found.signed_by_them():
        if one["kind"] == "unreadable":
            yield Check(what, LOOK, _("Er zit er een in die niet te lezen is."))
        elif one["kind"] == "person":
            yield _by(what, one)


def _by(what: str, one: dict) -> Check:
    who = _("%(name)s, op %(at)s (volgens de ondertekenaar).") % {
        "name": one["name"],
        "at": _moment(one["at"]),
    }
    if not one["stands"]:
        broken = _("De handtekening klopt niet: het bestand is daarna veranderd.")
        return Check(what, LOOK, f"{who} {broken}")
    if not one["whole"]:
        part = _("De handtekening geldt maar voor een deel van het bestand.")
        return Check(what, LOOK, f"{who} {part}")
    if one["changed"]:
        after = _("Na deze handtekening is het bestand nog gewijzigd.")
        return Check(what, LOOK, f"{who} {after}")
    states = {"trusted": IN_ORDER, "unchecked": UNKNOWN}
    issuer = _("Certificaat van %(issuer)s.") % {"issuer": one["issuer"]}
    why = f"{who} {issuer} {CHAINS[one['chain']]}"
    return Check(what, states.get(one["chain"], LOOK), why)


def _moment(at: str | None) -> str:
    if not at:
        return _("een onbekend moment")
    return date_format(localtime(datetime.fromisoformat(at)), "DATETIME_FORMAT")


def _ours(found: ReturnedFile) -> Iterator[Check]:
    what, text = _("Ons bestand"), found.text or {}
    if found.begins_with is None:
        if found.signed_by_them():
            why = _(
                "Wat is getekend, is niet byte voor byte het bestand dat wij stuurden."
                " Vergelijk de inhoud."
            )
            yield Check(what, LOOK, why)
    elif found.begins_with != found.beside:
        why = _("Dit is een ander document dan wij ondertekend terug verwachten.")
        yield Check(what, LOOK, why)
    elif found.signatures is not None and not found.signed_by_them():
        yield Check(what, LOOK, _("Dit is wat wij stuurden, zonder handtekening."))
    elif not found.text or found.signatures is None:
        why = _("Het begint met ons bestand. Wat erbij kwam, is niet nagekeken.")
        yield Check(what, UNKNOWN, why)
    elif changed := sorted({*text.get("looks", []), *text.get("added", [])}):
        why = _(
            "Het begint met ons bestand, maar daarna is er meer veranderd dan getekend:"
            " %(pages)s."
        )
        yield Check(what, LOOK, why % {"pages": _numbers(changed)})
    else:
        why = _("Er is getekend op precies het bestand dat wij stuurden.")
        yield Check(what, IN_ORDER, why)


def _pages(text: dict | None) -> Iterator[Check]:
    if not text:
        return
    ours, theirs = text["pages"]
    said = [_count(theirs)]
    if theirs != ours:
        said.append(_("Wij stuurden er %(count)s.") % {"count": ours})
    if missing := text.get("missing"):
        said.append(_("Hier ontbreekt: %(pages)s.") % {"pages": _numbers(missing)})
    if extra := text.get("extra"):
        said.append(_("Niet van ons: %(pages)s.") % {"pages": _numbers(extra)})
    if text.get("shuffled"):
        said.append(_("De volgorde is anders."))
    state = IN_ORDER if len(said) == 1 else LOOK
    yield Check(_("Pagina's"), state, " ".join(said))


def _count(pages: int) -> str:
    said = ngettext("%(count)s pagina.", "%(count)s pagina's.", pages)
    return said % {"count": pages}


def _text(text: dict | None) -> Iterator[Check]:
    what = _("Tekst")
    if not text:
        why = _("Te ingewikkeld om te vergelijken. Vergelijk het zelf.")
        yield Check(what, UNKNOWN, why)
    elif not text["readable"]:
        why = _("Geen tekst te lezen: dit is een scan. Vergelijk de pagina's zelf.")
        yield Check(what, UNKNOWN, why)
    else:
        yield from _beside(what, text)


def _beside(what: str, text: dict) -> Iterator[Check]:
    if unread := text["unread"]:
        why = _("Zonder tekst, dus een scan: %(pages)s. Vergelijk die zelf.")
        yield Check(what, UNKNOWN, why % {"pages": _numbers(unread)})
    for page, pieces in text["differs"]:
        where = _("Tekst wijkt af op pagina %(page)s:") % {"page": page}
        yield Check(what, LOOK, " ".join([where, *(_piece(*one) for one in pieces)]))
    if not unread and not text["differs"]:
        same = _("Op de pagina's die er zijn staat wat wij schreven.")
        yield Check(what, IN_ORDER, same)


def _piece(ours: str, theirs: str) -> str:
    if not ours:
        return _("er staat “%(theirs)s” bij.") % {"theirs": theirs}
    if not theirs:
        return _("“%(ours)s” is weg.") % {"ours": ours}
    said = _("er staat “%(theirs)s”, wij schreven “%(ours)s”.")
    return said % {"ours": ours, "theirs": theirs}


def _numbers(pages: list[int]) -> str:
    said = ngettext("pagina %(numbers)s", "pagina's %(numbers)s", len(pages))
    return said % {"numbers": ", ".join(map(str, pages))}

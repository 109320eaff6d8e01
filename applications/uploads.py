"""What may come back as a signed contract: looked into by content, kept as it is."""

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from . import limited

REASONS = {
    "script": _(
        "Dit PDF-bestand bevat programmacode (JavaScript). "
        "Print de overeenkomst naar een nieuwe PDF, of scan haar, en stuur die."
    ),
    "action": _(
        "Dit PDF-bestand voert iets uit of opent een ander bestand. "
        "Print de overeenkomst naar een nieuwe PDF, of scan haar, en stuur die."
    ),
    "attachment": _(
        "In dit PDF-bestand zit een ander bestand als bijlage. "
        "Stuur de overeenkomst zonder bijlage."
    ),
    "media": _(
        "Dit PDF-bestand bevat geluid, video of een 3D-model. "
        "Print de overeenkomst naar een nieuwe PDF, of scan haar, en stuur die."
    ),
    "form": _(
        "Dit PDF-bestand is een dynamisch formulier (XFA). "
        "Print de overeenkomst naar een nieuwe PDF, of scan haar, en stuur die."
    ),
    "encrypted": _(
        "Dit PDF-bestand is beveiligd. "
        "Haal het wachtwoord of de beveiliging eraf en stuur het opnieuw."
    ),
    "empty": _(
        "Dit PDF-bestand heeft geen pagina's. Maak het opnieuw, bijvoorbeeld met een scan."
    ),
    "damaged": _(
        "Dit PDF-bestand is beschadigd en niet te lezen. "
        "Maak het opnieuw, bijvoorbeeld met een scan, en stuur het nog een keer."
    ),
    "costly": _(
        "Dit PDF-bestand is te ingewikkeld om te controleren. "
        "Print de overeenkomst naar een nieuwe PDF, of scan haar, en stuur die."
    ),
}


class Unacceptable(Exception):
    """The file is refused; the message tells the sender why, and what to do."""


def most() -> int:
    """The largest size that is accepted, in bytes."""
    return settings.UPLOAD_MAX_MEGABYTES * 1024 * 1024


def inspect(content: bytes) -> None:
    """Refuse what is not a plain, readable PDF of at most the size that is set."""
    if len(content) > most():
        raise Unacceptable(
            gettext(
                "Dit bestand is groter dan %(megabytes)s MB. "
                "Scan met een lagere resolutie, of maak het bestand kleiner."
            )
            % {"megabytes": settings.UPLOAD_MAX_MEGABYTES}
        )
    if not content.startswith(b"%PDF-"):
        raise Unacceptable(
            gettext(
                "Dit is geen PDF-bestand. "
                "Sla de ondertekende overeenkomst op als PDF, of scan haar naar PDF."
            )
        )
    if (found := _look_into(content)) != "ok":
        raise Unacceptable(gettext(REASONS[found]))


def _look_into(content: bytes) -> str:
    """The verdict of a process with little memory, little time and no secrets."""
    found = limited.run("inspect_pdf.py", content).decode("ascii", "replace")
    return found if found == "ok" or found in REASONS else "costly"

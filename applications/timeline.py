"""What happened to one application: who did what when, and which mails went out."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from audit.models import Event
from mail.models import Message

from .models import Application, Status

# what nobody did, unless it says who
OF_ITSELF = {"application.reminded", "application.erased", "application.looked_up"}


@dataclass(frozen=True)
class Moment:
    at: datetime
    who: str
    what: str
    mail: Message | None = None


def timeline(application: Application) -> list[Moment]:
    """Everything that was recorded or mailed about it, the newest first."""
    events = Event.objects.filter(
        subject_type="applications.application", subject_id=str(application.pk)
    )
    events = events.exclude(kind="contract.asked_for").select_related("by")  # as sent
    mails = Message.objects.filter(
        about_type=ContentType.objects.get_for_model(Application),
        about_id=str(application.pk),
    )
    moments = [_event(event) for event in events]
    moments += [
        Moment(mail.created_at, _("portaal"), mail.subject_line, mail) for mail in mails
    ]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def _event(event):
    who = str(event.by) if event.by else _("aanvrager")
    of_itself = event.kind in OF_ITSELF
    if (of_itself and not event.by) or event.data.get("now") == Status.EXPIRED:
        who = _("portaal")
    if event.kind == "application.moved":
        return Moment(event.at, who, str(Status(event.data["now"]).label))
    what = {
        "application.email_confirmed": _("E-mailadres bevestigd"),
        "application.begun_for_caller": _("Begonnen voor wie belde"),
        "application.taken": _("Opgepakt"),
        "application.assigned": _("Toegewezen aan een collega"),
        "application.given_back": _("Teruggegeven"),
        "application.noted": _("Notitie geschreven"),
        "application.corrected": _("Typefout verbeterd"),
        "application.ticked": _("Controlelijst bijgewerkt"),
        "application.looked_up": _("Nagekeken in het Handelsregister"),
        "application.signing_checked": _("Tekenbevoegdheid vastgelegd"),
        "application.notes_read": _("Notities gelezen"),
        "application.link_renewed": _("Nieuwe persoonlijke link"),
        "application.reminded": _("Herinnerd"),
        "application.erased": _("Gegevens gewist"),
    }.get(event.kind, event.kind)
    return Moment(event.at, who, what)

"""Where an application stands, in the applicant's words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .models import Application, BankChange, Status


@dataclass(frozen=True)
class Stage:
    title: str | Promise
    state: str  # done | current | todo
    text: str | Promise = ""
    date: datetime | None = None


NEXT = {
    Status.SUBMITTED: _(
        "Wij zijn aan zet: we verwerken je gegevens in een overeenkomst."
    ),
    Status.CHANGES_REQUESTED: _("Jij bent aan zet: vul je aanvraag aan."),
    Status.CONTRACT_SENT: _(
        "Jij bent aan zet: laat de overeenkomst tekenen en stuur haar terug."
    ),
    Status.CONTRACT_RETURNED: _(
        "Wij zijn aan zet: we controleren de overeenkomst en maken de API-key aan."
    ),
    Status.APPROVED: _(
        "Klaar. De administrator heeft een mail gekregen om het account te activeren."
    ),
    Status.WITHDRAWN: _("Je hebt de aanvraag ingetrokken. Er gebeurt niets meer."),
    Status.REJECTED: _("We hebben de aanvraag afgewezen."),
    Status.EXPIRED: _("De aanvraag is verlopen, omdat er lang niets is gebeurd."),
}
UNCONFIRMED = _(
    "Jij bent aan zet: bevestig je e-mailadres. Daarna stellen we de overeenkomst op."
)
ENDED = {Status.WITHDRAWN, Status.REJECTED, Status.EXPIRED}


def progress(application: Application) -> list[Stage]:
    """The stages of the manual's *Hoe verder?*, with where this application is."""
    times = [
        (_("Aanvraag ingediend"), application.submitted_at),
        (_("Overeenkomst verstuurd"), application.contract_sent_at),
        (_("Ondertekende overeenkomst ontvangen"), application.contract_returned_at),
        (_("API-key beschikbaar"), application.decided_at),
    ]
    coming = [
        _("Aanvraag indienen"),
        _("Overeenkomst opstellen"),
        _("Overeenkomst ondertekenen en terugsturen"),
        _("API-key beschikbaar maken"),
    ]
    status = Status(application.status)
    if status in ENDED:
        stages = [Stage(title, "done", date=at) for title, at in times[:3] if at]
        end = Stage(status.label, "current", NEXT[status], application.status_since)
        return [*stages, end]
    reached = [at for _title, at in times if at]
    stages = [Stage(title, "done", date=at) for title, at in times[: len(reached)]]
    if status == Status.APPROVED:
        stages[-1] = Stage(times[3][0], "done", NEXT[status], application.decided_at)
        return stages
    rest = coming[len(reached) :]
    title = status.label if status == Status.CHANGES_REQUESTED else rest.pop(0)
    unproven = status == Status.SUBMITTED and application.email_confirmed_at is None
    stages.append(Stage(title, "current", UNCONFIRMED if unproven else NEXT[status]))
    return [*stages, *[Stage(title, "todo") for title in rest]]


def bank_progress(change: BankChange) -> list[Stage]:
    """How far a change of bank account is, and whose turn it is."""
    steps = [
        (_("Gevraagd"), change.asked_by.name, change.asked_at),
        (
            _("Per mail bevestigd"),
            _("Wie het vroeg, bevestigt met de link in de mail."),
            change.confirmed_at,
        ),
        (
            _("Akkoord van een tweede persoon"),
            _("Een andere administrator, of wij nadat we je organisatie belden."),
            change.agreed_at,
        ),
        (
            _("Incassomachtiging ondertekend"),
            _("Laat de machtiging tekenen en lever haar hieronder in."),
            change.returned_at,
        ),
        (
            _("Machtiging gecontroleerd"),
            _("Wij zijn aan zet."),
            change.accepted_at,
        ),
        (
            _("Het nieuwe rekeningnummer geldt"),
            _("Na de bedenktijd. Tot dan kun je het stoppen."),
            change.in_force_at,
        ),
    ]
    stages: list[Stage] = []
    for title, text, at in steps:
        done = bool(stages) and stages[-1].state != "done"
        state = "done" if at else "todo" if done else "current"
        shown = text if state == "current" or not stages else ""
        stages.append(Stage(title, state, shown, at))
    return stages

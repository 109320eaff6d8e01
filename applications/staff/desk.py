"""The acts that colleagues do at their desk: whose it is, and what they tell each other."""

from django.utils.translation import gettext_lazy as _

from .. import register
from ..models import Ground, Mention, Stage, Status
from ..services import checking, checklists, colleagues, correcting
from .act import Act
from .forms import (
    ActForm,
    AssignForm,
    ChecklistForm,
    CorrectForm,
    NoteForm,
    SigningForm,
)


def _was_sent_in(application):
    return application.submitted_at is not None


def _open(application):
    return application.is_open and _was_sent_in(application)


def _has_unread(application, user):
    unread = Mention.objects.unread_by(user)
    return unread.filter(note__application=application).exists()


def _checklist(slug, permission, stage, *, then):
    return Act(
        slug,
        _("Controlelijst afvinken"),
        _(
            "Vink af wat je hebt nagekeken. Pas als alles is afgevinkt, kan de volgende"
            " stap. Bij elk punt staat wie het deed en wanneer."
        ),
        permission,
        lambda application: (
            application.status == stage and bool(checklists.checklist(application))
        ),
        ChecklistForm,
        lambda application, form, by: checklists.tick(
            application,
            stage,
            items=form.cleaned_data["items"],
            seen=form.cleaned_data["seen"],
            by=by,
        ),
        then=then,
    )


DESK = [
    _checklist(
        "nagekeken-voor-versturen",
        "send_contract",
        Stage.SEND,
        then="overeenkomst-versturen",
    ),
    _checklist(
        "nagekeken-voor-goedkeuren", "approve", Stage.APPROVE, then="goedkeuren"
    ),
    Act(
        "verbeteren",
        _("Typefout verbeteren"),
        _(
            "De aanvrager krijgt een mail met wat er stond, wat er nu staat en waarom."
            " E-mailadressen, rekeningnummer, gebruikersnaam en keuzes wijzigt alleen de"
            " aanvrager: vraag daarvoor om aanvulling."
        ),
        "correct",
        lambda application: bool(
            application.status == Status.SUBMITTED and application.email_confirmed_at
        ),
        CorrectForm,
        lambda application, form, by: correcting.correct(
            application,
            field=form.cleaned_data["field"],
            value=form.cleaned_data["value"],
            reason=form.cleaned_data["reason"],
            by=by,
        ),
    ),
    Act(
        "oppakken",
        _("Oppakken"),
        _("Je collega's zien dat jij deze aanvraag behandelt."),
        "assign",
        _open,
        ActForm,
        lambda application, form, by: colleagues.take(application, by=by),
        offered=lambda application, user: (
            application.assignee is None or not application.assignee.is_active
        ),
    ),
    Act(
        "teruggeven",
        _("Teruggeven"),
        _("De aanvraag is weer van niemand. Een collega kan haar oppakken."),
        "assign",
        _open,
        ActForm,
        lambda application, form, by: colleagues.give_back(application, by=by),
        offered=lambda application, user: application.assignee == user,
    ),
    Act(
        "toewijzen",
        _("Toewijzen"),
        _("Kies wie deze aanvraag behandelt."),
        "assign",
        _open,
        AssignForm,
        lambda application, form, by: colleagues.assign(
            application, to=form.cleaned_data["colleague"], by=by
        ),
    ),
    Act(
        "nakijken",
        _("Nakijken in het Handelsregister"),
        _("We vragen het Handelsregister wat daar bij dit KVK-nummer staat."),
        "check",
        lambda application: (
            _open(application)
            and bool(application.kvk_number)
            and register.is_configured()
        ),
        ActForm,
        lambda application, form, by: checking.look_up(application, by=by),
    ),
    Act(
        "tekenbevoegdheid",
        _("Tekenbevoegdheid vastleggen"),
        _("Je legt vast waarom de ondertekenaar mag tekenen. Je collega's lezen dit."),
        "check",
        _open,
        SigningForm,
        lambda application, form, by: checking.record_signing(
            application,
            ground=Ground(form.cleaned_data["ground"]),
            explanation=form.cleaned_data["explanation"],
            by=by,
        ),
    ),
    Act(
        "notitie",
        _("Notitie schrijven"),
        _(
            "Alleen collega's lezen dit, de aanvrager nooit. Een notitie is niet te"
            " wijzigen of te verwijderen."
        ),
        "write_note",
        _was_sent_in,
        NoteForm,
        lambda application, form, by: colleagues.write_note(
            application, form.cleaned_data["text"], by=by
        ),
    ),
    Act(
        "gelezen",
        _("Notities gelezen"),
        _("De notities waarin je wordt genoemd, staan niet meer op je startpagina."),
        "write_note",
        _was_sent_in,
        ActForm,
        lambda application, form, by: colleagues.mark_read(application, by=by),
        offered=_has_unread,
    ),
]

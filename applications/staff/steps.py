"""The acts that take an application further, or end it."""

from django.utils.translation import gettext_lazy as _

from ..models import Status
from ..services import handling
from .act import Act
from .forms import (
    ActForm,
    ApproveForm,
    RegisterReturnForm,
    RejectForm,
    RequestChangesForm,
    SignAgainForm,
)
from .turns import is_for_another


def _becomes(status):
    return lambda application: application.can_become(status)


def _confirmed_and(status):
    return lambda application: bool(
        application.status == status and application.email_confirmed_at
    )


STEPS = [
    Act(
        "overeenkomst-versturen",
        _("Overeenkomst versturen"),
        _(
            "De overeenkomst en de bijlagen worden gemaakt en aan de aanvrager gemaild."
            " Een ander dan jij keurt straks goed."
        ),
        "send_contract",
        _confirmed_and(Status.SUBMITTED),
        ActForm,
        lambda application, form, by: handling.send_contract(application, by=by),
        "primary",
    ),
    Act(
        "aanvulling-vragen",
        _("Aanvulling vragen"),
        _("De aanvrager krijgt een mail en kan alleen wijzigen wat je hier kiest."),
        "request_changes",
        _confirmed_and(Status.SUBMITTED),
        RequestChangesForm,
        lambda application, form, by: handling.request_changes(
            application,
            fields=form.cleaned_data["fields_asked"],
            reason=form.cleaned_data["reason"],
            by=by,
        ),
    ),
    Act(
        "overeenkomst-ontvangen",
        _("Overeenkomst ontvangen"),
        _(
            "Voor een ondertekende overeenkomst die per post of mail is binnengekomen. Een"
            " ander dan jij keurt straks goed."
        ),
        "register_return",
        _becomes(Status.CONTRACT_RETURNED),
        RegisterReturnForm,
        lambda application, form, by: handling.register_return(
            application, by=by, content=form.cleaned_data["contract"]
        ),
        "primary",
    ),
    Act(
        "goedkeuren",
        _("Goedkeuren"),
        _(
            "Je bevestigt dat de overeenkomst ondertekend terug is. De organisatie, de"
            " administrator en de API-key worden gemaakt, en de administrator krijgt een mail."
            " Van een bestaande klant wordt alleen de API-key gemaakt."
        ),
        "approve",
        _becomes(Status.APPROVED),
        ApproveForm,
        lambda application, form, by: handling.approve(
            application,
            by=by,
            join=form.existing if form.cleaned_data.get("join") else None,
        ),
        "primary",
        offered=lambda application, user: not is_for_another(application, user),
    ),
    Act(
        "opnieuw-laten-ondertekenen",
        _("Opnieuw laten ondertekenen"),
        _(
            "Wat terugkwam is niet bruikbaar. De reden komt in een mail en op de"
            " persoonlijke pagina."
        ),
        "register_return",
        lambda application: application.status == Status.CONTRACT_RETURNED,
        SignAgainForm,
        lambda application, form, by: handling.ask_again(
            application, reason=form.cleaned_data["reason"], by=by
        ),
    ),
    Act(
        "link-vernieuwen",
        _("Nieuwe persoonlijke link sturen"),
        _("De aanvrager krijgt een nieuwe link. De oude werkt dan niet meer."),
        "renew_link",
        lambda application: application.link_digest is not None,
        ActForm,
        lambda application, form, by: handling.renew_link(application, by=by),
    ),
    Act(
        "afwijzen",
        _("Afwijzen"),
        _(
            "De aanvraag eindigt. De reden komt op de persoonlijke pagina, en in een mail"
            " als het e-mailadres is bevestigd."
        ),
        "reject",
        _becomes(Status.REJECTED),
        RejectForm,
        lambda application, form, by: handling.reject(
            application,
            reason=form.cleaned_data["reason"],
            reply=form.cleaned_data.get("reply"),
            by=by,
        ),
        "danger",
    ),
]

"""The acts that staff can choose on an application's page, and why one is refused."""

from django.utils.translation import gettext_lazy as _

from mail.paper import NotRendered

from .. import register
from ..forms import NOT_SIGNED
from ..services import checklists, colleagues, correcting, handling
from ..services.documents import SameAsSent
from .desk import DESK
from .steps import STEPS

ACTS = [*STEPS, *DESK]

REFUSALS = {
    handling.EmailUnconfirmed: _(
        "De aanvrager heeft het e-mailadres nog niet bevestigd. Tot dan gaat er geen"
        " andere mail heen."
    ),
    handling.SamePerson: _(
        "Jij hebt deze overeenkomst verstuurd. Een ander moet haar goedkeuren."
    ),
    handling.RegisteredIt: _(
        "Jij hebt geregistreerd dat deze overeenkomst terug is. Een ander moet haar"
        " goedkeuren."
    ),
    handling.OwnInterest: _(
        "Je hoort bij deze organisatie, of jouw e-mailadres staat in de aanvraag. Een"
        " ander moet haar behandelen."
    ),
    colleagues.TakenByAnother: _(
        "Een collega behandelt deze aanvraag. Vraag of je haar kunt overnemen."
    ),
    colleagues.NotAColleague: _("Er is geen collega met die gebruikersnaam."),
    register.NotAsked: _(
        "Het Handelsregister geeft nu geen antwoord. Probeer het straks nog eens."
    ),
    correcting.NotACorrection: _(
        "Dit gegeven is intussen anders. Kijk hoe de aanvraag er nu voor staat."
    ),
    checklists.NotAllTicked: _(
        "Nog niet alles van de controlelijst is afgevinkt. Doe dat eerst."
    ),
    checklists.SenderTicks: _(
        "Jij hebt deze overeenkomst verstuurd. Een ander moet nakijken wat terugkwam."
    ),
    SameAsSent: NOT_SIGNED,
    NotRendered: _(
        "Een van de documenten kon niet worden gemaakt. Er is niets verstuurd. Vraag de"
        " technisch beheerder om naar de documentsjablonen te kijken."
    ),
    handling.OrganisationExists: _(
        "Er is intussen een klant met dit KVK-nummer. Kies of de aanvraag daarbij hoort."
    ),
}

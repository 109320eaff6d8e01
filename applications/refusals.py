"""Why an act of a customer was refused, in the words that a person reads."""

from django.utils.translation import gettext_lazy as _

from .services import bank, terms
from .services.documents import SameAsSent
from .services.handling import OwnInterest, SamePerson

BANK = {
    bank.WrongMoment: _("Dat kan niet (meer): kijk hoe de wijziging er nu voor staat."),
    bank.OneAtATime: _(
        "Er loopt al een wijziging van dit rekeningnummer. Stop die eerst, of wacht tot"
        " ze geldt."
    ),
    bank.SameAccount: _("Van deze rekening schrijven we al af."),
    bank.TooNew: _(
        "Je bent nog te kort administrator, of je e-mailadres is net gewijzigd. Vraag een"
        " andere administrator, of bel ons."
    ),
    SamePerson: _("Dit moet iemand anders doen: jij hebt er al over beslist."),
    OwnInterest: _("Je hoort bij deze organisatie. Een ander moet dit doen."),
    SameAsSent: _(
        "Dit is de machtiging zoals wij die maakten, zonder handtekening. Laat haar"
        " ondertekenen en stuur dat bestand."
    ),
}
TERMS = {
    terms.AlreadyAgreed: _("Een collega ging al akkoord. Dat staat vast."),
    terms.OtherTerms: _("Er zijn intussen andere voorwaarden. Lees ze opnieuw."),
}

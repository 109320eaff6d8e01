"""What makes a password acceptable (NIST SP 800-63B-4): length, and not being guessable."""

import re

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

ALONE, WITH_SECOND_FACTOR, MOST = 15, 8, 256

LOOK_ALIKES = str.maketrans("@4031$5", "aaoeiss")
RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
)
RUN = 4  # as many characters in a row that lie beside each other on a keyboard

# Words of which common Dutch passwords are made: what is left without them must be enough.
WORDS = frozenset(
    """
admin administrator aanmelden amsterdam apikey api appeltaart april augustus bedrijf
beheerder beheer computer december dinsdag donderdag eindhoven februari feyenoord
geheim geheime gebruiker gebruikersnaam groningen handelsregister herfst hallo hoi
ikhouvanjou ikhouvan inlog inloggen internet januari juli juni konijn lente letmein liefde
login maandag maart master mei mijn nederland november oktober oranje organisatie
ontwikkelaar paswoord password passwort pannenkoek portaal portal rotterdam schatje
september sinterklaas sleutel toegang utrecht vakantie veilig veiligheid voetbal vrijdag
wachtwoord wachtwoorden wachtwoordzin wachtzin welkom welcome winter woensdag zaterdag
zomer zondag
""".split()  # noqa: SIM905
)


class LengthByFactor:
    """Long enough to be the only factor, or shorter beside a second one."""

    def validate(self, password, user=None):
        least = self._least(user)
        if len(password) < least:
            raise ValidationError(
                _("Dit wachtwoord is te kort. Gebruik minstens %(least)d tekens."),
                "password_too_short",
                {"least": least},
            )
        if len(password) > MOST:
            raise ValidationError(
                _("Dit wachtwoord is te lang. Gebruik hoogstens %(most)d tekens."),
                "password_too_long",
                {"most": MOST},
            )

    def get_help_text(self):
        return _(
            "Gebruik minstens %(least)d tekens. Een zin van een paar woorden is sterk en"
            " goed te onthouden."
        ) % {"least": self._least(None)}

    def _least(self, user):
        has_second = user is not None and user.pk and is_mfa_enabled(user)
        return (
            WITH_SECOND_FACTOR
            if settings.REQUIRE_SECOND_FACTOR or has_second
            else ALONE
        )


class NotGuessable:
    """Something must be left when what everybody would try first is taken away."""

    def validate(self, password, user=None):
        too_short = len(password) < WITH_SECOND_FACTOR  # one fault at a time
        if too_short or len(password) > MOST:
            return
        if len(set(left_to_guess(password, user))) < 5:
            raise ValidationError(
                _(
                    "Dit wachtwoord is makkelijk te raden. Gebruik niet alleen bekende"
                    " woorden, je gebruikersnaam, de naam van je organisatie, herhalingen"
                    " of rijtjes zoals 12345."
                ),
                "password_guessable",
            )

    def get_help_text(self):
        return _(
            "Gebruik niet alleen bekende woorden, je gebruikersnaam, de naam van je"
            " organisatie, herhalingen of rijtjes zoals 12345."
        )


def left_to_guess(password: str, user: object = None) -> str:
    """The letters and digits that are in no run, no common word and no name at hand."""
    rest = password.casefold()
    for run in RUNS:
        for line in (run, run[::-1]):
            for length in range(len(line), RUN - 1, -1):
                for start in range(len(line) - length + 1):
                    rest = rest.replace(line[start : start + length], " ")
    rest = rest.translate(LOOK_ALIKES)
    for word in sorted({*WORDS, *_names_at_hand(user)}, key=len, reverse=True):
        rest = rest.replace(word.translate(LOOK_ALIKES), " ")
    return re.sub(r"[\W_]", "", rest)


def _names_at_hand(user: object) -> set[str]:
    texts = [
        settings.OPERATOR_NAME,
        settings.OPERATOR_LEGAL_NAME,
        settings.OPERATOR_PRODUCT,
    ]
    texts += [getattr(user, "username", ""), getattr(user, "name", "")]
    if isinstance(user, models.Model) and user.pk:  # what lies above is asked by name
        organisations = user.memberships.values_list(  # type: ignore[attr-defined]
            "organisation__name", "organisation__slug"
        )
        texts += [name for names in organisations for name in names]
    words = {word for text in texts for word in re.findall(r"\w+", text.casefold())}
    return {word for word in words if len(word) >= 3}

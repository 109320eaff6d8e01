"""What people type about themselves, checked the same way in every form."""

import re
import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import USERNAME_PATTERN

ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)
INVISIBLE = {
    "Cc",
    "Cf",
    "Co",
    "Cs",
    "Zl",
    "Zp",
}  # Unicode categories, line ends included


USERNAME_HELP = _(
    "3 tot 30 tekens: kleine letters, cijfers, punt, streepje of liggend streepje."
    " Een gebruikersnaam is van één persoon en blijft dat."
)
USERNAME_TAKEN = _("Deze gebruikersnaam is niet beschikbaar. Kies een andere.")
USERNAME_REQUIRED = _("Kies een gebruikersnaam, bijvoorbeeld j.devries.")


class UsernameField(forms.CharField):
    """A name in the one spelling that nothing else looks like; capitals are forgiven."""

    default_error_messages = {
        "foreign": _(
            "Deze gebruikersnaam bevat een teken dat niet kan: “%(character)s”. Gebruik"
            " letters zonder accent, cijfers, punt, streepje of liggend streepje,"
            " bijvoorbeeld j.devries."
        ),
        "length": _(
            "Een gebruikersnaam heeft 3 tot en met 30 tekens, bijvoorbeeld j.devries."
        ),
        "start": _(
            "Een gebruikersnaam begint met een letter of cijfer, bijvoorbeeld j.devries."
        ),
    }

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Gebruikersnaam"))
        super().__init__(**kwargs)
        self.widget.attrs.update(
            autocomplete="username", autocapitalize="none", spellcheck="false"
        )

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values:
            return value
        for character in value:  # before lower(), which makes a k of the Kelvin sign
            if not re.fullmatch(r"[A-Za-z0-9._-]", character):
                shown = (
                    character if character.isprintable() else f"U+{ord(character):04X}"
                )
                raise ValidationError(
                    self.error_messages["foreign"], "foreign", {"character": shown}
                )
        value = value.lower()
        if not 3 <= len(value) <= 30:
            raise ValidationError(self.error_messages["length"], "length")
        if not re.fullmatch(USERNAME_PATTERN, value):
            raise ValidationError(self.error_messages["start"], "start")
        return value


class EmailField(forms.EmailField):
    """One address at a named domain, with the domain in small letters."""

    default_error_messages = {
        "invalid": _("Vul één e-mailadres in, bijvoorbeeld naam@organisatie.nl."),
    }

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("E-mailadres"))
        kwargs.setdefault("max_length", 254)
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "email")

    def to_python(self, value):
        value = super().to_python(value)
        # Django accepts an address literal, and a quoted name in which anything may stand.
        if re.search(r'[\[\]",;\s]|[^@]@.*@', value):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        name, at, domain = value.rpartition("@")
        return name + at + domain.lower()


class LineField(forms.CharField):
    """One line of text, which can do no harm in a mail or document."""

    default_error_messages = {
        "invisible": _("Hier staat een onzichtbaar teken in. Typ het opnieuw."),
        "address": _("Vul hier geen webadres in."),
    }

    def __init__(self, **kwargs):
        kwargs.setdefault("max_length", 200)
        super().__init__(**kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        if any(unicodedata.category(character) in INVISIBLE for character in value):
            raise ValidationError(self.error_messages["invisible"], "invisible")
        if ADDRESS.search(value):
            raise ValidationError(self.error_messages["address"], "address")
        return value


class PersonNameField(LineField):
    """A person's name as they write it."""

    default_error_messages = {
        "invisible": _("Deze naam bevat een onzichtbaar teken. Typ de naam opnieuw."),
        "address": _("Vul een naam in, geen webadres. Bijvoorbeeld Jan de Vries."),
    }

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Naam"))
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "name")

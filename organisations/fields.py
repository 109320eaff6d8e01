"""Form fields for the identifiers of organisations: typed freely, kept in one form.

Spaces, dots, dashes and invisible characters that come along with copying are forgiven.
All else is refused with what is wrong and what a right one looks like. What a field
lets through matches its `pattern`, and so is plain ASCII.
"""

import re
import unicodedata

import phonenumbers
import schwifty
from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from phonenumbers import NumberParseException, PhoneNumberType
from schwifty.exceptions import InvalidCountryCode, InvalidLength, SchwiftyException
from stdnum.nl import bsn as eleven_test

MOST_TYPED = 60  # characters; the longest identifier, an IBAN, has 34
DASHES = re.compile("[\u2010-\u2015\u2212]")

EEA = {
    "AT": _("Oostenrijk"),
    "BE": _("België"),
    "BG": _("Bulgarije"),
    "CY": _("Cyprus"),
    "CZ": _("Tsjechië"),
    "DE": _("Duitsland"),
    "DK": _("Denemarken"),
    "EE": _("Estland"),
    "ES": _("Spanje"),
    "FI": _("Finland"),
    "FR": _("Frankrijk"),
    "GR": _("Griekenland"),
    "HR": _("Kroatië"),
    "HU": _("Hongarije"),
    "IE": _("Ierland"),
    "IS": _("IJsland"),
    "IT": _("Italië"),
    "LI": _("Liechtenstein"),
    "LT": _("Litouwen"),
    "LU": _("Luxemburg"),
    "LV": _("Letland"),
    "MT": _("Malta"),
    "NL": _("Nederland"),
    "NO": _("Noorwegen"),
    "PL": _("Polen"),
    "PT": _("Portugal"),
    "RO": _("Roemenië"),
    "SE": _("Zweden"),
    "SI": _("Slovenië"),
    "SK": _("Slowakije"),
}
# The European Payments Council's list since May 2025, by the country codes of IBANs;
# Gibraltar has one of its own, other territories use their mother country's.
SEPA = {*EEA, *["AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"]}


class IdentifierField(forms.CharField):
    """One line of text that read() brings into its one form, or refuses in words.

    `right` says what a right one looks like; every message ends with it.
    """

    pattern: str
    right: str | Promise
    attrs: dict[str, str] = {}
    default_error_messages = {
        "required": _("Dit is nog niet ingevuld. %(right)s"),
        "long": _("Dit is te lang. %(right)s"),
        "character": _("Gebruik alleen gewone letters en cijfers. %(right)s"),
        "shape": _("Dit klopt niet. %(right)s"),
    }

    def to_python(self, value):
        typed = super().to_python(value)
        if typed in self.empty_values:
            return typed
        if len(typed) > MOST_TYPED:
            raise self.error("long")
        text = "".join(
            character
            for character in unicodedata.normalize("NFKC", typed)
            if unicodedata.category(character) != "Cf"  # zero width, direction marks
        )
        text = DASHES.sub("-", " ".join(text.split()))
        if not (text.isascii() and text.isprintable()):
            raise self.error("character")
        return self.read(text) if text else self.empty_value

    def read(self, text: str) -> str:
        """The one form of what was typed; raises self.error() when it has none."""
        raise NotImplementedError

    def error(self, code: str, **params: object) -> ValidationError:
        return ValidationError(
            self.error_messages[code], code=code, params={"right": self.right, **params}
        )

    def validate(self, value):
        if self.required and value in self.empty_values:
            raise self.error("required")

    def widget_attrs(self, widget):
        ours = {"spellcheck": "false", **self.attrs}
        return {**super().widget_attrs(widget), **ours, **widget.attrs}


class DigitsField(IdentifierField):
    """So many digits and nothing else; knows the other numbers by their length."""

    length: int
    attrs = {"inputmode": "numeric"}
    default_error_messages = {
        "digits": _("Hier staat iets anders in dan cijfers. %(right)s"),
        "count": ngettext_lazy(
            "Je hebt %(count)s cijfer ingevuld. %(right)s",
            "Je hebt %(count)s cijfers ingevuld. %(right)s",
            "count",
        ),
        "resembles": _("Dit lijkt %(other)s. %(right)s"),
    }
    others = {8: _("een KVK-nummer"), 9: _("een RSIN"), 12: _("een vestigingsnummer")}

    def read(self, text):
        digits = without_separators(text)
        if not digits.isdigit():
            raise self.error("digits")
        if len(digits) == self.length:
            return digits
        if other := self.others.get(len(digits)):
            raise self.error("resembles", other=other)
        raise self.error("count", count=len(digits))


class KvkNumberField(DigitsField):
    """KVK number: 8 digits, leading zeros kept, no check digit (KVK, Handelsregister)."""

    pattern = r"[0-9]{8}"
    length = 8
    right = _(
        "Een KVK-nummer heeft 8 cijfers, ook als het met een 0 begint, bijvoorbeeld 68750110."
    )


class RsinField(DigitsField):
    """RSIN: 9 digits that pass the eleven test (KVK and Belastingdienst).

    Never ask it of a sole trader, who has none.
    """

    pattern = r"[0-9]{9}"
    length = 9
    right = _("Een RSIN heeft 9 cijfers, bijvoorbeeld 857587973.")
    default_error_messages = {
        "check": _("Dit RSIN klopt niet: er zit een typefout in. %(right)s")
    }

    def read(self, text):
        digits = super().read(text)
        if not eleven_test.is_valid(digits):
            raise self.error("check")
        return digits


class PostcodeField(IdentifierField):
    """Dutch postcode, kept as "1234 AB": no 0 in front, no SA, SD or SS (PostNL)."""

    pattern = r"[1-9][0-9]{3} (?!SA|SD|SS)[A-Z]{2}"
    right = _("Een postcode is 4 cijfers en 2 letters, bijvoorbeeld 1234 AB.")
    attrs = {"autocomplete": "postal-code", "autocapitalize": "characters"}
    default_error_messages = {
        "letters": _("De 2 letters ontbreken nog. %(right)s"),
        "zero": _("Een postcode begint niet met een 0. %(right)s"),
        "unused": _("Postcodes met de letters %(letters)s bestaan niet. %(right)s"),
    }

    def read(self, text):
        code = without_separators(text).upper().removeprefix("NL")
        if re.fullmatch(r"[0-9]{4}", code):
            raise self.error("letters")
        if not re.fullmatch(r"[0-9]{4}[A-Z]{2}", code):
            raise self.error("shape")
        if code.startswith("0"):
            raise self.error("zero")
        if code[4:] in {"SA", "SD", "SS"}:
            raise self.error("unused", letters=code[4:])
        return f"{code[:4]} {code[4:]}"


class PhoneField(IdentifierField):
    """Telephone number where a person can be called from abroad, kept as E.164 (ITU-T).

    Without a country code it is Dutch. phonenumbers calls premium-rate numbers (0900,
    0906, 0909) and 14-numbers valid; this field does not.
    """

    pattern = r"\+[1-9][0-9]{6,14}"
    right = _(
        "Een telefoonnummer is bijvoorbeeld 020 123 45 67, of uit een ander land "
        "+44 20 7946 0958."
    )
    widget = forms.TelInput
    attrs = {"autocomplete": "tel"}
    default_error_messages = {
        "digits": _("Vul alleen cijfers in, met eventueel een + vooraan. %(right)s"),
        "emergency": _("Dit is een alarmnummer. %(right)s"),
        "premium": _("Dit is een betaald informatienummer, zoals 0900. %(right)s"),
        "kind": _("Op dit soort nummer kunnen we je niet bellen. %(right)s"),
        "local": _("Een 14-nummer kunnen we niet overal vandaan bellen. %(right)s"),
        "shape": _(
            "Dit telefoonnummer is niet volledig, of er zit een typefout in. %(right)s"
        ),
    }
    reachable = {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.UAN,  # 088, of one organisation
    }

    def read(self, text):
        if not re.fullmatch(r"\(?\+?[0-9 ().\-/]+", text):
            raise self.error("digits")
        if phonenumbers.is_emergency_number(text, "NL"):
            raise self.error("emergency")
        try:
            number = phonenumbers.parse(text, "NL")
        except NumberParseException:
            raise self.error("shape") from None
        kind = phonenumbers.number_type(number)
        if kind == PhoneNumberType.PREMIUM_RATE:
            raise self.error("premium")
        result = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if re.fullmatch(r"\+3114[0-9]{3,4}", result):
            raise self.error("local")
        if not phonenumbers.is_valid_number(number):
            raise self.error("shape")
        if kind not in self.reachable or not re.fullmatch(self.pattern, result):
            raise self.error("kind")
        return result


class IbanField(IdentifierField):
    """Account number in a SEPA country, kept without spaces.

    Length and format by country and check digits modulo 97 by ISO 13616; the countries
    by the European Payments Council, because a direct debit is possible only there.
    """

    pattern = r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"
    right = _("Een IBAN is bijvoorbeeld NL13 TEST 0123 4567 89.")
    attrs = {"autocapitalize": "characters"}
    default_error_messages = {
        "old": _("De landcode en de letters van de bank ontbreken nog. %(right)s"),
        "country": _(
            "De letters %(country)s vooraan horen bij geen land dat IBAN's heeft. %(right)s"
        ),
        "count": _(
            "Een IBAN dat met %(country)s begint heeft %(length)s tekens; jij vulde er "
            "%(count)s in. %(right)s"
        ),
        "typing": _("Dit IBAN klopt niet: er zit een typefout in. %(right)s"),
        "outside": _(
            "Dit is een rekening buiten het SEPA-gebied (%(country)s). Daarvan kunnen we "
            "niet incasseren. %(right)s"
        ),
    }

    def read(self, text):
        text = re.sub(r"^IBAN:?", "", without_separators(text).upper())
        if text.isdigit():
            raise self.error("old")
        if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]*", text):
            raise self.error("shape")
        country = text[:2]
        try:
            iban = schwifty.IBAN(text)
        except InvalidCountryCode:
            raise self.error("country", country=country) from None
        except InvalidLength:
            length = schwifty.IBAN(text, allow_invalid=True).spec.iban_length
            raise self.error(
                "count", country=country, length=length, count=len(text)
            ) from None
        except SchwiftyException:
            raise self.error("typing") from None
        if country not in SEPA:
            raise self.error("outside", country=country)
        return iban.compact


def other_eea_countries() -> list[tuple[str, str | Promise]]:
    """The countries a foreign government may be of, in the reader's alphabet."""
    others = [(code, str(name)) for code, name in EEA.items() if code != "NL"]
    return [("", _("Kies een land")), *sorted(others, key=lambda country: country[1])]


class CountryField(forms.ChoiceField):
    """An EEA country other than the Netherlands, as its ISO 3166-1 code.

    Foreign governments in the EEA may apply without a KVK number; nobody else may.
    """

    default_error_messages = {
        "required": _("Kies een land uit de lijst, bijvoorbeeld België."),
        "invalid_choice": _("Kies een land uit de lijst, bijvoorbeeld België."),
    }

    def __init__(self, **kwargs):
        super().__init__(choices=other_eea_countries, **kwargs)

    def widget_attrs(self, widget):
        return {
            "autocomplete": "country",
            **super().widget_attrs(widget),
            **widget.attrs,
        }


def without_separators(text: str) -> str:
    return re.sub(r"[ .\-]", "", text)

"""How identifiers are shown: in the groups that people read them in."""

import phonenumbers
from django import template

register = template.Library()


@register.filter
def iban(value: str) -> str:
    """NL13TEST0123456789 → NL13 TEST 0123 4567 89, in groups of four by ISO 13616."""
    return " ".join(value[start : start + 4] for start in range(0, len(value), 4))


@register.filter
def phone(value: str) -> str:
    """+31201234567 → +31 20 123 4567; what is no number (yet) stays as it was typed."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(
        number, phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )

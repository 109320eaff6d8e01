"""Whatever is typed, a field answers with its one form or says what is wrong."""

import re
import time

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from organisations import fields
from organisations.fields import (
    CountryField,
    IbanField,
    KvkNumberField,
    PhoneField,
    PostcodeField,
    RsinField,
)

IDENTIFIERS = [
    KvkNumberField,
    RsinField,
    PostcodeField,
    PhoneField,
    IbanField,
]

GOOD = [
    # field, typed, kept
    (KvkNumberField, "68750110", "68750110"),
    (KvkNumberField, " 6875 0110 ", "68750110"),
    (KvkNumberField, "68.75.01.10", "68750110"),
    (KvkNumberField, "6875-0110", "68750110"),
    (KvkNumberField, "6875\u20130110", "68750110"),
    (KvkNumberField, "6875\u00a00110", "68750110"),
    (KvkNumberField, "6875\u202f0110\u200b", "68750110"),
    (KvkNumberField, "\ufeff68750110\u200e", "68750110"),
    (KvkNumberField, "６８７５０１１０", "68750110"),
    (KvkNumberField, "01234567", "01234567"),
    (RsinField, "857587973", "857587973"),
    (RsinField, "8575.87.973", "857587973"),
    (PostcodeField, "1234 AB", "1234 AB"),
    (PostcodeField, "1234ab", "1234 AB"),
    (PostcodeField, "NL-1234 AB", "1234 AB"),
    (PostcodeField, "1234\u00a0Ab", "1234 AB"),
    (PhoneField, "020 123 45 67", "+31201234567"),
    (PhoneField, "020-1234567", "+31201234567"),
    (PhoneField, "(020) 123 45 67", "+31201234567"),
    (PhoneField, "+31 (0)20 123 45 67", "+31201234567"),
    (PhoneField, "0031 20 123 45 67", "+31201234567"),
    (PhoneField, "\u202a+31 20 123 45 67\u202c", "+31201234567"),
    (PhoneField, "06.12.34.56.78", "+31612345678"),
    (PhoneField, "088 585 34 34", "+31885853434"),
    (PhoneField, "0800 1234", "+318001234"),
    (PhoneField, "+44 20 7946 0958", "+442079460958"),
    (PhoneField, "０２０ １２３ ４５ ６７", "+31201234567"),
    (IbanField, "NL13TEST0123456789", "NL13TEST0123456789"),
    (IbanField, "nl13 test 0123 4567 89", "NL13TEST0123456789"),
    (IbanField, "IBAN: NL13-TEST-0123-4567-89", "NL13TEST0123456789"),
    (IbanField, "NL13\u00a0TEST\u00a00123\u00a04567\u00a089", "NL13TEST0123456789"),
    (IbanField, "ＮＬ13 TEST 0123 4567 89", "NL13TEST0123456789"),
    (IbanField, "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    (IbanField, "GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"),
    (IbanField, "AL47 2121 1009 0000 0002 3569 8741", "AL47212110090000000235698741"),
    (IbanField, "MD24 AG00 0225 1000 1310 4168", "MD24AG000225100013104168"),
    (IbanField, "ME25 5050 0001 2345 6789 51", "ME25505000012345678951"),
    (IbanField, "MK07 2501 2000 0058 984", "MK07250120000058984"),
    (IbanField, "RS35 2600 0560 1001 6113 79", "RS35260005601001611379"),
    (CountryField, "BE", "BE"),
    (CountryField, "IS", "IS"),
]

BAD = [
    # field, typed, part of the message
    (KvkNumberField, "", "nog niet ingevuld"),
    (KvkNumberField, "   ", "nog niet ingevuld"),
    (KvkNumberField, "\u200b\u200b", "nog niet ingevuld"),
    (KvkNumberField, "---", "iets anders in dan cijfers"),
    (KvkNumberField, "7", "Je hebt 1 cijfer ingevuld"),
    (KvkNumberField, "6875011", "Je hebt 7 cijfers ingevuld"),
    (KvkNumberField, "6875011012", "Je hebt 10 cijfers ingevuld"),
    (KvkNumberField, "857587973", "lijkt een RSIN"),
    (KvkNumberField, "0000 3717 8598", "lijkt een vestigingsnummer"),
    (KvkNumberField, "KVK 68750110", "iets anders in dan cijfers"),
    (KvkNumberField, "6875O110", "iets anders in dan cijfers"),
    (KvkNumberField, "-68750110e0", "iets anders in dan cijfers"),
    (KvkNumberField, "٦٨٧٥٠١١٠", "gewone letters en cijfers"),
    (KvkNumberField, "६८७५०११०", "gewone letters en cijfers"),
    (KvkNumberField, "6875\x000110", "gewone letters en cijfers"),
    (KvkNumberField, "68750110\u0300", "gewone letters en cijfers"),
    (KvkNumberField, "6" * 10_000, "te lang"),
    (KvkNumberField, "68750110; DROP TABLE", "iets anders in dan cijfers"),
    (RsinField, "857587974", "klopt niet: er zit een typefout in"),
    (RsinField, "000000000", "klopt niet: er zit een typefout in"),
    (RsinField, "68750110", "lijkt een KVK-nummer"),
    (RsinField, "NL857587973", "iets anders in dan cijfers"),
    (PostcodeField, "1234", "2 letters ontbreken"),
    (PostcodeField, "1234 A", "4 cijfers en 2 letters"),
    (PostcodeField, "12345 AB", "4 cijfers en 2 letters"),
    (PostcodeField, "AB 1234", "4 cijfers en 2 letters"),
    (PostcodeField, "0123 AB", "niet met een 0"),
    (PostcodeField, "1234 SA", "letters SA bestaan niet"),
    (PostcodeField, "1234 sd", "letters SD bestaan niet"),
    (PostcodeField, "1234 SS", "letters SS bestaan niet"),
    (PostcodeField, "1234 ß", "gewone letters en cijfers"),
    (PostcodeField, "1234 АВ", "gewone letters en cijfers"),  # Cyrillic
    (PhoneField, "112", "alarmnummer"),
    (PhoneField, "0900 1234", "betaald informatienummer"),
    (PhoneField, "0906 123 45 67", "betaald informatienummer"),
    (PhoneField, "0909 0101", "betaald informatienummer"),
    (PhoneField, "+31 900 1234", "betaald informatienummer"),
    (PhoneField, "+1 900 555 0199", "betaald informatienummer"),
    (PhoneField, "14 020", "Een 14-nummer"),
    (PhoneField, "144", "niet volledig, of er zit een typefout in"),
    (PhoneField, "1850", "niet volledig, of er zit een typefout in"),
    (PhoneField, "116 000", "niet volledig, of er zit een typefout in"),
    (PhoneField, "066 123 45 67", "dit soort nummer"),  # a pager
    (PhoneField, "123 45 67", "niet volledig, of er zit een typefout in"),
    (PhoneField, "06 1234567", "niet volledig, of er zit een typefout in"),
    (
        PhoneField,
        "06 12345678 / 020 1234567",
        "niet volledig, of er zit een typefout in",
    ),
    (PhoneField, "06 12345678 tst 4", "alleen cijfers"),
    (PhoneField, "0800-BELGRATIS", "alleen cijfers"),
    (PhoneField, "06+12345678", "alleen cijfers"),
    (PhoneField, "+", "alleen cijfers"),
    (PhoneField, "+999 123 456 789", "niet volledig, of er zit een typefout in"),
    (PhoneField, "٠٢٠١٢٣٤٥٦٧", "gewone letters en cijfers"),
    (PhoneField, "0" * 10_000, "te lang"),
    (IbanField, "NL13TEST0123456788", "typefout"),
    (IbanField, "NL14TEST0123456789", "typefout"),
    (IbanField, "NL13TES10123456789", "typefout"),
    (IbanField, "NL13TESTO123456789", "typefout"),  # a letter for a digit
    (IbanField, "NL13TEST012345678", "heeft 18 tekens; jij vulde er 17 in"),
    (IbanField, "DE89370400440532013", "heeft 22 tekens; jij vulde er 19 in"),
    (IbanField, "0123456789", "landcode en de letters van de bank"),
    (IbanField, "US64SVBKUS6S3300958879", "geen land dat IBAN's heeft"),
    (IbanField, "XX13TEST0123456789", "geen land dat IBAN's heeft"),
    (IbanField, "TR330006100519786457841326", "buiten het SEPA-gebied (TR)"),
    (IbanField, "SA0380000000608010167519", "buiten het SEPA-gebied (SA)"),
    (IbanField, "TR330006100519786457841325", "typefout"),
    (IbanField, "NL13 TEST 0123 4567 8٩", "gewone letters en cijfers"),
    (IbanField, "NL13 TEST\x00 0123 4567 89", "gewone letters en cijfers"),
    (IbanField, "N\u0131L13TEST0123456789", "gewone letters en cijfers"),  # dotless i
    (IbanField, "=NL13TEST0123456789", "Een IBAN is bijvoorbeeld"),
    (CountryField, "NL", "Kies een land"),
    (CountryField, "US", "Kies een land"),
    (CountryField, "BE\x00", "Kies een land"),
    (CountryField, "", "Kies een land"),
]


def shortened(value):
    return ascii(value)[:40] if isinstance(value, str) else value.__name__


@pytest.mark.parametrize(("field", "typed", "kept"), GOOD, ids=shortened)
def test_field_keeps_the_one_form(field, typed, kept):
    assert field().clean(typed) == kept


@pytest.mark.parametrize(("field", "typed", "message"), BAD, ids=shortened)
def test_field_says_what_is_wrong_and_what_is_right(field, typed, message):
    with pytest.raises(ValidationError) as refused:
        field().clean(typed)

    [said] = refused.value.messages
    assert message in said
    assert "bijvoorbeeld" in said
    assert "%" not in said


ANYTHING = (
    st.text(max_size=70)
    | st.text(st.characters(categories=["Nd", "Nl", "No", "Zs", "Cf"]), max_size=16)
    | st.from_regex(r"[+A-Za-z0-9 .()/-]{0,40}")
)


@pytest.mark.parametrize("field", IDENTIFIERS)
@given(typed=ANYTHING)
def test_field_answers_in_ascii_or_refuses_whatever_is_typed(field, typed):
    try:
        kept = field(required=False).clean(typed)
    except ValidationError:
        return
    assert kept == "" or re.fullmatch(field.pattern, kept, re.ASCII)


@pytest.mark.parametrize("field", IDENTIFIERS)
def test_field_leaves_what_it_keeps_as_it_is(field):
    for kept in [kept for kind, _, kept in GOOD if kind is field]:
        assert field().clean(kept) == kept
        assert re.fullmatch(field.pattern, kept, re.ASCII)


@pytest.mark.parametrize("field", IDENTIFIERS)
@pytest.mark.parametrize("character", ["0", "\u00a0", "\ufdfa", "A", "\x00"])
def test_field_answers_quickly_however_much_is_typed(field, character):
    began = time.process_time()

    with pytest.raises(ValidationError):
        field().clean(character * 1_000_000)

    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("field", IDENTIFIERS)
def test_optional_field_may_stay_empty(field):
    assert field(required=False).clean(" ") == ""


def test_a_form_may_say_otherwise_about_autocompletion():
    """The telephone number of somebody else is not the browser's user's own."""

    class Signatory(forms.Form):
        phone = PhoneField(widget=forms.TelInput(attrs={"autocomplete": "off"}))

    html = str(Signatory()["phone"])
    assert 'autocomplete="off"' in html
    assert 'spellcheck="false"' in html
    assert 'type="tel"' in html


def test_sepa_has_its_forty_one_countries_and_gibraltar():
    assert len(fields.SEPA) == 41 + 1


def test_other_eea_countries_are_in_the_order_of_their_names():
    names = [str(name) for code, name in CountryField().choices if code]

    assert len(names) == 29
    assert names == sorted(names)

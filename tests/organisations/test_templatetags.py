import pytest

from organisations.templatetags.identifiers import iban, phone


def test_iban_is_shown_in_fours():
    assert iban("NL13TEST0123456789") == "NL13 TEST 0123 4567 89"


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("+31201234567", "+31 20 123 4567"),
        ("+442079460958", "+44 20 7946 0958"),
        ("020 1234", "020 1234"),  # of a draft, as typed
        ("", ""),
    ],
)
def test_phone_is_shown_in_groups(kept, shown):
    assert phone(kept) == shown

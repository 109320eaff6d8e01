"""Two administrators in two browsers: in place with htmx, and without JavaScript."""

import pytest

from tests.browser.conftest import PASSWORD
from tests.browser.test_accessible import no_violation

PEOPLE = """
from accounts.models import User
from organisations.models import Membership, Organisation
organisation = Organisation.objects.create(
    slug="90000001", kvk_number="90000001", name="Test BV Twee", legal_form="other",
    street="Oudestraat 1", postcode="1234 AB", city="Ergens",
    invoice_email="facturen@twee.example",
)
for name in ("anna", "bert"):
    user = User.objects.create_user(
        name, f"{name}@twee.example", %r, name=name.title()
    )
    Membership.objects.create(
        organisation=organisation, user=user, role="administrator"
    )
"""
DETAILS = "/mijn/90000001/organisatie/gegevens/"


@pytest.fixture(scope="module")
def two(site):
    site.manage("shell", "-c", PEOPLE % PASSWORD)


def test_the_second_of_two_browsers_sees_what_the_first_did(person, two):
    anna, bert = person(), person(java_script_enabled=False)
    anna.signs_in("anna")
    bert.signs_in("bert")
    anna.opens(DETAILS)
    anna.page.locator("#change-adres").click()
    anna.page.locator("form[hx-post] [name=street]").wait_for()
    no_violation(anna, "a form in its place")
    bert.opens(DETAILS)
    bert.page.locator("#change-adres").click()
    bert.fills(street="Straat van Bert 1", city="Bertstad")
    bert.presses("Opslaan")
    bert.sees("Opgeslagen: Adres.")

    anna.fills(street="Straat van Anna 2")
    anna.presses("Opslaan")

    anna.sees("Intussen gewijzigd in “Straat van Bert 1” door Bert")
    no_violation(anna, "changed meanwhile")
    assert anna.page.locator("[name=street]").input_value() == "Straat van Anna 2"
    assert anna.page.locator("[name=city]").input_value() == "Bertstad"
    anna.presses("Opslaan")
    anna.sees("Opgeslagen: Adres.")
    anna.is_at(DETAILS)
    no_violation(anna, "saved")
    bert.opens(DETAILS)
    bert.sees("Straat van Anna 2")


def test_the_keyboard_finds_its_way_into_the_form_and_back(person, two):
    anna = person()
    anna.signs_in("anna")
    anna.opens(DETAILS)
    focused = "document.activeElement.id || document.activeElement.innerText"

    anna.page.locator("#change-facturen").press("Enter")
    anna.page.locator("form[hx-post]").wait_for()
    anna.page.wait_for_function(f"({focused}) === 'Facturen'")
    anna.page.locator("#change-facturen").press("Enter")
    anna.page.locator("#change-adres").wait_for()

    anna.page.wait_for_function(f"({focused}) === 'change-facturen'")

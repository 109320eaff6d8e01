"""What people do to their organisation and their account: without JavaScript, without a mouse."""

import pytest

from tests.browser.test_accessible import tab_to
from tests.browser.test_every_page import signs_in


class WithoutJavascript:
    options = {"java_script_enabled": False}
    date = "2030-12-12"

    def fill(self, person, name, value):
        person.fills(**{name: value})

    def press(self, person, text):
        person.page.locator("main").get_by_role("button", name=text).first.click()


class WithoutAMouse:
    options = {}
    date = "12122030"  # typed part by part, in the browser's order

    def fill(self, person, name, value):
        tab_to(person, name=name)
        person.page.keyboard.press("ControlOrMeta+A")
        person.page.keyboard.type(value)

    def press(self, person, text):
        button = person.page.locator("main").get_by_role("button", name=text).first
        tab_to(person, text=button.inner_text())
        person.page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("letter", "hands"), [("a", WithoutJavascript()), ("b", WithoutAMouse())]
)
def test_an_administrator_comes_round_all_of_it(person, marked_world, letter, hands):
    one = marked_world[letter]
    login, home = one["people"]["administrator_2"], f"/mijn/{one['slug']}/organisatie"
    me = person(**hands.options)
    signs_in(me, login)

    def does(address, button, says, **answers):
        me.opens(address)
        for name, value in answers.items():
            hands.fill(me, name, value)
        hands.press(me, button)
        me.sees(says)

    does(
        f"{home}/uitnodigen/",
        "Uitnodigen",
        "Uitnodiging verstuurd aan",
        addresses=f"nieuw-{letter}@voorbeeld.example",
    )
    does(f"{home}/gegevens/adres/", "Opslaan", "Opgeslagen: Adres.", street="Kade 7")
    change, contract = one["ids"]["change_id"][0], one["ids"]["contract_id"][0]
    does(
        f"{home}/betaling/wijzigingen/{change}/stoppen/",
        "Stoppen",
        "Rekeningnummer wijzigen",
        reason="Dit klopt niet.",
    )
    does(
        f"{home}/betaling/{contract}/wijzigen/",
        "Wijziging aanvragen",
        "We hebben een link gemaild naar",
        iban="NL13TEST0123456789",
        account_holder="Iemand",
    )
    does(f"{home}/veiligheid/", "Niet meer verplichten", "is niet meer verplicht.")
    does(
        f"{home}/veiligheid/",
        "Verplicht voor iedereen",
        "Het is ingesteld.",
        day=hands.date,
    )
    me.sees("12 december 2030")
    does(
        "/mijn/gegevens/e-mailadres/",
        "Stuur mij de link",
        "We hebben een link gemaild naar",
        email=f"anders-{letter}@voorbeeld.example",
    )


@pytest.mark.parametrize("hands", [WithoutJavascript(), WithoutAMouse()])
def test_a_session_elsewhere_is_ended(person, marked_world, hands):
    login = marked_world["a"]["people"]["developer_1"]
    me, elsewhere = person(**hands.options), person()
    signs_in(elsewhere, login)
    signs_in(me, login)

    me.opens("/mijn/gegevens/sessies/")
    hands.press(me, "Uitloggen")

    me.sees("Op dat apparaat ben je uitgelogd.")
    elsewhere.opens("/mijn/gegevens/")
    elsewhere.is_at("/account/login/")

"""Mijn Organisatie as its people use it: with JavaScript, without, and with a keyboard."""

import itertools
import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests import smtp
from tests.browser.conftest import PASSWORD, run_in_site
from tests.browser.test_accessible import (
    focus_comes_to,
    no_violation,
    tab_to,
)

ORGANISATION = """
from accounts.models import User
from organisations.models import LegalForm, Organisation
from organisations.services import members
organisation = members.found(
    slug={slug!r}, kvk_number={slug!r}, name={name!r}, by=None,
    legal_form=LegalForm.FOUNDATION, street="Plein 1", postcode="1234 AB", city="Stad",
    invoice_email="facturen@voorbeeld.example",
)
for username, name, role in {people!r}:
    user = User.objects.filter(username=username).first() or User.objects.create_user(
        username, f"{{username}}@voorbeeld.example", {password!r}, name=name
    )
    members.add_member(organisation, user, role=role, by=user)
"""
TYPED_OR_SHOWN = """() => [
    ...[...document.querySelectorAll("input, textarea")].map((one) => one.value),
    document.body.innerText,
].join(" ")"""
NUMBERS = itertools.count()
LIST = [f"collega-{number}@voorbeeld.example" for number in range(1, 12)]


def organisation(site, slug, name, *people):
    script = ORGANISATION.format(slug=slug, name=name, people=people, password=PASSWORD)
    run_in_site(site, script)
    return f"/mijn/{slug}/organisatie/"


def totp(secret):
    """The code of an authenticator app, with some seconds left to type it."""
    if time.time() % 30 > 25:
        time.sleep(30 - time.time() % 30)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sends(person):
    """Press the button that sends the page's own form."""
    person.page.locator("main form button:not([type=button])").first.click()


def proves_password(person):
    """Give the password once more, where the page asks for it."""
    person.page.wait_for_load_state()
    if "/reauthenticate/" in person.page.url:
        person.fills(password=PASSWORD)
        sends(person)


def sets_up_second_factor(person):
    """With an authenticator app; gives one of the recovery codes to keep."""
    person.opens("/account/2fa/totp/activate/")
    proves_password(person)
    no_violation(person, "setting up a second factor")
    shown = person.page.evaluate(TYPED_OR_SHOWN)
    secret = re.search(r"\b[A-Z2-7]{32}\b", shown)[0]
    person.fills(code=totp(secret))
    sends(person)
    person.page.wait_for_url("**/recovery-codes/**")
    no_violation(person, "recovery codes")
    return re.search(r"\b\d{8}\b", person.page.evaluate(TYPED_OR_SHOWN))[0]


def test_an_administrator_invites_twelve_promotes_one_loses_a_phone_and_hands_over(
    site, person
):
    users = organisation(
        site, "90010001", "Stichting Twaalf", ("ada", "Ada Bewind", "administrator")
    )
    ada, coba = person(), person()
    ada.signs_in("ada")
    code = sets_up_second_factor(ada)

    ada.opens(users)
    no_violation(ada, "users, alone")
    ada.follows("Gebruikers uitnodigen")
    ada.fills(addresses="\n".join([*LIST, "collega twaalf"]))
    ada.presses("Uitnodigen")
    ada.sees("11 uitnodigingen verstuurd")
    ada.sees("“collega twaalf” is geen e-mailadres.")
    no_violation(ada, "one wrong line")
    ada.fills(addresses="collega-12@voorbeeld.example")
    ada.presses("Uitnodigen")
    ada.sees("Uitnodiging verstuurd aan collega-12@voorbeeld.example.")
    ada.reads_heading("Openstaande uitnodigingen (12)")
    no_violation(ada, "twelve invitations")

    coba.opens(smtp.link(site.mail.wait_for("collega-3@voor", "Uitnodiging voor")))
    no_violation(coba, "invitation")
    coba.fills(name="Coba Collega", username="coba.collega", password=PASSWORD)
    coba.presses("Account maken en meedoen")
    coba.signs_in("coba.collega")
    coba.sees("Welkom, Coba Collega")

    ada.opens(users)
    row = ada.page.get_by_role("row", name="Coba Collega")
    row.get_by_role("link", name="Rol wijzigen").click()
    row.get_by_label("Administrator").check()
    no_violation(ada, "a row with its form")
    row.get_by_role("button", name="Rol wijzigen").click()
    proves_password(ada)
    ada.sees("Coba Collega is nu administrator.")
    no_violation(ada, "promoted")

    lost = person()  # another browser: the phone is gone, and all that was open on it
    lost.signs_in("ada")
    no_violation(lost, "the second step")
    lost.fills(code=code)
    sends(lost)
    lost.page.wait_for_url("**/mijn/**")
    lost.opens("/account/2fa/totp/deactivate/")
    proves_password(lost)
    sends(lost)
    lost.page.wait_for_url("**/account/2fa/")
    sets_up_second_factor(lost)

    lost.opens(users)
    lost.page.get_by_role("link", name="Coba Collega", exact=True).click()
    no_violation(lost, "a member")
    lost.follows("Draag het beheer over aan Coba Collega")
    lost.sees("11 openstaande uitnodigingen van jou worden ingetrokken.")
    no_violation(lost, "handing over")
    lost.presses("Draag het beheer over")
    proves_password(lost)
    lost.sees("Coba Collega is nu administrator. Jij bent ontwikkelaar.")
    no_violation(lost, "handed over")
    assert ada.opens(users).status == 403
    assert coba.opens(users).status == 200
    coba.opens(smtp.link(site.mail.wait_for("collega-5@voor", "Uitnodiging voor")))
    coba.reads_heading("Deze uitnodiging werkt niet meer")


@pytest.fixture
def people(site, person):
    """An organisation with somebody who runs it, signed in with the password just given."""
    slug = f"9002{next(NUMBERS):04}"
    name = f"eva-{slug}"
    users = organisation(
        site,
        slug,
        f"Test BV {slug}",
        (name, "Eva Bewind", "administrator"),
        (f"bram-{slug}", "Bram Bouwer", "developer"),
        (f"carla-{slug}", "Carla Code", "developer"),
    )

    def open_page(**options):
        eva = person(**options)
        eva.signs_in(name)
        eva.opens("/mijn/gegevens/gebruikersnaam/")
        proves_password(eva)
        eva.opens(users)
        return eva

    return open_page


def row_of(person, name):
    return person.page.get_by_role("row", name=name)


def invites(person, address):
    person.follows("Gebruikers uitnodigen")
    person.fills(addresses=address)
    person.presses("Uitnodigen")
    person.sees(f"Uitnodiging verstuurd aan {address}.")


def announced(person):
    return person.page.locator("#messages[role=status]").inner_text()


def test_with_a_keyboard_the_focus_is_never_lost_and_each_act_is_said(people):
    eva = people()
    page = eva.page
    invites(eva, "erbij@voorbeeld.example")
    loaded = page.evaluate("performance.timeOrigin")

    tab_to(eva, text="Rol wijzigen\n: Bram Bouwer")
    page.keyboard.press("Enter")
    row_of(eva, "Bram Bouwer").locator("form:focus").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    tab_to(eva, text="Rol wijzigen")
    page.keyboard.press("Enter")
    page.get_by_text("Bram Bouwer is nu administrator.").wait_for()
    focus_comes_to(eva, "Rol wijzigen\n: Bram Bouwer")
    assert announced(eva) == "Bram Bouwer is nu administrator."

    tab_to(eva, text="Verwijderen\n: Carla Code")
    page.keyboard.press("Enter")
    row_of(eva, "Carla Code").locator("form").wait_for()
    no_violation(eva, "a row that asks")
    tab_to(eva, text="Ja, verwijderen")
    page.keyboard.press("Enter")
    page.get_by_text("Carla Code is verwijderd.").wait_for()
    focus_comes_to(eva, "Carla Code is verwijderd.")
    eva.reads_heading("Gebruikers (2)")

    tab_to(eva, text="Opnieuw sturen\n: erbij@voorbeeld.example")
    page.keyboard.press("Enter")
    page.get_by_text("krijgt een nieuwe link.").wait_for()
    focus_comes_to(eva, "Opnieuw sturen")
    no_violation(eva, "a message over the page")
    tab_to(eva, text="Intrekken\n: erbij@voorbeeld.example")
    page.keyboard.press("Enter")
    page.get_by_text("is ingetrokken.").first.wait_for()
    focus_comes_to(eva, "is ingetrokken.")
    assert page.evaluate("performance.timeOrigin") == loaded  # one page, all the time


def test_all_of_it_works_without_javascript(people):
    eva = people(java_script_enabled=False)
    invites(eva, "zonder-js@voorbeeld.example")
    row_of(eva, "zonder-js").get_by_role("button", name="Opnieuw sturen").click()
    eva.sees("krijgt een nieuwe link.")
    row_of(eva, "zonder-js").get_by_role("button", name="Intrekken").click()
    eva.sees("is ingetrokken.")

    row_of(eva, "Bram Bouwer").get_by_role("link", name="Rol wijzigen").click()
    eva.page.get_by_label("Administrator").check()
    eva.presses("Rol wijzigen")
    eva.sees("Bram Bouwer is nu administrator.")
    row_of(eva, "Carla Code").get_by_role("link", name="Verwijderen").click()
    eva.reads_heading("Gebruiker verwijderen")
    eva.presses("Ja, verwijderen")
    eva.sees("Carla Code is verwijderd.")


def test_an_act_that_comes_to_nothing_says_so(people):
    eva = people()
    eva.page.set_default_timeout(5_000)
    act = "**/gebruikers/*/"

    for status, says in (
        (403, "Dit mag je niet, of niet meer."),
        (404, "Dit is er niet meer."),
        (409, "Dit is er niet meer."),
        (500, "Er ging iets mis"),
        (502, "Er ging iets mis"),
        (None, "Er kwam geen antwoord."),
    ):
        eva.page.route(
            act,
            lambda route, _request, status=status: (
                route.fulfill(status=status, body="") if status else route.abort()
            ),
        )
        row_of(eva, "Bram Bouwer").get_by_role("link", name="Rol wijzigen").click()
        eva.page.locator("#messages").get_by_text(says).wait_for()
        eva.page.unroute(act)
    eva.complaints.clear()  # of the browser, about what was done to it


def test_two_pages_of_two_administrators_show_each_other_what_changed(people):
    first, second = people(), people()
    for eva in (first, second):
        row_of(eva, "Bram Bouwer").get_by_role("link", name="Rol wijzigen").click()
        row_of(eva, "Bram Bouwer").get_by_label("Administrator").check()

    row_of(first, "Bram Bouwer").get_by_role("button", name="Rol wijzigen").click()
    first.sees("Bram Bouwer is nu administrator.")
    row_of(second, "Bram Bouwer").get_by_role("button", name="Rol wijzigen").click()

    second.sees("De rol is intussen gewijzigd. Er is niets opgeslagen")
    second.sees("Bram Bouwer is nu administrator en was ontwikkelaar.")


@pytest.mark.parametrize("width", [1280, 390])
def test_who_belongs_to_two_organisations_switches_with_the_keyboard(
    site, person, width
):
    slugs = f"9003{width:04}", f"9004{width:04}"
    for slug in slugs:
        organisation(
            site, slug, f"Test {slug}", (f"twee-{width}", "Tess", "administrator")
        )
    tess = person(viewport={"width": width, "height": 844})
    tess.signs_in(f"twee-{width}")
    tess.opens(f"/mijn/{slugs[0]}/")

    tab_to(tess, text="Andere organisatie")
    tess.page.keyboard.press("Enter")
    tab_to(tess, text=f"Test {slugs[1]}")
    tess.page.keyboard.press("Enter")

    tess.page.wait_for_url(f"**/mijn/{slugs[1]}/")
    no_violation(tess, "the other organisation")


def test_who_is_signed_in_as_somebody_else_sees_it_and_switches(site, person, people):
    eva, wim = people(), person()
    invites(eva, "wim@voorbeeld.example")
    organisation(
        site,
        "90050001",
        "Elders BV",
        ("wim.werk", "Wim Werk", "administrator"),
        ("wim.thuis", "Wim Thuis", "developer"),
    )
    wim.signs_in("wim.werk")
    link = smtp.link(site.mail.wait_for("wim@voorbeeld.example", "Uitnodiging voor"))

    wim.opens(link)
    wim.sees("Je bent nu ingelogd als Wim Werk")
    wim.sees("Dit account heeft een ander adres")
    no_violation(wim, "invitation, signed in")
    wim.presses("Een ander account gebruiken")
    assert wim.page.url == link
    wim.follows("Inloggen en meedoen")
    wim.fills(login="wim.thuis", password=PASSWORD)
    sends(wim)
    wim.presses("Meedoen als wim.thuis")
    wim.sees("Je hoort nu bij Test BV")

"""The application by people who use no mouse, no JavaScript, or a screen reader."""

import copy

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import smtp
from tests.browser.test_whole_way import BOLDERBAST, DONALD, act, apply

FOCUS = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    return {
        tag: at.tagName, name: at.name || "", value: at.value || "", text: at.innerText || "",
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
        // of a date's calendar button the browser shows the focus itself
        marked: getComputedStyle(at).outlineStyle !== "none" || at.type === "date",
    };
}"""
WIDTHS = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]


def of_another(answers, username):
    """The same answers for somebody else's application: nothing is taken from the first."""
    answers = copy.deepcopy(answers)
    answers["account"]["fill"]["username"] = username
    answers["account"]["fill"]["account_email"] = f"{username}@beheer.example"
    answers["organisatie"]["fill"]["kvk_number"] = "69599076"
    answers["contactpersonen"]["fill"]["contract_email"] = f"{username}@post.example"
    return answers


def test_the_application_needs_no_javascript(site, person):
    applicant = person(java_script_enabled=False)

    apply(applicant, of_another(DONALD, "zonder-js"))

    received = site.mail.wait_for("zonder-js@post.example", "is ontvangen")
    applicant.opens(smtp.link(received))
    applicant.presses("Ja, dit is mijn e-mailadres")
    applicant.sees("Je e-mailadres is bevestigd.")


def test_the_application_needs_no_mouse(person):
    applicant = person()
    applicant.opens("/aanvragen/")
    tab_to(applicant, text="Aanvraag beginnen")
    applicant.page.keyboard.press("Enter")

    for step, given in of_another(BOLDERBAST, "zonder-muis").items():
        applicant.page.wait_for_url(f"**/aanvragen/{step}/")
        for name, value in given.get("choose", {}).items():
            choose(applicant, name, value)
        for name in given.get("check", []):
            tab_to(applicant, name=name)
            applicant.page.keyboard.press("Space")
        for name, value in given["fill"].items():
            tab_to(applicant, name=name)
            applicant.page.keyboard.press("ControlOrMeta+A")
            applicant.page.keyboard.type(value)
        tab_to(applicant, text="Volgende stap")
        applicant.page.keyboard.press("Enter")

    applicant.page.wait_for_url("**/aanvragen/controleren/")
    tab_to(applicant, name="consent")
    applicant.page.keyboard.press("Space")
    tab_to(applicant, text="Aanvraag versturen")
    applicant.page.keyboard.press("Enter")
    applicant.reads_heading("Je aanvraag is verzonden")


def tab_to(person, *, name="", text=""):
    """Press Tab until this is focused; every stop on the way must show where one is."""
    for _press in range(80):
        focus = person.page.evaluate(FOCUS)
        if (name and focus["name"] == name) or (text and focus["text"] == text):
            return focus
        person.page.keyboard.press("Tab")
        focus = person.page.evaluate(FOCUS)
        if focus["tag"] not in ("BODY", "HTML"):
            assert focus["seen"], focus
            assert focus["marked"], focus
    raise AssertionError(f"no way to {name or text} with Tab")


def focus_comes_to(person, text):
    """htmx moves the focus a moment after what it swapped in can be seen."""
    person.page.wait_for_function(
        "text => document.activeElement !== document.body"
        " && document.activeElement.innerText.includes(text)",
        arg=text,
    )


def choose(person, name, value):
    focus = tab_to(person, name=name)
    control = person.page.locator(f"[name={name}]").first
    if control.evaluate("control => control.tagName") == "SELECT":
        label = control.locator(f"[value='{value}']").inner_text()
        person.page.keyboard.type(label)
    elif control.get_attribute("type") == "checkbox":
        while focus["value"] != value:
            person.page.keyboard.press("Tab")
            focus = person.page.evaluate(FOCUS)
        person.page.keyboard.press("Space")
    else:
        person.page.keyboard.press("Space")
        while person.page.evaluate(FOCUS)["value"] != value:
            person.page.keyboard.press("ArrowDown")


def no_violation(person, where):
    for width in WIDTHS:
        person.page.set_viewport_size(width)
        found = Axe().run(person.page).response["violations"]
        said = [
            (one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found
        ]
        assert said == [], where
        overflow = "document.documentElement.scrollWidth - innerWidth"
        assert person.page.evaluate(overflow) <= 0, where


@pytest.mark.parametrize("locale", ["nl-NL", "en-GB"])
def test_axe_finds_nothing_on_a_public_page(person, locale):
    visitor = person(locale=locale)

    for address in (
        "/",
        "/ondersteuning/",
        "/aanvragen/",
        *(f"/aanvragen/{step}/" for step in DONALD),
        "/account/login/",
        "/account/password/reset/",
        "/bestaat-niet/",
        "/aanvraag/bestaat-niet/",
        "/activeren/bestaat-niet/",
    ):
        visitor.opens(address)
        no_violation(visitor, address)


def test_axe_finds_nothing_on_a_page_with_mistakes(person):
    applicant = person(locale="nl-NL")

    for step in DONALD:
        applicant.opens(f"/aanvragen/{step}/")
        applicant.presses("Volgende stap")
        applicant.sees("Er is iets niet goed ingevuld")
        no_violation(applicant, step)


def run_the_organisation(site, administrator, colleague):
    """Invite, be joined, look back; and the own details."""
    administrator.follows("Mijn Organisatie")
    no_violation(administrator, "users")
    administrator.follows("Gebruikers uitnodigen")
    administrator.fills(addresses="collega@donald.example\ngeen adres")
    administrator.presses("Uitnodigen")
    administrator.sees("“geen adres” is geen e-mailadres.")
    no_violation(administrator, "an invitation with a mistake")
    invited = site.mail.wait_for("collega@donald.example", "Uitnodiging voor")
    colleague.opens(smtp.link(invited))
    no_violation(colleague, "invitation")
    colleague.fills(
        name="Cora Collega",
        username="toegankelijke.cora",
        password="een lange zin als wachtwoord",
    )
    colleague.presses("Account maken en meedoen")
    colleague.signs_in("toegankelijke.cora", "een lange zin als wachtwoord")
    colleague.sees("Welkom, Cora Collega")
    for page in ("Mijn Gegevens", "Contactgegevens wijzigen"):
        colleague.follows(page)
        no_violation(colleague, page)
    administrator.follows("Mijn Organisatie")
    administrator.sees("Cora Collega")
    no_violation(administrator, "users and invitations")
    administrator.follows("Activiteit")
    administrator.sees("Cora Collega hoort nu bij de organisatie")
    no_violation(administrator, "activity")


def test_axe_finds_nothing_on_the_way_to_a_key(site, person):
    applicant, intake, approver = person(), person(), person()
    apply(applicant, of_another(DONALD, "toegankelijk"))
    no_violation(applicant, "sent")
    received = site.mail.wait_for("toegankelijk@post.example", "is ontvangen")
    reference = received["Subject"].split()[2]
    applicant.opens(smtp.link(received))
    no_violation(applicant, "to confirm")
    applicant.presses("Ja, dit is mijn e-mailadres")
    applicant.follows("Aanvraag intrekken")
    no_violation(applicant, "to withdraw")

    intake.signs_in("inge")
    intake.opens("/beheer/applications/application/?q=" + reference)
    intake.follows(reference)
    intake.follows("Aanvulling vragen")
    intake.page.locator("[value=city]").check()
    intake.fills(reason="Klopt de plaats?")
    intake.presses("Aanvulling vragen")
    applicant.opens(smtp.link(received))
    no_violation(applicant, "asked to complete")
    applicant.follows("Aanvullen")
    no_violation(applicant, "completing")
    applicant.presses("Aanvulling versturen")
    act(intake, reference, "Overeenkomst versturen")
    applicant.opens(smtp.link(received))
    no_violation(applicant, "contract sent")
    act(intake, reference, "Overeenkomst ontvangen")
    approver.signs_in("coen")
    act(approver, reference, "Goedkeuren")
    applicant.opens(smtp.link(received))
    no_violation(applicant, "approved")

    available = site.mail.wait_for("toegankelijk@beheer.example", "is beschikbaar")
    newcomer = person()
    newcomer.opens(smtp.link(available))
    no_violation(newcomer, "activating")
    newcomer.fills(password="een lange zin als wachtwoord")
    newcomer.presses("Wachtwoord instellen")
    newcomer.page.wait_for_url("**/account/login/**")
    newcomer.signs_in("toegankelijk", "een lange zin als wachtwoord")
    no_violation(newcomer, "dashboard")
    newcomer.follows("Mijn API keys")
    no_violation(newcomer, "keys")
    run_the_organisation(site, newcomer, person())
    newcomer.follows("Mijn API keys")
    newcomer.follows("Tonen")
    no_violation(newcomer, "password once more, or the question")


def test_what_is_typed_as_a_password_can_be_shown(person):
    visitor = person(locale="nl-NL")
    visitor.opens("/account/login/")
    visitor.fills(password="op een klein scherm")
    field = visitor.page.locator("[name=password]")
    assert field.get_attribute("type") == "password"

    visitor.presses("Toon wachtwoord")
    assert field.get_attribute("type") == "text"
    assert field.input_value() == "op een klein scherm"
    visitor.presses("Toon wachtwoord")
    assert field.get_attribute("type") == "password"


def test_without_javascript_nothing_offers_to_show_it(person):
    visitor = person(locale="nl-NL", java_script_enabled=False)
    visitor.opens("/account/login/")

    assert not visitor.page.get_by_role("button", name="Toon wachtwoord").count()

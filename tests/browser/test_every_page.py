"""Every page there is, seen by who may open it: axe finds nothing, and nothing sticks out.

The addresses come from the URLconf, with the ids of an organisation of acceptance_seed: a
new page is looked at as soon as it has an address, or fails for not being one.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from organisations.roles import PERMISSIONS, Permission, Role
from portal.management.commands.permissions import (
    ANY_USER,
    PUBLIC,
    every_url,
    mark,
    methods,
)
from portal.management.parameters import NOBODYS
from tests.browser.test_organisation import proves_password, sends, totp
from tests.browser.test_whole_way import DONALD
from tests.walk import address, parts

WHO = {
    "administrator_2": {ANY_USER, *Permission},
    "developer_1": PERMISSIONS[Role.DEVELOPER],
    "visitor": {PUBLIC},
}
NO_PAGE = {
    "applications:document": "a file",
    "applications:organisation_document": "a file",
    "applications:terms": "a file",
    "applications:terms_round_document": "a file",
    "organisations:activity_csv": "a file",
    "mfa_download_recovery_codes": "a file",
    "organisations:own_login_try": "leads to the organisation's own provider",
    "organisations:own_login_confirm": "leads to the organisation's own provider",
    "organisations:own_login_start": "leads to the organisation's own provider",
    "organisations:own_login_callback": "what that provider leads back to",
    "apikeys:monthly_report": "a file",
    "apikeys:statement_csv": "a file",
    "apikeys:statement_json": "a file",
    "apikeys:usage_json": "answers scripts",
    "apikeys:openapi": "answers machines",
    "apikeys:snapshot": "answers gateways",
    "apikeys:snapshot_keys": "answers gateways",
    "apikeys:statement_keys": "answers programs",
    "apikeys:leaked_keys": "answers scanners",
    "apikeys:verify": "answers gateways",
    "apikeys:usage": "answers gateways",
    "apikeys:unknown": "answers gateways",
    "healthz": "answers machines",
    "readyz": "answers machines",
}
MORE = {  # what else stands in an address, where it is not the id of a row
    "organisations:change_details": [
        {"part": part}
        for part in ("adres", "facturen", "contact-overeenkomst", "contact-techniek")
    ],
    "applications:step": [{"slug": slug} for slug in DONALD],
}


def pages(made, marks):
    """Name and address of what can be asked for with GET and is marked so."""
    for name, view, pattern, _path in every_url():
        elsewhere = name in NO_PAGE or name.startswith(("admin:", "mailbox:"))
        if elsewhere or "GET" not in methods(view) or mark(name, view) not in marks:
            continue
        values = {part: value(made, name, part) for part in parts(name, pattern)}
        for more in MORE.get(name, [{}]):
            yield name, address(name, values | more)


def value(made, name, part):
    for key in (f"{name} {part}", part):
        if key in NOBODYS:
            return NOBODYS[key]
        if made["ids"].get(key):
            return made["ids"][key][0]
    return "999999"


def signs_in(person, login):
    person.opens("/inloggen/?next=/mijn/gegevens/gebruikersnaam/")
    person.fills(login=login["username"], password=login["password"])
    sends(person)
    if login["totp"]:
        person.page.locator("[name=code]").wait_for()
        person.fills(code=totp(login["totp"]))
        person.page.locator("[name=code]").press("Enter")  # there is a passkey too
    person.page.wait_for_url(
        lambda url: "/account/login" not in url and "/2fa/" not in url
    )
    proves_password(person)


@pytest.mark.parametrize("who", WHO)
def test_every_page_is_whole_for_everybody_in_both_languages(person, marked_world, who):
    made, one, wrong = marked_world["c"], person(), []
    if who != "visitor":
        signs_in(one, made["people"][who])

    for language, width in [("nl", 390), ("en", 1280)]:
        speaks(one, language)
        for name, url in pages(made, WHO[who]):
            found = looked_at(one, url, width)
            wrong += [(language, name, url, *found)] if found else []

    assert wrong == []


def speaks(person, language):
    person.opens("/ondersteuning/")
    choice = person.page.locator(f"header button[value={language}]")
    if choice.count():  # only of another language than the page is in
        choice.click()
        person.page.locator(f"html[lang={language}]").wait_for()


def looked_at(person, url, width):
    """What is wrong with a page: axe at one width, what sticks out at both."""
    person.page.set_viewport_size({"width": width, "height": 900})
    answer = person.opens(url)
    if answer.status != 200:
        return [answer.status]
    violations = Axe().run(person.page).response["violations"]
    found = [
        (one["id"], node["html"]) for one in violations for node in one["nodes"][:2]
    ]
    for each in (390, 1280):
        person.page.set_viewport_size({"width": each, "height": 900})
        if person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"wider than {each}")
    return found

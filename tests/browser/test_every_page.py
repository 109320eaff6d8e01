"""Every page there is, seen by who may open it: axe finds nothing, and nothing sticks out.

The addresses come from the URLconf, with the ids of an organisation of acceptance_seed: a
new page is looked at as soon as it has an address, or fails for not being one.
"""

import json

import pytest

from portal.management.commands.permissions import PUBLIC, every_url, mark, methods
from portal.management.parameters import NOBODYS
from tests.browser.conftest import Person
from tests.browser.test_accessible import no_violation
from tests.browser.test_organisation import proves_password, sends, totp
from tests.browser.test_whole_way import DONALD
from tests.walk import address, parts

NO_PAGE = {}
MORE = {  # what else stands in an address, where it is not the id of a row
    "organisations:change_details": [
        {"part": part}
        for part in ("adres", "facturen", "contact-overeenkomst", "contact-techniek")
    ],
    "applications:step": [{"slug": slug} for slug in DONALD],
}


@pytest.fixture(scope="module")
def made(site):
    return json.loads(site.manage("acceptance_seed").stdout)["organisations"]["c"]


def pages(made, *, public):
    """Name and address of all that can be asked for with GET, the admin's own aside."""
    for name, view, pattern, _path in every_url():
        theirs = name.startswith(("admin:", "mailbox:"))
        if theirs or "GET" not in methods(view) or (mark(name, view) == PUBLIC) != public:
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
    person.page.wait_for_url(lambda url: "/account/login" not in url and "/2fa/" not in url)
    proves_password(person)


def test_look(person, made):
    import time
    for who in ("administrator_2", "developer_1", None):
        one = person(locale="nl-NL")
        if who:
            signs_in(one, made["people"][who])
            one.page.wait_for_load_state(); print(who, one.page.url)
        for name, url in pages(made, public=who is None):
            t=time.time()
            try:
                r = one.page.goto(url)
                print("P", who, name, url, r.status, r.headers.get("content-type"), one.page.url[21:], round(time.time()-t,1))
            except Exception as e:
                print("P", who, name, url, "EXC", str(e)[:80])

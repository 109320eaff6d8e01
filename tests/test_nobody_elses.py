"""What is somebody else's cannot be seen, touched, or told from what is not there.

The members of organisation a ask for what is b's: in the path, in the query, in the body,
and below what is their own. tests/test_every_url.py has those who belong nowhere.
"""

import re
from html.parser import HTMLParser
from itertools import product

import pytest

from portal.management.commands.permissions import PUBLIC, every_url, mark
from tests.walk import MISSING, address, is_nobodys, parts

pytestmark = pytest.mark.django_db

MEMBERS = ["administrator of a", "developer of a"]
METHODS = [*product(["get", "post"], [False, True])]
NAMES = {  # under which some page may look for an id, and of what
    "accounts.user": ["user", "user_id", "by", "person", "invited_by", "username"],
    "organisations.membership": ["member", "member_id", "membership", "id", "pk"],
    "organisations.invitation": ["invitation", "invitation_id"],
    "organisations.organisation": ["organisation", "organisation_id"],
    "apikeys.apikey": ["key", "key_id", "api_key"],
    "apikeys.personaltoken": ["token_id"],
    "apikeys.budget": ["budget_id"],
    "applications.application": ["application", "application_id"],
    "applications.document": ["document", "document_id"],
    "applications.contract": ["contract", "contract_id"],
    "applications.bankchange": ["change", "change_id"],
    "organisations.administratorrequest": ["request", "request_id"],
    "organisations.intervention": ["intervention", "intervention_id"],
}
# of a random code that is known at the provider; that it exists tells nothing of whom
TELLS_NOTHING = {"organisations:own_login_callback"}
FILLING = {"email": "iemand@elders.example", "addresses": "iemand@elders.example"}


def ours():
    return [url for url in every_url() if not url[0].startswith("admin:")]


def alike(answer, sent):
    """An answer without what differs each time, and without what was sent."""
    text = re.sub(r'(csrfmiddlewaretoken" value=|nonce[=-])["\w-]+', r"\1", answer.text)
    new = r'(id="token"><code[^>]*>|/gegevens/tokens/)[^</]+'  # made by each request
    text = re.sub(new, r"\1", text)
    text = re.sub(r"'nonce-[^']+'|(?m:^Content-Length: .*$)|Expires: .*", "", text)
    for value in sorted(map(str, sent), key=len, reverse=True):
        text = text.replace(value, "…")
    return answer.status, text


def foreign_below_own(world, name, pattern, person):
    """Pairs of what is b's and what is nobody's, for each part that may be asked for."""
    own = world.values(name, pattern, person.letter)
    asked = [part for part in parts(name, pattern) if not is_nobodys(name, part)]
    theirs, nothing = (world.values(name, pattern, letter) for letter in ("b", None))
    for place, part in enumerate(asked):
        if part == "token" and place == 0:  # whoever has the link is let in
            continue
        below = asked[place:]
        yield (
            {**own, **{each: theirs[each] for each in below}},
            {**own, **{each: nothing[each] for each in below}},
        )
        yield {**own, part: theirs[part]}, {**own, part: nothing[part]}


def asked_in_the_path(world, person, urls):
    """What is wrong about the answers to who puts ids of b's in an address."""
    for name, _view, pattern, _path in urls:
        for foreign, missing in foreign_below_own(world, name, pattern, person):
            asked = address(name, foreign), address(name, missing)
            sent = [*asked, *foreign.values(), *missing.values()]
            for method, htmx in METHODS:
                theirs, nothing = (
                    world.ask(person, method, url, htmx=htmx) for url in asked
                )
                faults = world.faults(theirs, {person.letter}, map(str, sent))
                if name not in TELLS_NOTHING and (
                    alike(theirs, sent) != alike(nothing, sent)
                ):
                    faults.append("differs from what is not there")
                if theirs.status not in (401, 403, 404, 405):
                    faults.append("is answered")
                if faults:
                    yield method, htmx, asked[0], theirs.status, *faults


def asked_beside_the_path(world, person, urls):
    """The same of who sends ids of b's in the query and the body."""
    for name, view, pattern, _path in urls:
        values = world.values(name, pattern, "a")
        url, allowed = address(name, values), {person.letter}
        if mark(name, view) == PUBLIC and "token" in values:
            allowed = {"a"}
        forms = forms_on(world.ask(person, "get", url).text)
        for sent, other in given(world, forms):
            asked = [
                world.ask(
                    person, method, url, ids if method == "post" else None, query=ids
                )
                for method, ids in product(["get", "post"], [sent, other])
            ]
            told = {url, *sent.values(), *other.values(), *person.names} - {""}
            faults = []
            for theirs, nothing in (asked[:2], asked[2:]):
                faults += world.faults(theirs, allowed, told)
                whole = slice(None if url.startswith("/mijn/") else 1)  # or the status
                if alike(theirs, told)[whole] != alike(nothing, told)[whole]:
                    faults.append("differs from what is not there")
            if faults:
                yield url, [*sent.items()][-1], *faults


def said(wrong):
    return "\n".join(map(str, wrong))


@pytest.mark.parametrize("who", MEMBERS)
def test_what_is_anothers_answers_as_what_is_not_there(world, who):
    assert said(asked_in_the_path(world, world.people[who], ours())) == ""


@pytest.mark.parametrize("who", [*MEMBERS, "visitor"])
def test_an_id_of_anothers_in_query_or_body_opens_nothing(world, who):
    assert said(asked_beside_the_path(world, world.people[who], ours())) == ""


@pytest.mark.parametrize(
    ("leak", "seen_by", "says"),
    [
        ("by_id_alone", asked_in_the_path, "says 'merk-b-' of b"),
        ("below_ones_own", asked_in_the_path, "says 'merk-b-' of b"),
        ("tells_that_it_is_there", asked_in_the_path, "differs from what is not there"),
        (
            "writes",
            asked_in_the_path,
            "refused, and wrote ['organisations_invitation']",
        ),
        ("writes", asked_in_the_path, "changed organisations_invitation"),
        ("reads_the_query", asked_beside_the_path, "says 'merk-b-' of b"),
        ("reads_the_body", asked_beside_the_path, "says 'merk-b-' of b"),
        ("points_at_anothers", asked_beside_the_path, "invited_by of b"),
    ],
)
def test_each_kind_of_leak_is_seen(world, settings, leak, seen_by, says):
    settings.ROOT_URLCONF = "tests.leaky"
    pages = [one for one in every_url() if one[0] == leak]

    assert says in said(seen_by(world, world.people["developer of a"], pages))


def given(world, forms):
    """What is sent: each form as it stands, with b's ids where a's were and beside it.

    Beside each the same with ids that nobody has.
    """
    rows, slug = (world.organisations["b"][what] for what in ("rows", "slug"))
    plain = {name: value for form in forms for name, (value, _) in form.items()}
    each = {name: rows[label][0] for label, names in NAMES.items() for name in names}
    for theirs, nothing in [
        ({**each, "slug": slug}, "999999"),
        (dict.fromkeys([*each, "slug"], rows["accounts.user"][0]), "999999"),
        (dict.fromkeys([*each, "slug"], slug), MISSING["slug"]),
    ]:
        theirs = {name: str(value) for name, value in theirs.items()}
        yield {**theirs, **plain}, {**dict.fromkeys(theirs, nothing), **plain}
    for form in forms:
        for name, (_value, options) in form.items():
            for label in world.labels(options):
                theirs = {name: str(rows[label][0])}
                yield {**plain, **theirs}, {**plain, name: "999999"}


class Forms(HTMLParser):
    """The fields of every form on a page: what is chosen, and what may be."""

    def __init__(self):
        super().__init__()
        self.forms, self.select = [], None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append({})
        if not self.forms:
            return
        form, name = self.forms[-1], attrs.get("name")
        if tag == "select":
            self.select = name
        value = attrs.get("value") or ""
        if tag == "option" and self.select:
            name, attrs = self.select, {"type": "radio", **attrs}
        if tag in ("input", "textarea", "option") and name:
            chosen, options = form.get(name, ("", []))
            if attrs.get("type") in ("radio", "checkbox"):
                value_now = value if "checked" in attrs or not chosen else chosen
            else:
                value_now = value or FILLING.get(name, "iets")
            form[name] = (value_now, [*options, value])


def forms_on(text):
    parser = Forms()
    parser.feed(text.partition("\n\n")[2])
    return [form for form in parser.forms if form]

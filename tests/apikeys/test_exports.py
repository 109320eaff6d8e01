"""Usage to take along: complete, safe in a spreadsheet, and never another's."""

import csv
import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from apikeys.models import ApiKey, Outcome
from organisations.roles import Role
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠A",
]


@pytest.fixture
def member(db):
    return MembershipFactory(role=Role.DEVELOPER)


@pytest.fixture
def key(member):
    return ApiKeyFactory(organisation=member.organisation, name="Website")


@pytest.fixture
def take(client, member):
    client.force_login(member.user)

    def get(**query):
        url = reverse("apikeys:usage_page", args=[member.organisation.slug])
        response = client.get(url, query)
        return b"".join(response.streaming_content) if response.streaming else response

    return get


def read(content):
    return list(csv.reader(io.StringIO(content.decode())))


def opened(content):
    """The cells of the first sheet, as another's program reads them."""
    return [*openpyxl.load_workbook(io.BytesIO(content)).active.values]


def test_what_is_shown_has_every_moment_api_and_key(take, key):
    count(key, timezone.now(), 4)
    count(key, timezone.now(), 1, outcome=Outcome.LIMITED)

    header, *rows = read(take(format="csv", period="7"))

    assert header[:4] == ["per", "wat", "bevragingen", "ervoor"]
    assert len(rows) == 7 + 1 + 1
    assert rows[6][:4] == ["dag", timezone.localdate().isoformat(), "5", "0"]
    assert rows[7][:3] == ["API", str(key.apis[0]), "5"]
    assert rows[8][:8] == ["API-key", "Website", "5", "0", "4", "0", "1", "0"]


def test_raw_has_every_counter_once(take, key):
    count(key, timezone.now(), 4)
    count(key, timezone.now(), 1, outcome=Outcome.LIMITED)

    header, *rows = read(take(format="csv", raw=""))

    assert header[:6] == ["day", "api_key_id", "api_key", "api", "outcome", "calls"]
    assert [row[2:6] for row in rows] == [
        ["Website", "zoeken", "ok", "4"],
        ["Website", "zoeken", "limited", "1"],
    ]


def test_what_is_taken_is_what_was_asked_for(take, key, member):
    other = ApiKeyFactory(organisation=member.organisation, name="App")
    count(key, timezone.now(), 4)
    count(other, timezone.now(), 9)

    rows = read(take(format="csv", raw="", key=other.pk))[1:]

    assert [row[2] for row in rows] == ["App"]


def test_nothing_of_another_is_taken(take, key):
    theirs = ApiKeyFactory(name="Van een ander")
    count(theirs, timezone.now(), 4)

    assert read(take(format="csv", raw=""))[1:] == []
    assert take(format="csv", raw="", key=theirs.pk).status_code == 400


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_is_never_a_formula(take, key, name):
    ApiKey.objects.filter(pk=key.pk).update(name=name)
    count(key, timezone.now(), 4)

    for query in ({"raw": ""}, {}):
        written = [cell for row in read(take(format="csv", **query)) for cell in row]
        assert f"'{name}" in written
        assert name not in written


def test_xlsx_holds_text_as_text_and_numbers_as_numbers(take, key):
    ApiKey.objects.filter(pk=key.pk).update(name="=1+1")
    count(key, timezone.now(), 4321)

    header, row = opened(take(format="xlsx", raw=""))

    assert header[:3] == ("day", "api_key_id", "api_key")
    assert row[2:6] == ("=1+1", "zoeken", "ok", 4321)


def test_xlsx_of_nothing_is_a_book_with_a_header(take, key):
    [header] = opened(take(format="xlsx", raw=""))

    assert header[:2] == ("day", "api_key_id")


def test_xlsx_has_what_csv_has(take, key):
    count(key, timezone.now(), 4)
    count(key, timezone.now(), 1, outcome=Outcome.LIMITED)

    for query in ({"raw": ""}, {}):
        book = [
            ["" if cell is None else str(cell) for cell in row]
            for row in opened(take(format="xlsx", **query))
        ]
        assert book == read(take(format="csv", **query))

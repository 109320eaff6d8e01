"""The page Verbruik, and what the dashboard shows of it."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from apikeys import charts, services
from apikeys.models import Outcome
from organisations.roles import Role
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory


@pytest.fixture
def member(db):
    return MembershipFactory(role=Role.DEVELOPER)


@pytest.fixture
def key(member):
    return ApiKeyFactory(organisation=member.organisation, name="Website")


@pytest.fixture
def page(client, member):
    client.force_login(member.user)

    def get(htmx=False, **query):
        url = reverse("apikeys:usage_page", args=[member.organisation.slug])
        return client.get(url, query, headers={"HX-Request": "true"} if htmx else {})

    return get


def figure(html):
    return re.search(r'portal-numbers__figure">([^<]*)<', html)[1]


def test_nothing_used_is_said_and_draws_nothing(page, key):
    html = page().text

    assert "In deze periode is er niets bevraagd." in html
    assert 'role="img"' not in html


def test_one_call_is_one_call(page, key):
    count(key, timezone.now())

    html = page(period="vandaag").text

    assert figure(html) == "1"
    assert "Alle bevragingen zijn gelukt." in html


def test_hours_to_come_stand_in_no_table(page, key):
    count(key, timezone.now())

    html = page(period="vandaag").text

    hours = re.findall(r'<th scope="row">(\d\d:00)</th>', html)
    assert hours[0] == "00:00"
    assert hours[-1] == f"{timezone.localtime():%H}:00"


@pytest.mark.parametrize("period", ["vandaag", "7", "30", "maand", "kwartaal", "jaar"])
def test_every_period_can_be_looked_at(page, key, period):
    count(key, timezone.now(), 1234, outcome=Outcome.LIMITED)

    html = page(period=period).text

    assert figure(html) == "1.234"
    assert html.count('role="img"') == 3


def test_each_picture_has_a_title_a_description_and_a_table(page, key):
    count(key, timezone.now(), 7, outcome=Outcome.SERVER_ERROR)

    html = page().text

    named = re.findall(r'role="img" aria-labelledby="(\S+) (\S+)"', html)
    assert len(named) == 3
    for title, description in named:
        assert re.search(rf'<title id="{title}">[^<]+<', html)
        assert re.search(rf'<desc id="{description}">[^<]+<', html)
    assert html.count("De getallen in een tabel") == 2


def test_numbers_within_a_picture_are_written_for_a_browser(page, key):
    count(key, timezone.now(), 7)

    assert not re.search(r'(?:d|x|y|width|height)="[^"]*\d,\d', page().text)


def test_days_of_ones_own_are_checked(page, key):
    answers = {
        ("2026-03-02", "2026-03-01"): "Deze dag ligt voor de eerste dag.",
        ("2099-01-01", "2099-01-02"): "Deze dag moet nog komen.",
        ("1999-01-01", "2026-01-01"): "We bewaren het verbruik zeven jaar.",
        ("", "2026-01-01"): "Kies een datum.",
    }
    for (first, last), error in answers.items():
        html = page(period="eigen", first=first, last=last).text
        assert error in html
        assert "portal-numbers" not in html


def test_days_of_ones_own_are_shown(page, key):
    day = timezone.localdate() - datetime.timedelta(days=300)
    count(key, day, 42)

    html = page(period="eigen", first=day.isoformat(), last=day.isoformat()).text

    assert figure(html) == "42"
    assert "We bewaren de uren 35 dagen." in html


def test_a_key_of_another_is_no_choice(page, key):
    theirs = ApiKeyFactory()
    count(theirs, timezone.now(), 9)

    html = page(key=theirs.pk).text

    assert "portal-numbers" not in html
    assert theirs.name not in html


def test_a_decoy_is_no_choice(page, key):
    by = MembershipFactory(organisation=key.organisation).user
    services.make_canary(key.organisation, name="Lokvogel", by=by)

    assert "Lokvogel" not in page().text


def test_htmx_gets_the_part_that_changes(page, key):
    html = page(htmx=True, period="7").text.strip()

    assert html.startswith('<div id="usage">')
    assert "<h1" not in html


def test_two_hundred_keys_are_a_short_list_with_a_rest(
    page, member, django_assert_max_num_queries
):
    for number in range(20):
        key = ApiKeyFactory(organisation=member.organisation, name=f"Key {number}")
        count(key, timezone.now(), number + 1)
    page()  # the first page of a session notes it

    with django_assert_max_num_queries(26):
        html = page().text

    assert "5 andere" in html


def test_dashboard_shows_thirty_days_and_this_month_against_the_last(
    client, member, key
):
    count(key, timezone.now(), 30)
    month = timezone.localdate().replace(day=1)
    count(key, month - datetime.timedelta(days=1), 0)
    count(key, (month - datetime.timedelta(days=1)).replace(day=1), 20)
    client.force_login(member.user)

    html = client.get(
        reverse("organisations:dashboard", args=[member.organisation.slug])
    ).text

    assert "<strong>30</strong> bevragingen" in html
    assert "▲ 50 % meer" in html
    assert 'aria-labelledby="glance-title glance-desc"' in html


@pytest.mark.parametrize("most", [0, 1, 4, 5, 9, 11, 99, 101, 950, 12345, 400001])
def test_a_scale_reaches_over_the_highest_in_whole_steps(most):
    grid = charts.line([most], [], ["x"]).grid

    assert grid[-1][1] >= most
    assert all(number == int(number) for _y, number in grid)
    assert len(grid) == 5


def test_what_the_subscription_allows_is_a_bar_with_words(page, key):
    count(key, timezone.now(), 75_000)
    count(key, timezone.now(), 9_000, outcome=Outcome.LIMITED)  # did not get through

    html = " ".join(page().text.split())

    assert "75.000 van 300.000 bevragingen (25 %)" in html
    assert "Per key ten hoogste 100 bevragingen per seconde." in html


def test_who_used_everything_is_told(page, key):
    count(key, timezone.now(), 300_000)

    assert "Je hebt alles gebruikt." in page().text

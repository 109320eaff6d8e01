"""The operator's reports: numbers that are right, and nobody's data."""

import csv
import datetime
import io

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apikeys import partitions
from apikeys.models import Api, UsageDay
from apikeys.models.usage import SUMS
from apikeys.reading.periods import Period
from applications import reports
from applications.models import Application, ReplyTemplate, Status
from applications.services import handling, moves
from tests.factories import ApiKeyFactory, ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)
MONTH = Period(TODAY - 29 * DAY, TODAY)
LIST = "admin:applications_report_changelist"


@pytest.fixture
def roos(client):
    roos = UserFactory(is_staff=True)
    roos.groups.set(Group.objects.filter(name="rapportage"))
    client.force_login(roos)
    return roos


def used(key, day, calls, api=None):
    partitions.ensure(day, day)
    UsageDay.objects.create(
        organisation=key.organisation,
        api_key=key,
        api=api or Api.objects.first(),
        day=day,
        outcome=2,
        **{**dict.fromkeys(SUMS, 0), "calls": calls},
    )


def test_applications_are_counted_in_the_week_that_they_came_in():
    _this, before, long_ago = ApplicationFactory.create_batch(3)
    Application.objects.filter(pk=before.pk).update(
        submitted_at=timezone.now() - 7 * DAY
    )
    Application.objects.filter(pk=long_ago.pk).update(
        submitted_at=timezone.now() - 40 * DAY
    )
    ApplicationFactory(status=Status.DRAFT)

    numbers = [row[1] for row in reports.weeks(MONTH).rows]

    assert numbers[-2:] == [1, 1]
    assert sum(numbers) == 2


def test_days_per_state_are_from_move_to_move(monkeypatch):
    now = timezone.now()
    sara = UserFactory(is_staff=True)
    for days in (2, 4, 12):
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda days=days: now - days * DAY)
            application = ApplicationFactory()
        moves.move(application, Status.CHANGES_REQUESTED, by=sara)

    [row] = reports.days_per_state(MONTH).rows

    assert row == ["Ingediend", 3, 4.0, 10.4]


def reply(name="Bestaat niet"):
    text = "Nee"
    use = ReplyTemplate.Use.REJECT
    return ReplyTemplate.objects.create(name=name, use=use, text_nl=text, text_en=text)


def refused(reply=None, reason="Het nummer bestaat niet."):
    by = UserFactory(is_staff=True)
    handling.reject(ApplicationFactory(), reason=reason, reply=reply, by=by)


def test_refusals_are_told_by_the_reply_that_was_chosen():
    """Whatever was made of its text, and whatever became of the reply since."""
    no_number, other = reply(), reply("Anders")
    for chosen in (no_number, no_number, other):
        refused(chosen)
    for _ in range(3):
        refused(reason=no_number.text_nl)
    refused(reply("Oud"))
    ReplyTemplate.objects.filter(name="Oud").update(name="Ouder", in_use=False)

    assert sorted(reports.refusals(MONTH).rows, key=lambda row: -row[1]) == [
        ["In eigen woorden", 3],
        ["Bestaat niet", 2],
        ["Anders", 1],
        ["Ouder", 1],
    ]


def test_of_refusals_of_before_it_is_said_that_it_was_not_kept():
    refused()
    Application.objects.update(rejection_in_own_words=None)

    assert reports.refusals(MONTH).rows == [["Niet vastgelegd", 1]]


def test_the_reply_that_was_chosen_is_kept_with_the_rejection(client):
    inge = UserFactory(is_staff=True)
    inge.groups.set(Group.objects.filter(name="intake"))
    client.force_login(inge)
    chosen, one, two = reply(), *ApplicationFactory.create_batch(2)

    for application, given in ((one, chosen.pk), (two, "")):
        url = reverse(
            "admin:applications_application_act", args=[application.pk, "afwijzen"]
        )
        client.post(url, {"reply": given, "reason": "Zelf geschreven."})

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.rejection_reply, one.rejection_in_own_words) == (chosen, False)
    assert (two.rejection_reply, two.rejection_in_own_words) == (None, True)


@pytest.mark.parametrize(
    ("language", "column", "days", "calls", "wrong"),
    [
        ("nl", "Aanvragen", "10,4", "12.345", "Apply"),
        ("en", "Applications", "10.4", "12,345", "Apply"),
    ],
)
def test_the_reports_read_as_the_reader_writes(
    client, roos, monkeypatch, language, column, days, calls, wrong
):
    now, sara = timezone.now(), UserFactory(is_staff=True)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now - 10.4 * DAY)
        application = ApplicationFactory()
    moves.move(application, Status.CHANGES_REQUESTED, by=sara)
    used(ApiKeyFactory(), TODAY, 12345)

    client.cookies["django_language"] = language
    shown = client.get(reverse(LIST), headers={"Accept-Language": language}).text

    for text in (f">{column}</th>", f">{days}</td>", f">{calls}</td>"):
        assert text in shown, text
    assert f">{wrong}</th>" not in shown


def test_use_is_told_by_api_and_by_week():
    one, two = ApiKeyFactory(), ApiKeyFactory()
    first, second = Api.objects.all()[:2]
    used(one, TODAY, 5, first)
    used(two, TODAY, 7, first)
    used(two, TODAY, 20, second)
    used(one, TODAY - 60 * DAY, 1000, first)

    assert reports.use(MONTH).rows == [[str(second), 20, 1], [str(first), 12, 2]]
    assert reports.active(MONTH).rows[-1][1] == 2


def test_each_report_is_a_table_and_a_picture(client, roos):
    ApplicationFactory()
    used(ApiKeyFactory(), TODAY, 12345)

    html = client.get(reverse(LIST)).text

    assert "12.345" in html
    assert html.count("<svg") >= 3
    for report in reports.REPORTS:
        assert str(report.title) in html


def test_a_csv_holds_the_numbers_and_no_formula(client, roos):
    refused(reply("=HYPERLINK(1)"))

    answer = client.get(reverse("admin:applications_report_csv", args=["afwijzingen"]))

    rows = [*csv.reader(io.StringIO(answer.getvalue().decode()))]
    assert rows == [["Reden", "Afwijzingen"], ["'=HYPERLINK(1)", "1"]]
    assert "afwijzingen-" in answer["Content-Disposition"]


def test_a_period_is_chosen_and_a_wrong_one_is_told(client, roos):
    own = {"period": "eigen", "first": "2026-02-01", "last": "2026-01-01"}
    csv_url = reverse("admin:applications_report_csv", args=["gebruik"])

    assert "Deze dag ligt voor de eerste dag" in client.get(reverse(LIST), own).text
    assert client.get(csv_url, own).status_code == 400
    assert client.get(csv_url, {"period": "jaar"}).status_code == 200
    nothing = reverse("admin:applications_report_csv", args=["niets"])
    assert client.get(nothing).status_code == 404


def test_they_cost_as_much_whatever_there_is(client, roos):
    client.get(reverse(LIST))
    asked = []
    for many in (1, 8):
        for _ in range(many):
            used(ApiKeyFactory(), TODAY, 1)
            ApplicationFactory()
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(LIST))
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 12


@pytest.mark.parametrize("group", ["intake", "contracten", "support", "toezicht"])
def test_other_groups_see_no_reports(client, group):
    other = UserFactory(is_staff=True)
    other.groups.set(Group.objects.filter(name=group))
    client.force_login(other)

    assert client.get(reverse(LIST)).status_code == 403
    url = reverse("admin:applications_report_csv", args=["gebruik"])
    assert client.get(url).status_code == 403


def test_who_sees_reports_sees_nothing_else(client, roos):
    pk = ApplicationFactory().pk
    for name in ("applications_application", "organisations_organisation"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403
    url = reverse("admin:applications_report_change", args=[pk])
    assert client.get(url).status_code == 302  # to the start page: no such row


def test_a_report_is_made_once_in_ten_minutes(client, roos, monkeypatch):
    page = reverse(LIST)
    assert "Berekend om" in client.get(page).text
    key = ApiKeyFactory()
    api = Api.objects.first()
    used(key, TODAY, 4321, api=api)

    assert "4.321" not in client.get(page).text

    later = timezone.now() + datetime.timedelta(minutes=10, seconds=1)
    monkeypatch.setattr("django.core.cache.backends.db.tz_now", lambda: later)
    assert "4.321" in client.get(page).text

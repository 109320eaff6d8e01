"""What the start page of /beheer/ tells each of the staff."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apikeys import gateways, notices
from apikeys.models import Gateway, Notice, NoticeKind
from applications.models import DocumentTemplate, Status, TermsRound
from applications.services import colleagues
from mail import services as mail
from mail.models import Message, State
from organisations.models import Organisation
from portal import desk
from portal.management import marked
from tests.applications.test_admin import text_of
from tests.factories import ApplicationFactory, UserFactory, aged

pytestmark = pytest.mark.django_db

START = reverse("admin:index")


def colleague(*groups):
    user = UserFactory(is_staff=True)
    user.groups.add(*Group.objects.filter(name__in=groups))
    return user


def health(user):
    found = desk.desk(user)["health"]
    return {part.what: (part.well, part.why) for part in found}


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        (["intake"], {"submitted"}),
        (["contracten"], {"returned"}),
        (["support"], {"unconfirmed"}),
        (["intake", "contracten"], {"submitted", "returned"}),
        ([], set()),
    ],
)
def test_each_group_sees_what_waits_for_it(groups, shown):
    made = {
        "submitted": ApplicationFactory(),
        "unconfirmed": ApplicationFactory(confirmed=False),
        "returned": ApplicationFactory(status=Status.CONTRACT_RETURNED),
        "sent": ApplicationFactory(status=Status.CONTRACT_SENT),
        "draft": ApplicationFactory(status=Status.DRAFT),
    }

    waits = set(desk.queue(colleague(*groups)))

    assert waits == {made[one] for one in shown}


def test_the_oldest_comes_first_and_late_is_said(client, settings):
    settings.HANDLING_DAYS = 5
    young, old = ApplicationFactory(), aged(9)
    client.force_login(colleague("intake"))

    html = client.get(START).text

    assert html.index(old.reference) < html.index(young.reference)
    assert "1 week, 2 dagen te laat" in text_of(html)
    assert text_of(html).count("te laat") == 1


def numbers(user, part="waiting"):
    return {str(one.what): one for one in desk.desk(user)[part]}


def test_every_number_is_as_many_as_its_list_has(client):
    user = colleague("intake", "contracten", "support")
    mine = aged(9)
    colleagues.take(mine, by=user)
    ApplicationFactory(confirmed=False)
    ApplicationFactory(status=Status.CONTRACT_RETURNED)
    ApplicationFactory(status=Status.REJECTED)
    aged(2, status=Status.WITHDRAWN)
    client.force_login(user)

    found = [*numbers(user).values(), *numbers(user, "today").values()]

    assert {str(one.what): one.count for one in numbers(user).values()} == {
        "Ingediend en bevestigd": 1,
        "Overeenkomst retour": 1,
        "E-mailadres niet bevestigd": 1,
        "Wacht te lang op ons": 1,
        "Van mij": 1,
        "Van niemand": 1,
        "Aanvragen van een extra key": 0,
        "Machtigingen om te controleren": 0,
        "Ingrepen om goed te keuren": 0,
        "Concepten van documenten": 0,
        "Rondes om te beginnen": 0,
        "Mededelingen waar niet iedereen klaar voor is": 0,
    }
    for number in found:
        changelist = client.get(number.url).context["cl"]
        assert changelist.result_count == number.count, number.what


@pytest.mark.parametrize(
    ("group", "whats"),
    [
        ("facturatie", ["Maanden om over te dragen", "Correcties om te beoordelen"]),
        ("catalogus", ["Mededelingen waar niet iedereen klaar voor is"]),
        ("toezicht", ["Handtekeningen voor dit kwartaal"]),
        ("rapportage", []),
        (
            "contracten",
            [
                "Overeenkomst retour", "Wacht te lang op ons", "Van mij", "Van niemand",
                "Aanvragen van een extra key", "Machtigingen om te controleren", "Ingrepen om goed te keuren",
                "Concepten van documenten", "Rondes om te beginnen",
            ],
        ),
    ],
)  # fmt: skip
def test_every_group_reads_what_waits_for_it(client, group, whats):
    user = colleague(group)
    client.force_login(user)

    assert [str(one.what) for one in desk.desk(user)["waiting"]] == whats
    assert ("Wacht op jouw groep" in client.get(START).text) == bool(whats)


def test_every_number_of_a_full_world_is_as_many_as_its_list_has(client):
    marked.build(seed=1)
    user = colleague(*Group.objects.values_list("name", flat=True))
    TermsRound.objects.create(
        template=DocumentTemplate.objects.exclude(terms_round__isnull=False).first(),
        answer_by=timezone.localdate(),
        prepared_by=user,
    )
    DocumentTemplate.objects.create(
        kind="terms", version="9", valid_from=timezone.localdate(), written_by=user
    )
    notice = Notice.objects.create(kind=NoticeKind.CERTIFICATE, title="Certificaat")
    notices.tell(notice, Organisation.objects.first())
    client.force_login(user)

    found = numbers(user)

    lists = {what: one for what, one in found.items() if "?" in one.url}
    for what, number in lists.items():
        assert client.get(number.url).context["cl"].result_count == number.count, what
    empty = {what for what, one in found.items() if not one.count}
    seen_above = {"Wacht te lang op ons", "Van mij", "E-mailadres niet bevestigd"}
    assert empty <= {
        *seen_above,
        "Overeenkomst retour",
        "Machtigingen om te controleren",
    }
    assert found["Handtekeningen voor dit kwartaal"].count > 0


def test_a_colleague_who_calls_is_seen_until_it_was_read(client):
    application, user = ApplicationFactory(), colleague("support")
    colleagues.write_note(application, f"@{user.username}", by=colleague("intake"))
    client.force_login(user)

    before = client.get(START).text
    colleagues.mark_read(application, by=user)
    after = client.get(START).text

    assert "vragen je" in before
    assert application.reference in before
    assert application.reference not in after


def test_mail_that_fails_or_waits_is_said():
    ApplicationFactory()
    user = colleague("support")
    assert health(user)["Bezorgen"] == (True, "Alles kwam aan.")
    long_ago = timezone.now() - datetime.timedelta(minutes=11)

    Message.objects.update(not_before=long_ago)
    waits = health(user)["Mail versturen"]
    Message.objects.update(state=State.FAILED)

    assert waits == (False, "1 mail wacht langer dan tien minuten.")
    assert health(user)["Mail versturen"][0]
    assert health(user)["Bezorgen"] == (False, "1 mail is niet te bezorgen.")


def test_mail_that_came_back_is_said_until_it_is_sent_anew():
    ApplicationFactory()
    user = colleague("support")
    Message.objects.update(state=State.BOUNCED, sent_at=timezone.now())

    assert health(user)["Bezorgen"] == (False, "1 mail is niet te bezorgen.")

    again = mail.send(
        "mail/emails/undeliverable",
        to="anders@voorbeeld.example",
        language="nl",
        about=user,
    )
    Message.objects.filter(pk=again.pk).update(
        state=State.SENT, sent_at=timezone.now(), copy_of=Message.objects.last()
    )
    assert health(user)["Bezorgen"] == (True, "Alles kwam aan.")


@pytest.mark.parametrize(("seconds", "well"), [(5, True), (600, False)])
def test_a_worker_that_is_silent_is_said(seconds, well):
    user = colleague("support")
    assert health(user)["Worker"] == (False, "Meldde zich niet.")

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s))",
            [seconds],
        )

    assert health(user)["Worker"][0] == well


def test_a_job_that_nobody_took_is_said():
    ApplicationFactory()
    user = colleague("support")
    assert health(user)["Taken"][0]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '11 min'")

    assert not health(user)["Taken"][0]


@pytest.mark.parametrize(
    ("seen", "reported", "well"),
    [(None, None, False), (1, 60, True), (1, 300, False), (90, 60, False)],
)
def test_a_gateway_that_is_silent_or_behind_is_said(seen, reported, well):
    user, now = colleague("support"), timezone.now()
    gateways.renew_token(Gateway(name="Gateway Noord"), by=user)
    minutes = [at and now - datetime.timedelta(minutes=at) for at in (seen, reported)]
    Gateway.objects.update(last_seen_at=minutes[0], reported_until=minutes[1])

    assert health(user)["Gateway Noord"][0] == well


def test_the_page_takes_as_many_queries_at_any_length(client):
    client.force_login(colleague("intake", "contracten", "support"))
    client.get(START)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(START)
        return len(seen)

    aged(9)
    one = queries()
    for _ in range(6):
        colleagues.take(aged(9), by=colleague("intake"))

    assert queries() == one


def test_who_has_no_group_sees_no_application(client):
    application = ApplicationFactory()
    client.force_login(colleague())

    html = client.get(START).text

    assert application.reference not in html
    assert "Wacht op jouw groep" not in html


@pytest.mark.parametrize(
    ("group", "searches"), [("intake", True), ("support", True), ("facturatie", False)]
)
def test_an_application_is_searched_by_who_may_look_at_one(client, group, searches):
    client.force_login(colleague(group))

    text = client.get(START).text

    assert ('role="search"' in text) == searches


def test_who_is_asked_reads_what_about_and_nobody_who_lost_the_right(client):
    asked = colleague("contracten")
    text = f"@{asked.username} kijk je mee naar de volmacht?"
    colleagues.write_note(ApplicationFactory(), text, by=colleague("intake"))
    client.force_login(asked)
    assert "kijk je mee naar de volmacht?" in client.get(START).text

    asked.groups.set(Group.objects.filter(name="facturatie"))

    assert "kijk je mee" not in client.get(START).text

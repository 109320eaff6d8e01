"""What the list of applications answers to staff."""

import re

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Status
from audit.admin import AtMost
from tests.factories import ApplicationFactory, OrganisationFactory, UserFactory, aged

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:applications_application_changelist")


@pytest.fixture
def inge(client):
    """Of intake, and signed in."""
    user = UserFactory(name="Inge Intake", is_staff=True)
    user.groups.add(Group.objects.get(name="intake"))
    client.force_login(user)
    return user


def listed(client, **asked):
    """The references in the list, in its order."""
    html = client.get(QUEUE, asked).text
    assert "?e=1" not in html
    found = re.findall(r"AV-\w{4}-\w{4}", html.partition('id="result_list"')[2])
    return list(dict.fromkeys(found))  # the box before each row names it too


def test_what_waits_for_the_applicant_is_one_choice(client, inge):
    ApplicationFactory()
    asked = ApplicationFactory(status=Status.CHANGES_REQUESTED)
    sent = ApplicationFactory(status=Status.CONTRACT_SENT)

    assert set(listed(client, status="applicant")) == {asked.reference, sent.reference}


def test_our_term_begins_when_the_applicant_confirmed_the_address(
    client, inge, settings
):
    settings.HANDLING_DAYS = 3
    late, only_now = aged(9), aged(9)
    Application.objects.filter(pk=only_now.pk).update(email_confirmed_at=timezone.now())

    assert listed(client, status="overdue") == [late.reference]
    only_now.refresh_from_db()
    assert not only_now.is_overdue


def test_overdue_is_what_waits_for_us_longer_than_the_term_that_is_set(
    client, inge, settings
):
    settings.HANDLING_DAYS = 3
    late = aged(4)
    aged(2)
    aged(4, status=Status.CONTRACT_SENT)  # the applicant's turn

    assert listed(client, status="overdue") == [late.reference]
    assert "4\xa0dagen, te laat" in client.get(QUEUE).text
    assert "2\xa0dagen, te laat" not in client.get(QUEUE).text


def test_direct_debit_is_one_choice(client, inge):
    debit = ApplicationFactory(
        payment_method="direct_debit",
        iban="NL91ABNA0417164300",
        account_holder="Test BV",
    )
    invoice = ApplicationFactory()

    assert listed(client, payment="direct_debit") == [debit.reference]
    assert listed(client, payment="invoice") == [invoice.reference]


def test_new_and_known_kvk_numbers_are_told_apart(client, inge):
    known, new = ApplicationFactory(), ApplicationFactory()
    OrganisationFactory(kvk_number=known.kvk_number)

    assert listed(client, customer="known") == [known.reference]
    assert listed(client, customer="new") == [new.reference]


def test_mine_and_nobodys_are_told_apart(client, inge):
    left = UserFactory(is_staff=True, is_active=False)
    nobodys, mine, of_who_left, anothers = (ApplicationFactory() for _ in range(4))
    for application, person in [
        (mine, inge),
        (of_who_left, left),
        (anothers, UserFactory(name="Anna Ander")),
    ]:
        Application.objects.filter(pk=application.pk).update(assignee=person)

    assert listed(client, assignee="me") == [mine.reference]
    assert set(listed(client, assignee="nobody")) == {
        nobodys.reference,
        of_who_left.reference,
    }
    assert "Anna Ander" in client.get(QUEUE).text


def test_since_today_is_what_came_here_today(client, inge):
    aged(1)
    today = ApplicationFactory()

    assert listed(client, since="today") == [today.reference]


def test_filters_go_together(client, inge):
    late = aged(9)
    aged(9, status=Status.CONTRACT_RETURNED)
    OrganisationFactory(kvk_number=late.kvk_number)

    asked = {"status": "overdue", "customer": "known", "assignee": "nobody"}
    assert listed(client, **asked) == [late.reference]


@pytest.mark.parametrize("asked", [{}, {"status": "all"}, {"status": "overdue"}])
def test_the_list_takes_as_many_queries_at_any_length(client, inge, asked):
    client.get(QUEUE)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(QUEUE, asked)
        return seen.captured_queries

    aged(9)
    one = queries()
    for _ in range(7):
        pk = aged(9).pk
        Application.objects.filter(pk=pk).update(assignee=UserFactory())
    many = queries()

    assert len(many) == len(one) <= 12
    counts = [each["sql"] for each in many if "COUNT(*)" in each["sql"]]
    assert counts
    assert all(f"LIMIT {AtMost.MOST}" in sql for sql in counts)

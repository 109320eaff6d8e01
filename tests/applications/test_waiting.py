"""Applicants whose turn it is: reminded twice, and in the end the application lapses."""

import datetime
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Username
from applications.models import Application, Status, WrongState
from applications.services import following, waiting
from mail import private_links
from mail.models import Message
from tests.applications.test_following import a_pdf, application_in
from tests.factories import ApplicationFactory
from tests.races import racing

pytestmark = pytest.mark.django_db


def days_pass(application, days):
    """As if all that happened to it had happened that many days earlier."""
    past = datetime.timedelta(days=days)
    application.refresh_from_db()
    moments = {
        name: getattr(application, name) - past
        for name in ("status_since", "reminded_at")
        if getattr(application, name)
    }
    Application.objects.filter(pk=application.pk).update(**moments)
    waiting.tend_all()
    application.refresh_from_db()


def mails(application):
    sent = Message.objects.filter(about_id=str(application.pk)).order_by("created_at")
    return [message.template.rsplit("/", 1)[-1] for message in sent]


@pytest.mark.parametrize("status", [Status.CONTRACT_SENT, Status.CHANGES_REQUESTED])
def test_who_does_not_react_is_reminded_twice_and_then_it_lapses(status):
    application = application_in(status)
    username = application.username_id
    before = mails(application)

    days_pass(application, 13)
    assert mails(application) == before
    for _again in range(2):
        days_pass(application, 1)
        assert mails(application)[len(before) :] == ["reminder"]
    days_pass(application, 13)
    assert mails(application)[len(before) :] == ["reminder"] * 2
    days_pass(application, 13)
    assert application.status == status
    days_pass(application, 1)

    assert application.status == Status.EXPIRED
    assert mails(application)[len(before) :] == ["reminder", "reminder", "expired"]
    assert not Username.objects.filter(pk=username).exists()
    days_pass(application, 100)
    assert len(mails(application)) == len(before) + 3


@pytest.mark.parametrize(
    "status", [Status.SUBMITTED, Status.CONTRACT_RETURNED, Status.APPROVED]
)
def test_nobody_is_reminded_while_we_are_the_ones_to_act(status):
    application = application_in(status)
    before = mails(application)

    days_pass(application, 100)

    assert (application.status, mails(application)) == (status, before)


def test_after_a_standstill_of_the_worker_everybody_still_gets_both_reminders():
    application = application_in(Status.CONTRACT_SENT)

    days_pass(application, 100)
    waiting.tend_all()

    assert application.status == Status.CONTRACT_SENT
    assert mails(application).count("reminder") == 1
    days_pass(application, 14)
    assert mails(application).count("reminder") == 2


def test_who_reacts_is_not_late_any_more():
    application = application_in(Status.CONTRACT_SENT)
    days_pass(application, 14)

    following.return_contract(application, a_pdf())

    assert (application.reminders, application.reminded_at) == (0, None)


def test_the_page_tells_the_day_it_lapses_and_so_does_the_reminder(client, settings):
    settings.LANGUAGE_CODE = "nl"
    application = application_in(Status.CONTRACT_SENT)
    days_pass(application, 14)
    last = timezone.localdate() + datetime.timedelta(days=28)
    link = private_links.token("application", application.pk, application.link_version)

    page = client.get(f"/aanvraag/{link}/").text
    message = Message.objects.get(template="applications/emails/reminder")

    assert waiting.lapses_on(application) == last
    assert "verloopt de aanvraag op" in page
    assert str(last.year) in message.context["lapses_on"]


def test_a_reaction_and_the_end_at_once_agree():
    """The list was read before the contract came back: the lock tells the newer truth."""
    application = application_in(Status.CONTRACT_SENT)
    Application.objects.update(
        reminders=2, reminded_at=timezone.now() - datetime.timedelta(days=99)
    )
    stale = Application.objects.waiting_for_applicant().get()
    following.return_contract(Application.objects.get(pk=application.pk), a_pdf())

    waiting._tend(stale)

    application.refresh_from_db()
    assert application.status == Status.CONTRACT_RETURNED


def test_the_database_keeps_reminders_to_who_is_waited_for():
    application = application_in(Status.SUBMITTED)

    with pytest.raises(Exception, match="application_reminded_while_waiting"):
        Application.objects.filter(pk=application.pk).update(
            reminders=1, reminded_at=timezone.now()
        )
    assert connection.needs_rollback


@pytest.mark.django_db(transaction=True)
def test_who_sends_the_contract_at_the_last_moment_is_in_time_or_hears_it_is_over(
    committed,
):
    """Never both: a contract that came back, and an application that lapsed."""
    late = timezone.now() - datetime.timedelta(days=99)
    with racing(2) as race:
        for _round in range(20):
            application = ApplicationFactory(status=Status.CONTRACT_SENT)
            found = Application.objects.filter(pk=application.pk)
            found.update(reminders=2, reminded_at=late)
            stale = found.get()

            came, _tended = race.run(
                partial(following.return_contract, found.get(), a_pdf()),
                partial(waiting._tend, stale),
                losing=WrongState,
            )

            now = found.get()
            lapsed = "expired" in mails(application)
            assert (now.status == Status.CONTRACT_RETURNED) == came
            assert lapsed == (not came)
            assert now.documents.filter(kind="signed_contract").exists() == came
            assert (now.username_id is None) == lapsed

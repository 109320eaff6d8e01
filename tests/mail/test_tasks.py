import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from mail import delivery, services
from mail.models import Message, State
from portal import tasks

pytestmark = pytest.mark.django_db(transaction=True)
NOTE = "mail/emails/undeliverable"


@pytest.fixture
def message():
    """A mail that is not itself a note, though it looks like one."""
    person = User.objects.create_user("klant", "klant@voorbeeld.example")
    message = services.send(
        NOTE,
        to=person.email,
        language="nl",
        about=person,
        context={
            "to": "x",
            "undelivered": "y",
            "reason": "z",
            "page": "https://w.example",
        },
    )
    Message.objects.update(template="tests/emails/letter")
    message.template = "tests/emails/letter"
    return message


@pytest.fixture(autouse=True)
def letter(settings, tmp_path):
    """A template of this test's own, so that the mail is no note about a mail."""
    folder = tmp_path / "tests/emails"
    folder.mkdir(parents=True)
    for end in (".subject.txt", ".txt", ".html"):
        (folder / f"letter{end}").write_text("Beste {{ to }}")
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}
    ]


def notes():
    return Message.objects.filter(template=NOTE)


def test_the_worker_sends_what_was_committed(message, smtp_server, run_jobs):
    run_jobs()

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 1)
    [mail] = smtp_server.messages
    assert mail["To"] == "klant@voorbeeld.example"
    assert mail["Message-ID"] == f"<{message.pk}@127.0.0.1>"
    assert [part.get_content_type() for part in mail.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_two_jobs_send_one_mail(message, smtp_server, run_jobs):
    services.defer_sending(message)

    run_jobs()

    assert len(smtp_server.messages) == 1


def test_two_workers_at_once_send_one_mail(message, smtp_server):
    smtp_server.before_answer = lambda: time.sleep(0.2)

    def attempt(_):
        try:
            delivery.attempt(message.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(attempt, range(2)))

    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize("answer", ["451 later", "421 busy"])
def test_a_server_that_refuses_for_now_is_tried_again_later(
    message, smtp_server, run_jobs, answer
):
    smtp_server.answer = answer

    run_jobs()

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 1)
    assert message.last_error == answer
    later = ProcrastinateJob.objects.get(status="todo").scheduled_at - timezone.now()
    assert timedelta(seconds=50) < later <= timedelta(minutes=1)
    assert not notes().exists()


def test_a_server_that_hangs_up_is_tried_again_later(message, smtp_server, run_jobs):
    smtp_server.hang_up = True

    run_jobs()

    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert message.last_error.startswith("SMTPServerDisconnected")


def test_a_server_that_is_away_is_tried_again_later(
    message, smtp_server, run_jobs, settings
):
    settings.EMAIL_PORT = 1

    run_jobs()

    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert message.last_error.startswith("ConnectionRefusedError")


def test_a_mail_gets_through_when_the_server_is_back(message, smtp_server):
    smtp_server.answer = "451 later"
    delivery.attempt(message.pk)
    smtp_server.answer = "250 OK"

    delivery.attempt(message.pk)

    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == (State.SENT, 2, "")


def test_a_server_that_refuses_for_good_ends_it_with_a_note(
    message, smtp_server, run_jobs, settings
):
    smtp_server.answer = f"550 no such user, saw {settings.BASE_URL}/{'a' * 43}/"

    delivery.attempt(message.pk)
    smtp_server.answer = "250 OK"
    run_jobs()

    message.refresh_from_db()
    assert message.state == State.FAILED
    assert message.last_error == f"550 no such user, saw {settings.BASE_URL}/…/"
    [mail] = smtp_server.messages
    assert mail["To"] == settings.SUPPORT_EMAIL
    assert (
        f"/beheer/mail/message/{message.pk}/change/"
        in mail.get_body("plain").get_content()
    )


def test_no_note_is_written_about_a_note(message, smtp_server, run_jobs):
    smtp_server.answer = "550 never"

    run_jobs()

    assert [note.state for note in notes()] == [State.FAILED]


def test_a_mail_is_given_up_after_the_last_attempt(message, smtp_server):
    Message.objects.update(attempts=delivery.ATTEMPTS - 1)
    smtp_server.answer = "451 later"

    delivery.attempt(message.pk)

    message.refresh_from_db()
    assert message.state == State.FAILED
    assert notes().count() == 1


def test_the_pauses_grow_and_last_three_days():
    pauses = [delivery.pause(attempts) for attempts in range(1, delivery.ATTEMPTS)]

    assert pauses[:3] == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert pauses == sorted(pauses)
    assert timedelta(days=2.8) < sum(pauses, timedelta()) < timedelta(days=3.2)


def test_a_mail_that_cannot_be_rendered_ends_with_a_note(
    message, smtp_server, run_jobs
):
    Message.objects.update(links={"page": ["no such purpose", 1, 1]})

    run_jobs()

    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.FAILED, "KeyError")
    assert len(smtp_server.messages) == 1  # the note


def test_a_crash_after_the_server_took_it_sends_the_same_mail_again(
    message, smtp_server
):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    other.inc_thread_sharing()

    def cut():
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        other.close()

    smtp_server.before_answer = cut
    with pytest.raises(OperationalError):
        delivery.attempt(message.pk)
    connection.close()
    smtp_server.before_answer = lambda: None
    delivery.attempt(message.pk)

    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"]
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 1)


def test_a_job_deferred_within_a_job_is_rolled_back_with_it(message):
    worker = app.replace_connector(app.connector.get_worker_connector())

    with worker, transaction.atomic():
        services.defer_sending(message)
        transaction.set_rollback(True)

    assert ProcrastinateJob.objects.count() == 1


def test_what_a_killed_worker_was_doing_is_taken_up(message, smtp_server, run_jobs):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour') RETURNING id"
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing',"
            " worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
    tasks.retry_stalled_jobs.defer(timestamp=0)

    run_jobs()
    run_jobs()

    assert len(smtp_server.messages) == 1

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from audit.models import Event
from mail import rendering, services
from mail.models import Message, State

pytestmark = pytest.mark.django_db
NOTE = "mail/emails/undeliverable"
VALUES = {
    "to": "jan@voorbeeld.example",
    "undelivered": "Je aanvraag",
    "reason": "550 nee",
    "page": "http://127.0.0.1:8000/",
}


@pytest.fixture
def staff():
    return User.objects.create_user("support", "support@portal.example", is_staff=True)


@pytest.fixture
def write(staff):
    def write(to="klant@voorbeeld.example", **options):
        options = {"language": "nl", "about": staff, "context": VALUES, **options}
        return services.send(NOTE, to=to, **options)

    return write


def set_state(message, state):
    message.state = state
    message.sent_at = timezone.now() if state == State.SENT else None
    message.save()


def test_send_writes_a_row_and_one_job(write):
    message = write()

    assert message.state == State.QUEUED
    assert message.subject_line == "Een mail aan jan@voorbeeld.example is niet bezorgd"
    [job] = ProcrastinateJob.objects.all()
    assert job.task_name == "mail.tasks.send_message"
    assert job.args == {"message_id": str(message.pk)}


def test_send_leaves_nothing_when_its_cause_is_rolled_back(write):
    with transaction.atomic():
        write()
        transaction.set_rollback(True)

    assert not Message.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_send_waits_until_the_moment_that_was_asked_for(write):
    tomorrow = timezone.now() + timedelta(days=1)

    write(not_before=tomorrow)

    assert ProcrastinateJob.objects.get().scheduled_at == tomorrow


@pytest.mark.parametrize(
    "to",
    [
        "a@b.nl,c@d.nl",
        "a@b.nl\nBcc: c@d.nl",
        "Jan <a@b.nl>",
        "a@[127.0.0.1]",
        "a b@c.nl",
        "",
    ],
)
def test_send_writes_to_one_address_only(write, to):
    with pytest.raises(IntegrityError), transaction.atomic():
        write(to=to)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
def test_no_value_can_begin_a_header(write, newline):
    message = write(context={**VALUES, "to": f"Jan{newline}Bcc: x@y.example"})

    mail = rendering.email(message).message()

    assert mail["Subject"] == "Een mail aan Jan Bcc: x@y.example is niet bezorgd"
    assert mail["Bcc"] is None


def test_email_is_the_same_mail_at_every_attempt(write):
    message = write()

    first, second = (rendering.email(message).message() for _ in range(2))

    assert first["Message-ID"] == second["Message-ID"] == f"<{message.pk}@127.0.0.1>"
    assert first["Date"] == second["Date"]
    assert message.created_at - parsedate_to_datetime(first["Date"]) < timedelta(
        seconds=1
    )
    assert first["Auto-Submitted"] == "auto-generated"


def test_email_escapes_in_html_and_not_in_text(write):
    message = write(context={**VALUES, "reason": "<b> & 'co'"})

    mail = rendering.email(message)

    assert "<b> & 'co'" in mail.body
    assert "&lt;b&gt; &amp; &#x27;co&#x27;" in mail.alternatives[0].content


def test_a_private_link_is_in_the_mail_and_not_in_the_database(write, settings):
    message = write(
        context={**VALUES, "page": ""}, links={"page": ["activation", 7, 1]}
    )

    body = rendering.email(message).body

    [link] = [line for line in body.splitlines() if line.startswith(settings.BASE_URL)]
    token = link.rstrip("/").rsplit("/", 1)[-1]
    assert len(token) == 43
    for table in ("mail_message", "procrastinate_jobs"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert token not in cursor.fetchone()[0]
    assert token not in rendering.text_without_links(message)
    assert "[persoonlijke link]" in rendering.text_without_links(message)


def test_resend_tries_a_failed_mail_anew(write, staff):
    message = write()
    set_state(message, State.FAILED)

    services.resend(message, by=staff)

    assert Message.objects.get().state == State.QUEUED
    assert ProcrastinateJob.objects.count() == 2
    assert Event.objects.get().kind == "message.resent"


def test_resend_copies_a_mail_that_went_out(write, staff):
    message = write(links={"page": ["activation", 7, 1]})
    set_state(message, State.SENT)

    services.resend(message, by=staff)

    [copy] = message.copies.all()
    assert (copy.to, copy.links, copy.about) == (message.to, message.links, staff)
    assert copy.state == State.QUEUED
    assert Event.objects.get().by == staff


@pytest.mark.parametrize("state", [State.FAILED, State.SENT])
def test_resend_refuses_a_second_click(write, staff, state):
    message = write()
    set_state(message, state)
    services.resend(message, by=staff)

    with pytest.raises(services.StillQueued):
        services.resend(message, by=staff)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", [State.FAILED, State.SENT])
def test_resend_by_two_people_at_once_sends_one_mail(write, staff, state):
    message = write()
    set_state(message, state)

    def resend(_):
        try:
            services.resend(message, by=staff)
        except services.StillQueued:
            return False
        finally:
            connection.close()
        return True

    for _ in range(5):
        with ThreadPoolExecutor(4) as people:
            assert sum(people.map(resend, range(4))) == 1
        for queued in Message.objects.queued():
            set_state(queued, state)


def test_next_slot_gives_an_address_three_mails_an_hour(write, settings):
    for _ in range(3):
        assert services.next_slot("Klant@voorbeeld.example") is None
        write()

    slot = services.next_slot("Klant@voorbeeld.example")

    assert timedelta(minutes=59) < slot - timezone.now() <= timedelta(hours=1)
    assert services.next_slot("ander@voorbeeld.example") is None


def test_next_slot_counts_what_still_has_to_go(write):
    for _ in range(6):
        write(not_before=services.next_slot("klant@voorbeeld.example"))

    slot = services.next_slot("klant@voorbeeld.example")

    assert timedelta(minutes=119) < slot - timezone.now() <= timedelta(hours=2)


def test_next_slot_is_now_again_after_an_hour(write):
    for _ in range(3):
        write()
    Message.objects.update(not_before=timezone.now() - timedelta(minutes=61))

    assert services.next_slot("klant@voorbeeld.example") is None


def test_send_is_about_something_that_can_be_found_back(write, staff):
    write()

    about = ContentType.objects.get_for_model(User)
    assert Message.objects.filter(about_type=about, about_id=str(staff.pk)).exists()

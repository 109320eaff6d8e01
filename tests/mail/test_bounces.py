import base64
import json
import mailbox
from datetime import timedelta
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser

import pytest
from django.core import mail as outbox
from django.urls import reverse
from django.utils import timezone

from mail import bounces, delivery, services
from mail.models import Message, State
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOTE = "mail/emails/undeliverable"
SECRET = "provider:a long enough secret"


@pytest.fixture
def person():
    return UserFactory(email="anna@klant.example")


@pytest.fixture
def message(person):
    """A mail to Anna that was handed over to her mail server."""
    message = services.send(
        "accounts/emails/new_device",
        to=person.email,
        language="nl",
        about=person,
        context={
            "name": person.name,
            "username": person.username,
            "device": "Firefox",
            "address": "198.51.100.7",
            "moment": "nu",
        },
    )
    delivery.attempt(str(message.pk))
    message.refresh_from_db()
    assert message.state == State.SENT
    return message


@pytest.fixture
def maildir(settings, tmp_path):
    settings.BOUNCE_MAILDIR = str(tmp_path / "bounces")
    return mailbox.Maildir(settings.BOUNCE_MAILDIR)


def report(message_id, action="failed", status="5.1.1", headers_only=False):
    """What a mail server sends back (RFC 3464)."""
    whole = MIMEMultipart("report", report_type="delivery-status")
    whole["Subject"] = "Undelivered Mail Returned to Sender"
    whole.attach(MIMEText("I'm sorry to have to inform you"))
    fields = MIMEMessage(
        HeaderParser().parsestr("Reporting-MTA: dns; mx.klant.example")
    )
    fields.set_type("message/delivery-status")
    fields.get_payload().append(
        HeaderParser().parsestr(
            f"Final-Recipient: rfc822; anna@klant.example\nAction: {action}\n"
            f"Status: {status}\nDiagnostic-Code: smtp; 550 5.1.1 No such user"
        )
    )
    whole.attach(fields)
    head = f"Message-ID: {message_id}\nSubject: Hallo\n\n"
    if headers_only:
        returned = MIMEText(head)
        returned.set_type("text/rfc822-headers")
    else:
        returned = MIMEMessage(HeaderParser().parsestr(head))
    whole.attach(returned)
    return whole


def id_of(message):
    return f"<{message.pk}@localhost>"


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_mail_that_comes_back_is_marked_and_support_told_once(
    message, maildir, headers_only
):
    for _again in range(2):
        maildir.add(report(id_of(message), headers_only=headers_only))
        bounces.read_maildir()

    message.refresh_from_db()
    assert message.state == State.BOUNCED
    assert message.last_error == "smtp; 550 5.1.1 No such user"
    assert services.is_unreachable("Anna@klant.example")
    assert Message.objects.filter(template=NOTE, about_id=message.pk).count() == 1
    assert len(maildir) == 0


@pytest.mark.parametrize(
    "came",
    [
        lambda one: report(id_of(one), action="delayed", status="4.4.1"),
        lambda one: report(id_of(one), status="4.2.2"),
        lambda _one: report("<11111111-2222-3333-4444-555555555555@localhost>"),
        lambda _one: report("<somebody-elses@mx.example>"),
        lambda _one: MIMEText("Ik ben tot maandag afwezig."),
        lambda _one: b"Content-Type: message/rfc822\n",
    ],
    ids=["later", "full", "unknown", "foreign", "a reply", "broken"],
)
def test_any_other_mail_changes_nothing_and_is_kept(message, maildir, came):
    maildir.add(came(message))

    bounces.read_maildir()
    bounces.read_maildir()

    message.refresh_from_db()
    assert message.state == State.SENT
    assert [one.get_subdir() for one in maildir] == ["cur"]


def test_what_comes_back_goes_to_an_address_for_it(settings, person, message):
    settings.BOUNCE_ADDRESS = "bounces@portaal.example"
    services.resend(message, by=person)

    delivery.attempt(str(message.copies.get().pk))

    sent = outbox.outbox[-1]
    assert sent.from_email == "bounces@portaal.example"
    assert sent.message()["From"] == settings.DEFAULT_FROM_EMAIL


def tells(client, secret=SECRET, **event):
    credentials = base64.b64encode(secret.encode()).decode()
    told = {"RecordType": "Bounce", "Type": "HardBounce", "MessageID": "its own"}
    return client.post(
        reverse("mail_delivery"),
        json.dumps({**told, "Email": "anna@klant.example", **event}),
        content_type="application/json",
        headers={"Authorization": f"Basic {credentials}"},
    )


@pytest.fixture
def provider(settings):
    settings.MAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.mark.usefixtures("provider")
def test_a_provider_tells_that_a_mail_came_back(client, message):
    answer = tells(client, Description="The address does not exist.")

    message.refresh_from_db()
    assert answer.status_code == 200
    assert message.state == State.BOUNCED
    assert message.last_error == "The address does not exist."


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    "told",
    [
        {"secret": "provider:another"},
        {"Type": "Transient"},
        {"Email": "niemand@klant.example"},
        {"RecordType": "Delivery"},
    ],
)
def test_a_provider_who_tells_something_else_changes_nothing(client, message, told):
    tells(client, **told)

    message.refresh_from_db()
    assert message.state == State.SENT


def test_without_a_provider_nobody_tells_anything(client, message):
    assert tells(client).status_code == 404


def test_who_missed_a_mail_reads_it_and_has_it_sent_anew(client, person, message):
    bounces.came_back(message, "550 No such user")
    client.force_login(person)
    url = reverse("organisations:my_mail")

    assert (
        "Onze mail komt niet bij je aan" in client.get(reverse("organisations:me")).text
    )
    page = client.get(url).text
    assert message.subject_line in page
    assert "Firefox" in page
    client.post(url)

    copy = message.copies.get()
    delivery.attempt(str(copy.pk))
    assert not services.is_unreachable(person.email)
    assert "Er zijn geen mails aan jou" in client.get(url).text


@pytest.mark.parametrize(("hours", "unreachable"), [(1, True), (25, False)])
def test_a_later_mail_counts_as_arrived_when_it_did_not_come_back(
    person, message, hours, unreachable
):
    bounces.came_back(message, "550 No such user")
    services.resend(message, by=person)
    later = message.copies.get()
    delivery.attempt(str(later.pk))
    sent_at = timezone.now() - timedelta(hours=hours)
    Message.objects.filter(pk=later.pk).update(sent_at=sent_at, copy_of=None)

    assert services.is_unreachable(person.email) is unreachable


def test_nobody_reads_what_was_sent_to_another(client, message):
    bounces.came_back(message, "550 No such user")
    client.force_login(UserFactory(email="bram@klant.example"))

    assert message.subject_line not in client.get(reverse("organisations:my_mail")).text


def test_who_has_an_address_later_does_not_read_its_old_mail(client, message):
    bounces.came_back(message, "550 No such user")
    later = UserFactory(email="anna@klant.example", date_joined=timezone.now())
    client.force_login(later)

    assert message.subject_line not in client.get(reverse("organisations:my_mail")).text


def test_support_sees_that_mail_to_a_person_does_not_arrive(client, person, message):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    url = reverse("admin:accounts_user_change", args=[person.pk])
    assert "Er kwam niets terug van dit adres." in client.get(url).text

    bounces.came_back(message, "550 No such user")

    assert "Onze mail komt niet aan op dit adres." in client.get(url).text

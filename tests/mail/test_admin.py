import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mail import rendering, services
from mail.models import Message, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    user = User.objects.create_user("support", "support@portal.example", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_message", "resend_message"])
    )
    client.force_login(user)
    return user


@pytest.fixture
def message(staff):
    message = services.send(
        "mail/emails/undeliverable",
        to="klant@voorbeeld.example",
        language="nl",
        about=staff,
        context={"to": "jan@voorbeeld.example", "undelivered": "x", "reason": "y"},
        links={"page": ["activation", 7, 1]},
    )
    Message.objects.update(
        state=State.FAILED, attempts=1, last_error="550 onbekende gebruiker"
    )
    return message


def page(name, *args):
    return reverse(f"admin:mail_message_{name}", args=args)


def test_the_list_shows_how_each_mail_went(client, message):
    html = client.get(page("changelist"), {"q": "klant@"}).text

    assert "Niet te bezorgen (1 pogingen): 550 onbekende gebruiker" in html
    assert "klant@voorbeeld.example" in html


def test_a_whole_address_finds_its_own_mails(client, message, staff):
    services.send(
        message.template, to="deklant@voorbeeld.example", language="nl", about=staff
    )

    def found(words):
        return (
            client.get(page("changelist"), {"q": words}).context_data["cl"].result_count
        )

    assert [found("klant@"), found("Klant@voorbeeld.example")] == [2, 1]
    assert (
        found("lant@voorbeeld.example") == 2
    )  # nobody's: then all that have it in them


def test_the_list_takes_no_query_per_mail(
    client, message, staff, django_assert_max_num_queries
):
    for _ in range(10):
        services.send(message.template, to="a@b.example", language="nl", about=staff)
    client.get("/ondersteuning/")  # the first page of a session notes it

    with django_assert_max_num_queries(12):
        client.get(page("changelist"))


def test_a_mail_is_read_without_its_private_link(client, message):
    html = client.get(page("change", message.pk)).text

    token = rendering.email(message).body.split("/activeren/")[1].split("/")[0]
    assert "De mail &quot;x&quot; aan jan@voorbeeld.example" in html
    assert "[persoonlijke link]" in html
    assert token not in html


def test_resend_asks_first_and_then_sends(client, message):
    asked = client.get(page("resend", message.pk))
    message.refresh_from_db()
    assert message.state == State.FAILED
    assert "Opnieuw versturen" in asked.text

    client.post(page("resend", message.pk))
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_resend_tells_when_it_is_under_way_already(client, message):
    client.post(page("resend", message.pk))

    answer = client.post(page("resend", message.pk), follow=True)

    assert "Deze mail is al onderweg." in answer.text


def test_resend_needs_its_own_permission(client, message, staff):
    staff.user_permissions.remove(Permission.objects.get(codename="resend_message"))

    assert client.post(page("resend", message.pk)).status_code == 403
    assert "/opnieuw/" not in client.get(page("change", message.pk)).text


def test_nobody_adds_changes_or_deletes_a_mail(client, message, staff):
    staff.is_superuser = True
    staff.save()

    assert client.get(page("add")).status_code == 403
    assert client.post(page("delete", message.pk)).status_code == 403
    assert client.post(page("change", message.pk), {"to": "x@y.nl"}).status_code == 403


def test_a_mail_about_something_that_is_gone_can_still_be_read(client, message):
    Message.objects.update(about_id="999999", sent_at=timezone.now())

    assert client.get(page("changelist")).status_code == 200
    assert client.get(page("change", message.pk)).status_code == 200

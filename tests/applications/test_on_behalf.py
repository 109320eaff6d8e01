"""An application that staff begin for somebody who called."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from applications.models import Application, Status
from audit.models import Event
from mail import private_links
from mail.models import Message
from tests.applications.filling import TYPED, fill_in_all, send
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

BEGIN = reverse("admin:applications_application_begin")
QUEUE = reverse("admin:applications_application_changelist")
TOLD = {
    "name": "Test BV Donald",
    "kvk_number": "68750110",
    "email": "katrien@donald.example",
    "language": "nl",
}


def colleague(group="intake"):
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def link():
    mail = Message.objects.get(template="applications/emails/begun_for_you")
    return private_links.address(*mail.links["resume_url"])


def test_who_called_gets_the_link_and_completes_the_application(client):
    client.force_login(inge := colleague())
    assert BEGIN in client.get(QUEUE).text

    said = client.post(BEGIN, TOLD, follow=True).text

    assert "is gemaild naar katrien@donald.example." in said
    assert Event.objects.get(kind="application.begun_for_caller").by == inge
    client.logout()
    assert "voor Test BV Donald met je begonnen" in client.get(link()).text
    client.post(link())
    step = client.get("/aanvragen/organisatie/").text
    assert 'value="68750110"' in step
    assert 'value="Test BV Donald"' in step
    fill_in_all(client)
    send(client)
    application = Application.objects.get()
    assert application.status == Status.SUBMITTED
    assert application.contact_email == TYPED["contactpersonen"]["contract_email"]
    assert application.email_confirmed_at is None


def test_a_glance_at_the_link_takes_nothing(client):
    client.force_login(colleague())
    client.post(BEGIN, TOLD)
    client.logout()

    client.get(link())

    assert 'value="68750110"' not in client.get("/aanvragen/organisatie/").text


def test_staff_do_not_see_what_was_not_sent_in(client):
    client.force_login(colleague())
    client.post(BEGIN, TOLD, follow=True)

    assert "donald" not in client.get(QUEUE, {"status": "all"}).text.lower()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kvk_number": "1"}, "8 cijfers"),
        ({"email": "nergens"}, "e-mailadres"),
        ({"name": ""}, "Vul de naam van de organisatie in."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_mailed(client, wrong, said):
    client.force_login(colleague())

    html = client.post(BEGIN, TOLD | wrong).text

    assert said in html
    assert not Message.objects.exists()
    assert not Application.objects.exists()


def test_one_that_runs_already_is_told_and_may_be_passed(client):
    running = ApplicationFactory(kvk_number="68750110")
    client.force_login(colleague())

    html = client.post(BEGIN, TOLD).text
    assert f"Voor dit KVK-nummer loopt al: {running.reference}." in html
    client.post(BEGIN, TOLD | {"anyway": "on"})

    assert Application.objects.filter(status=Status.DRAFT).count() == 1


def test_an_address_gets_no_more_than_its_share(client, settings):
    settings.MAIL_PER_ADDRESS_PER_HOUR = 2
    client.force_login(colleague())

    pages = [client.post(BEGIN, TOLD | {"anyway": "on"}) for _ in range(3)]

    assert [page.status_code for page in pages] == [302, 302, 200]
    assert "al genoeg mails gegaan" in pages[-1].text
    assert Application.objects.count() == 2


@pytest.mark.parametrize("group", ["contracten", "support"])
def test_only_intake_begins(client, group):
    client.force_login(colleague(group))

    assert BEGIN not in client.get(QUEUE).text
    assert client.post(BEGIN, TOLD).status_code == 403
    assert not Application.objects.exists()

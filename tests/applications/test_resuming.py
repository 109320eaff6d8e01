"""*Later verdergaan*: what was typed is kept, and taken up again by a link."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from applications.models import Application
from applications.services import drafting
from mail import private_links
from mail.models import Message
from tests.applications.filling import CHECK, LATER, SENT, fill_in, later, send

pytestmark = pytest.mark.django_db


def test_save_for_later_keeps_a_step_half_filled_in_and_proposes_the_address(client):
    fill_in(client, "contactpersonen")

    answer = fill_in(client, "account", account_email="half", later="1")

    assert answer.url == LATER
    assert 'value="katrien@donald.example"' in client.get(LATER).text
    assert 'value="half"' in client.get("/aanvragen/account/").text


def test_save_for_later_mails_a_link_with_which_another_browser_goes_on(client):
    fill_in(client, "apis", key_name="Bewaarde key")
    link = later(client)
    other = Client()

    assert "Verdergaan" in other.get(link).text
    assert "Aanvraag beginnen" in other.get("/aanvragen/").text  # a mail scanner, too
    assert other.post(link).url == "/aanvragen/organisatie/"
    assert 'value="Bewaarde key"' in other.get("/aanvragen/apis/").text


def test_resume_leads_to_the_check_when_all_is_filled_in(filled_in):
    link, other = later(filled_in), Client()

    assert other.post(link).url == CHECK
    assert send(other).url == SENT


def test_save_for_later_can_be_left_for_where_one_was(client):
    fill_in(client, "apis")

    assert f'href="{CHECK}"' in client.get(LATER).text
    assert client.get(CHECK).url == "/aanvragen/organisatie/"


def test_save_for_later_says_where_the_link_went(client):
    fill_in(client, "apis")

    page = client.post(LATER, {"email": "katrien@donald.example"}).text

    assert "De link is verstuurd" in page
    assert "katrien@donald.example" in page


def test_save_for_later_refuses_what_is_no_address(client):
    fill_in(client, "apis")

    page = client.post(LATER, {"email": "katrien@"}).text

    assert '<a href="#id_email">' in page
    assert 'value="katrien@"' in page
    assert not Message.objects.exists()


def test_save_for_later_bombs_nobodys_mailbox(client, settings):
    settings.MAIL_PER_ADDRESS_PER_HOUR = 2
    fill_in(client, "apis")

    pages = [
        client.post(LATER, {"email": "vreemde@elders.example"}).text for _ in range(3)
    ]

    assert ["De link is verstuurd" in page for page in pages] == [True, True, False]
    assert "Probeer het later nog eens." in pages[2]
    assert Message.objects.count() == 2


def test_save_for_later_without_anything_typed_leads_to_the_start(client):
    assert client.get(LATER).url == "/aanvragen/"
    assert client.post(LATER, {"email": "katrien@donald.example"}).url == "/aanvragen/"


def unknown(_client):
    return "/aanvragen/verder/" + "x" * 43 + "/"


def sent_meanwhile(client):
    link = later(client)
    send(client)
    return link


def discarded(client):
    link = later(client)
    Application.objects.update(expires_at=timezone.now() - timedelta(days=2))
    drafting.discard_expired()
    return link


def expired(client):
    link = later(client)
    Application.objects.update(expires_at=timezone.now() - timedelta(days=2))
    return link


def of_another_purpose(client):
    send(client)
    token = private_links.token(*Application.objects.get().link)
    return f"/aanvragen/verder/{token}/"


@pytest.mark.parametrize(
    "make",
    [
        unknown,
        sent_meanwhile,
        discarded,
        of_another_purpose,
        expired,
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_resume_with_a_link_that_is_no_good_says_nothing_but_that(
    filled_in, make, method
):
    link = make(filled_in)
    other = Client()

    answer = getattr(other, method)(link)

    assert answer.status_code == 404
    assert "Deze link werkt niet (meer)" in answer.text
    assert "Donald" not in answer.text
    assert "Aanvraag beginnen" in other.get("/aanvragen/").text

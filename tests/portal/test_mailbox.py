"""The mailbox of development: what the portal sent, to be read in the browser."""

import re

import pytest
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

LINK = "http://127.0.0.1:8000/aanvraag/abc/"


@pytest.fixture
def mailed(settings, tmp_path):
    """A mail with both bodies and a file, as the worker hands it over."""
    settings.DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "mail.mailbox.EmailBackend"
    mail = EmailMultiAlternatives(
        "Je overeenkomst", f"Volg je aanvraag: {LINK}", to=["inkoop@donald.example"]
    )
    mail.attach_alternative(
        f'<a href="{LINK}">Volg</a><script>x()</script>', "text/html"
    )
    mail.attach("overeenkomst.pdf", b"%PDF-1.7 x", "application/pdf")
    mail.send()


def opened(client):
    inbox = client.get(reverse("mailbox:inbox")).text
    return re.search(r'href="(/mailbox/[\w-]+/)"', inbox)[1]


def test_inbox_shows_what_was_sent(client, mailed):
    html = client.get(reverse("mailbox:inbox")).text

    assert "Je overeenkomst" in html
    assert "inkoop@donald.example" in html


def test_a_mails_links_work(client, mailed):
    html = client.get(opened(client)).text

    assert f'<a href="{LINK}"' in html


def test_the_markup_of_a_mail_runs_nothing(client, mailed):
    shown = client.get(f"{opened(client)}html/")

    assert f'<a href="{LINK}">' in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "script-src 'none'" in shown.headers["Content-Security-Policy"]


def test_an_attachment_is_a_download(client, mailed):
    file = client.get(f"{opened(client)}0/")

    assert file.content == b"%PDF-1.7 x"
    assert "overeenkomst.pdf" in file.headers["Content-Disposition"]


@pytest.mark.parametrize("path", ["nothing/", "nothing/html/", "nothing/0/"])
def test_a_mail_that_is_not_there_is_not_found(client, mailed, path):
    assert client.get(f"/mailbox/{path}").status_code == 404


def test_an_empty_mailbox_says_so(client, settings, tmp_path):
    settings.DATA_DIR = tmp_path

    assert "Nog geen mail." in client.get(reverse("mailbox:inbox")).text

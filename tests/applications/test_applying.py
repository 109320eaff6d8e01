"""The pages of *Aanvragen*, as an applicant walks through them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from lxml import html

from apikeys.models import Product
from applications.models import Application, DocumentKind, DocumentTemplate, Status
from applications.services import drafting
from mail import private_links
from mail.models import Message
from tests.applications.filling import (
    CHECK,
    FOLLOWED_BY,
    LATER,
    SENT,
    TYPED,
    fill_in,
    fill_in_all,
    later,
    send,
)
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def shown(page):
    """What the form on a page holds, as a browser would send it."""
    forms = html.fromstring(page.text).forms
    values = next(form for form in forms if "website" in form.fields).form_values()
    chosen = [value for name, value in values if name == "products"]
    one_each = {name: value.lstrip() for name, value in values}
    return one_each | {"products": chosen}


def test_start_says_what_one_needs_before_anything_is_asked(client):
    page = client.get("/aanvragen/").text

    assert "Je organisatie heeft een KVK-nummer." in page
    assert "Iemand die voor de organisatie mag tekenen" in page
    assert "Wat heb je bij de hand nodig?" in page
    assert 'href="/aanvragen/apis/">Aanvraag beginnen</a>' in page
    assert not Application.objects.exists()


def test_start_offers_to_go_on_with_what_this_browser_began(client):
    fill_in(client, "apis")

    assert "Verder met je aanvraag" in client.get("/aanvragen/").text
    assert "Aanvraag beginnen" in Client().get("/aanvragen/").text


def test_step_leads_from_page_to_page_to_the_confirmation(client):
    for slug, following in FOLLOWED_BY.items():
        assert client.get(f"/aanvragen/{slug}/").status_code == 200
        assert fill_in(client, slug).url == f"/aanvragen/{following}/"
    sent = send(client)

    assert sent.url == SENT
    assert Application.objects.get().status == Status.SUBMITTED


def test_step_says_where_one_is_and_what_is_done(client):
    fill_in(client, "apis")

    page = client.get("/aanvragen/organisatie/").text

    assert "Stap 2 van 6" in page
    assert page.count('aria-current="step"') == 1
    assert '<a href="/aanvragen/apis/">' in page
    assert '<a href="/aanvragen/account/">' not in page


def test_step_that_does_not_exist_is_not_found(client):
    assert client.get("/aanvragen/gegevens/").status_code == 404


@pytest.mark.parametrize("slug", TYPED)
def test_step_shows_again_what_was_typed(filled_in, slug):
    for _reload in range(2):
        answers = shown(filled_in.get(f"/aanvragen/{slug}/"))
        assert answers | TYPED[slug] == answers


def test_step_gone_back_to_keeps_the_later_ones(filled_in):
    filled_in.get("/aanvragen/apis/")

    fill_in(filled_in, "apis", key_name="Acceptatie")

    check = filled_in.get(CHECK).text
    assert "Acceptatie" in check
    assert "Willie Wortel" in check
    assert Application.objects.count() == 1


def test_step_sent_twice_makes_one_draft(client):
    answers = [fill_in(client, "apis").url for _click in range(2)]

    assert answers == ["/aanvragen/organisatie/"] * 2
    assert Application.objects.count() == 1


def test_step_proposes_what_an_earlier_one_knows(client):
    fill_in(client, "contactpersonen")

    proposed = shown(client.get("/aanvragen/account/"))
    assert proposed["account_name"] == "Katrien Duck"
    assert proposed["account_email"] == "katrien@donald.example"


@pytest.mark.parametrize("first", ["organisatie", "account", "betaling"])
def test_step_out_of_order_is_kept_and_check_leads_to_the_one_that_lacks(client, first):
    assert fill_in(client, first).url == f"/aanvragen/{FOLLOWED_BY[first]}/"

    lacking = client.get(CHECK, follow=True)

    assert lacking.redirect_chain == [("/aanvragen/apis/", 302)]
    assert "Deze stap is nog niet klaar." in lacking.text
    answers = shown(client.get(f"/aanvragen/{first}/"))
    assert answers | TYPED[first] == answers


WRONG = [
    ("apis", "products", [], "id_products_0", "Kies minstens één abonnement."),
    ("organisatie", "kvk_number", "6875011", "id_kvk_number", "KVK-nummer"),
    ("organisatie", "rsin", "857587974", "id_rsin", "Dit RSIN klopt niet"),
    ("contactpersonen", "contract_email", "katrien", "id_contract_email", "Vul één"),
    ("contactpersonen", "signing", "", "id_signing_0", "Kies hoe de tekenbevoegdheid"),
    ("account", "username", "dónald", "id_username", "een teken dat niet kan"),
    ("betaling", "iban", "NL92ABNA0417164300", "id_iban", "IBAN"),
]


@pytest.mark.parametrize(("slug", "field", "value", "control", "why"), WRONG)
def test_step_with_a_wrong_answer_says_so_and_keeps_it(
    client, slug, field, value, control, why
):
    page = fill_in(client, slug, **{field: value})

    assert page.status_code == 200
    assert "<title>Fout:" in page.text
    summary = page.text.split('role="alert"')[1].split("</ul>")[0]
    assert f'<a href="#{control}">' in summary
    assert why in summary
    assert f'id="{control}"' in page.text
    for kept in (page, client.get(f"/aanvragen/{slug}/")):
        assert shown(kept).get(field, "") == value


def test_step_and_check_show_markup_as_the_text_it_is(client):
    name = '"><script>alert(1)</script>'
    fill_in_all(client, name=name)

    step, check = client.get("/aanvragen/organisatie/"), client.get(CHECK)

    assert shown(step)["name"] == name
    assert "&gt;&lt;script&gt;alert(1)" in check.text
    assert "<script>alert" not in step.text + check.text


def test_check_shows_everything_with_a_way_to_change_each_part(filled_in):
    page = filled_in.get(CHECK).text

    for shown in ("68750110", "Katrien Duck", "donald", "NL91 ABNA 0417 1643 00"):
        assert shown in page
    assert "Besloten vennootschap" in page
    for slug in TYPED:
        assert f'href="/aanvragen/{slug}/?change=1">Wijzigen' in page


def test_step_changed_from_the_check_leads_back_to_it(filled_in):
    url = "/aanvragen/account/?change=1"
    assert f'action="{url}"' in filled_in.get(url).text

    answer = filled_in.post(url, TYPED["account"] | {"account_name": "Dagobert"})

    assert answer.url == CHECK
    assert "Dagobert" in filled_in.get(CHECK).text


def test_check_without_anything_typed_leads_to_the_start(client):
    assert client.get(CHECK).url == "/aanvragen/"
    assert send(client).url == "/aanvragen/"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"consent": ""}, "Je kunt pas versturen als je akkoord gaat"),
        ({"website": "https://robot.example"}, "het houdt robots tegen"),
    ],
)
def test_check_sends_nothing_without_consent_or_for_a_robot(filled_in, changes, why):
    page = send(filled_in, **changes)

    assert page.status_code == 200
    assert why in page.text
    assert Application.objects.get().status == Status.DRAFT
    assert not Message.objects.exists()


def test_check_mails_the_private_link_to_the_applicant(filled_in):
    send(filled_in)

    message = Message.objects.get()
    assert message.to == "katrien@donald.example"
    assert message.template == "applications/emails/received"
    link = private_links.address(*message.links["status_url"])
    page = Client().get(link).text
    assert Application.objects.get().reference in page


def test_check_sent_twice_is_one_application_and_one_mail(filled_in):
    answers = [send(filled_in).url for _click in range(2)]

    assert answers == [SENT, SENT]
    assert filled_in.get(CHECK).url == SENT
    assert Application.objects.get().status == Status.SUBMITTED
    assert Message.objects.count() == 1


@pytest.fixture
def committed_catalogue(transactional_db):
    """What a migration made, and a test that commits may have emptied before."""
    Product.objects.get_or_create(slug="api-abonnement", defaults={"name": "API's"})
    DocumentTemplate.objects.get_or_create(
        kind=DocumentKind.TERMS,
        version="1.0",
        defaults={
            "title": "Voorwaarden",
            "valid_from": timezone.localdate(),
            "published_at": timezone.now(),
        },
    )


@pytest.mark.django_db(transaction=True)
def test_check_sent_twice_at_once_is_one_application_and_one_mail(
    committed_catalogue, filled_in
):
    barrier = Barrier(2)
    cookie = filled_in.cookies["sessionid"].value

    def click(_number):
        browser = Client()
        browser.cookies["sessionid"] = cookie
        barrier.wait()
        try:
            return send(browser).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, range(2))) == [302, 302]
    assert Application.objects.get().status == Status.SUBMITTED
    assert Message.objects.count() == 1


def test_check_asks_again_when_the_terms_changed_meanwhile(filled_in):
    old = drafting.terms_in_force()
    new = DocumentTemplate.objects.create(
        published_at=timezone.now(),
        kind=DocumentKind.TERMS,
        title=old.title,
        version="2.0",
        valid_from=timezone.localdate(),
        source=old.source,
    )

    page = filled_in.post(CHECK, {"terms": old.pk, "consent": "on"}, follow=True)

    assert page.redirect_chain == [(CHECK, 302)]
    assert "De voorwaarden zijn net veranderd." in page.text
    assert "versie 2.0" in page.text
    assert f'href="/aanvragen/voorwaarden/{new.pk}/"' in page.text
    assert "checked" not in page.text
    assert Application.objects.get().status == Status.DRAFT
    send(filled_in)
    assert Application.objects.get().terms == new


@pytest.mark.parametrize("typed", ["willie", "Willie"])
def test_check_with_a_taken_username_asks_for_another_and_not_whose_it_is(
    client, typed
):
    UserFactory(
        username="willie", name="Zwarte Magica", email="magica@vesuvius.example"
    )
    fill_in_all(client, username=typed)

    page = client.get(send(client).url)

    assert "Deze gebruikersnaam is niet beschikbaar." in page.text
    assert '<a href="#id_username">' in page.text
    assert 'action="/aanvragen/account/?change=1"' in page.text
    assert "agica" not in page.text
    assert not Message.objects.exists()
    corrected = TYPED["account"] | {"username": "willie2"}
    saved = client.post("/aanvragen/account/?change=1", corrected)
    assert saved.url == CHECK  # the other steps are done
    assert send(client).url == SENT
    assert Application.objects.get().username.name == "willie2"


def test_terms_can_be_read_before_agreeing(client):
    answer = client.get(f"/aanvragen/voorwaarden/{drafting.terms_in_force().pk}/")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("inline")
    assert answer.content.startswith(b"%PDF-")


def test_terms_are_the_only_template_that_is_shown(client):
    other = DocumentTemplate.objects.get(kind=DocumentKind.CONTRACT)

    assert client.get(f"/aanvragen/voorwaarden/{other.pk}/").status_code == 404


@pytest.mark.parametrize("method", ["direct_debit", "invoice"])
def test_sent_says_what_comes_next_and_of_the_mandate_only_if_chosen(client, method):
    fill_in_all(client, payment_method=method)
    send(client)

    pages = [client.get(SENT).text for _reload in range(2)]

    for page in pages:
        assert "Je aanvraag is verzonden" in page
        assert Application.objects.get().reference in page
        assert "katrien@donald.example" in page
        assert page.split("Hoe verder?")[1].count("<li class=") == 4
        assert ("incassomachtiging" in page) == (method == "direct_debit")
        assert 'href="/">Afsluiten</a>' in page


def test_sent_is_shown_to_nobody_else(filled_in):
    send(filled_in)

    assert Client().get(SENT).url == "/aanvragen/"


def test_step_in_a_tab_left_open_leads_to_what_was_sent(filled_in):
    send(filled_in)

    answer = fill_in(filled_in, "betaling")

    assert answer.url == SENT
    assert Application.objects.count() == 1


def test_sending_leaves_nothing_typed_behind_in_the_browser(filled_in):
    send(filled_in)

    assert "Katrien" not in filled_in.get("/aanvragen/contactpersonen/").text


def test_begin_is_refused_when_one_network_began_too_many(client, settings):
    settings.APPLICATIONS_PER_HOUR = 1
    fill_in(client, "apis")

    refused = fill_in(Client(), "apis")

    assert refused.status_code == 429
    assert "Even wachten" in refused.text
    assert Application.objects.count() == 1
    assert fill_in(client, "organisatie").status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert fill_in(elsewhere, "apis").status_code == 302


def test_a_draft_has_a_name(client):
    fill_in(client, "apis")

    assert str(Application.objects.get()) == "concept"


def test_begin_keeps_no_network_address(client):
    Client(REMOTE_ADDR="192.0.2.7").post("/aanvragen/apis/", TYPED["apis"])

    assert "192.0.2.7" not in str(Application.objects.values())


def test_pages_with_what_was_typed_are_kept_by_no_browser(filled_in):
    link = later(filled_in)
    pages = ["/aanvragen/account/", CHECK, LATER, link]

    for page in pages:
        answer = filled_in.get(page)
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store, private"
        assert answer["Referrer-Policy"] == "same-origin"


def test_everything_is_in_english_after_the_switch(client):
    switch = client.post("/taal/", {"language": "en", "next": "/aanvragen/account/"})
    assert switch.url == "/aanvragen/account/"

    wrong = fill_in(client, "account", username="")
    fill_in_all(client)
    send(client)

    assert '<html lang="en">' in wrong.text
    assert "Administrator" in wrong.text
    assert "Naam van de beheerder" not in wrong.text
    assert "Your application has been sent" in client.get(SENT).text
    assert Message.objects.get().language == "en"


def test_the_switch_to_english_halfway_loses_nothing_that_was_saved(client):
    fill_in(client, "apis")

    switch = {"language": "en", "next": "/aanvragen/apis/"}
    page = client.post("/taal/", switch, follow=True).text

    assert '<html lang="en">' in page
    assert 'value="Productie"' in page


def test_step_forgives_a_null_character(client):
    answer = fill_in(client, "organisatie", name="Test\0 BV")

    assert answer.status_code == 200
    assert Application.objects.get().answers["name"] == "Test BV"


def test_begin_counts_an_ipv6_network_as_one_office(client, settings):
    settings.APPLICATIONS_PER_HOUR = 2

    answers = [
        Client(REMOTE_ADDR=f"2001:db8::{n}").post("/aanvragen/apis/", TYPED["apis"])
        for n in range(3)
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 429]


def test_the_switch_to_english_keeps_what_was_just_typed(client):
    half = TYPED["apis"] | {"key_name": "Half getypt", "language": "en"}

    answer = client.post("/aanvragen/apis/?change=1", half)

    assert answer.url == "/aanvragen/apis/?change=1"
    page = client.get(answer.url).text
    assert '<html lang="en"' in page
    assert 'value="Half getypt"' in page
    assert 'form="stap" name="language"' in page


def test_start_leads_on_to_what_is_not_complete(client):
    fill_in(client, "apis")
    assert 'href="/aanvragen/organisatie/"' in client.get("/aanvragen/").text

    fill_in_all(client)
    assert f'href="{CHECK}"' in client.get("/aanvragen/").text

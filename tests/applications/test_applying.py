"""The pages of *Aanvragen*, as an applicant without JavaScript uses them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.services import reserve_username
from applications.models import Application, DocumentKind, DocumentTemplate, Status
from applications.services import drafting
from applications.steps import STEPS
from mail import private_links
from mail.models import Message
from tests.factories import filled_in

pytestmark = pytest.mark.django_db


def page(slug):
    return reverse("applications:step", args=[slug])


CHECK = reverse("applications:check")
SENT = reverse("applications:sent")


def typed(slug, **answers):
    """What a person types on one page."""
    step = next(step for step in STEPS if step.slug == slug)
    given = {n: v for n, v in filled_in(1).items() if n in step.form.base_fields}
    return {
        name: v for name, v in {**given, **answers}.items() if v not in (False, None)
    }


@pytest.fixture
def applicant(client):
    """Somebody who filled in every page and now stands at *Controleren*."""
    for step in STEPS:
        response = client.post(page(step.slug), typed(step.slug))
        assert response.status_code == 302, response.text
    assert response.headers["Location"] == CHECK
    return client


def send(client, **changes):
    terms = drafting.terms_in_force()
    return client.post(CHECK, {"terms": terms.pk, "consent": "on", **changes})


def test_start_says_what_one_needs_and_how_long_it_takes(client):
    html = client.get(reverse("applications:start")).text

    assert "Kun je aanvragen?" in html
    assert "Wat heb je bij de hand nodig?" in html
    assert "ongeveer tien minuten" in html


def test_nothing_is_kept_of_who_only_looks(client):
    client.get(reverse("applications:start"))
    client.get(page("apis"))

    assert not Application.objects.exists()
    assert not client.session.keys()


def test_each_page_leads_to_the_next_and_marks_it(client):
    client.post(page("apis"), typed("apis"))

    html = client.get(page("organisatie")).text

    assert 'aria-current="step"' in html
    assert "Stap 2 van 6" in html


def test_going_back_shows_what_was_typed(applicant):
    html = applicant.get(page("organisatie")).text

    assert 'value="Voorbeeldstad"' in html


def test_a_wrong_answer_is_told_and_nothing_that_was_typed_is_lost(client):
    answers = typed("organisatie", kvk_number="1234", city="Voorbeeldstad")

    html = client.post(page("organisatie"), answers).text

    assert '<a href="#id_kvk_number">' in html
    assert "Je hebt 4 cijfers ingevuld." in html
    assert 'value="1234"' in html
    assert 'value="Voorbeeldstad"' in client.get(page("organisatie")).text


def test_what_was_typed_before_later_verdergaan_is_kept_wrong_or_not(client):
    response = client.post(page("apis"), {"key_name": "Half", "later": "1"})

    assert response.headers["Location"] == reverse("applications:save_for_later")
    assert 'value="Half"' in client.get(page("apis")).text


def test_check_shows_everything_with_a_way_to_change_it(applicant):
    html = applicant.get(CHECK).text

    for part in ("Test BV 1", "Katrijn Inkoop", "+31 20 555 1234", "beheer-1"):
        assert part in html
    for step in STEPS:
        assert f"{page(step.slug)}?change=1" in html


def test_a_change_leads_back_to_check(applicant):
    response = applicant.post(
        f"{page('apis')}?change=1", typed("apis", key_name="Anders")
    )

    assert response.headers["Location"] == CHECK
    assert "Anders" in applicant.get(CHECK).text


def test_check_leads_to_the_first_page_that_does_not_do_yet(client):
    client.post(page("organisatie"), typed("organisatie"))

    response = client.get(CHECK, follow=True)

    assert response.redirect_chain[-1][0] == page("apis")
    assert "Deze stap is nog niet klaar." in response.text


def test_sending_needs_consent(applicant):
    html = send(applicant, consent="").text

    assert "Je kunt pas versturen als je akkoord gaat met de voorwaarden." in html
    assert Application.objects.get().status == Status.DRAFT


def test_sending_gives_the_reference_and_says_what_follows(applicant):
    html = send(applicant, follow=True).headers["Location"]
    html = applicant.get(html).text

    application = Application.objects.get()
    assert application.reference in html
    for point in (
        "We verwerken je gegevens in een overeenkomst.",
        "samen met de gebruikersvoorwaarden en het Service Garantie Document",
        "zodra we de ondertekende overeenkomst retour hebben ontvangen",
        "zodra de API-key beschikbaar is in het portaal",
        "Afsluiten",
    ):
        assert point in html
    assert "incassomachtiging" not in html


def test_direct_debit_has_a_point_of_its_own(applicant):
    debit = {
        "payment_method": "direct_debit",
        "iban": "NL13 TEST 0123 4567 89",
        "account_holder": "Test BV 1",
    }
    applicant.post(page("betaling"), typed("betaling", **debit))

    send(applicant)

    assert "ontvang je ook een incassomachtiging" in applicant.get(SENT).text


def test_a_second_click_and_a_reload_send_nothing_more(applicant):
    first, second = send(applicant), send(applicant)
    applicant.get(SENT)

    assert first.headers["Location"] == second.headers["Location"] == SENT
    assert Application.objects.count() == 1
    assert Message.objects.count() == 1


def test_a_page_left_open_in_another_tab_changes_nothing_after_sending(applicant):
    draft = applicant.session["draft"]
    send(applicant)
    session = applicant.session
    session["draft"] = draft
    session.save()

    applicant.post(page("apis"), typed("apis", key_name="Te laat"))

    assert Application.objects.get(pk=draft).answers["key_name"] == "Klantregistratie"


def test_a_taken_username_asks_for_another_and_does_not_say_whose_it_is(applicant):
    reserve_username("beheer-1")

    response = send(applicant)

    assert "Deze gebruikersnaam kan niet. Kies een andere." in response.text
    assert 'value="beheer-1"' in response.text
    assert Application.objects.get().status == Status.DRAFT


def test_terms_that_changed_meanwhile_are_shown_anew(applicant):
    old = drafting.terms_in_force()
    DocumentTemplate.objects.create(
        kind=DocumentKind.TERMS,
        language="nl",
        title=old.title,
        version="9.0",
        valid_from=timezone.localdate(),
        source=old.source,
    )

    response = applicant.post(CHECK, {"terms": old.pk, "consent": "on"}, follow=True)

    assert "De voorwaarden zijn net veranderd." in response.text
    assert "versie 9.0" in response.text
    assert Application.objects.get().status == Status.DRAFT


def test_the_terms_are_a_pdf_to_be_read(client):
    terms = drafting.terms_in_force()

    response = client.get(reverse("applications:terms", args=[terms.pk]))

    assert response.content.startswith(b"%PDF-")


def test_later_verdergaan_goes_on_in_another_browser(applicant, client_class):
    applicant.post(
        reverse("applications:save_for_later"), {"email": "thuis@voorbeeld.example"}
    )
    draft = Application.objects.get()
    link = private_links.address("draft", draft.pk, draft.link_version)
    elsewhere = client_class()

    assert "Verdergaan" in elsewhere.get(link).text
    response = elsewhere.post(link, follow=True)

    assert response.redirect_chain[-1][0] == CHECK
    assert "Katrijn Inkoop" in response.text


def test_looking_at_the_link_of_a_draft_takes_up_nothing(applicant, client_class):
    applicant.post(
        reverse("applications:save_for_later"), {"email": "thuis@voorbeeld.example"}
    )
    draft = Application.objects.get()
    scanner = client_class()  # of mail, that opens every link

    scanner.get(private_links.address("draft", draft.pk, draft.link_version))

    assert "draft" not in scanner.session


def test_the_link_of_a_draft_that_is_gone_says_so(applicant):
    applicant.post(
        reverse("applications:save_for_later"), {"email": "thuis@voorbeeld.example"}
    )
    draft = Application.objects.get()
    link = private_links.address("draft", draft.pk, draft.link_version)
    draft.delete()

    response = applicant.get(link)

    assert response.status_code == 404
    assert "Nieuwe aanvraag" in response.text


def test_a_mailbox_is_not_filled_by_later_verdergaan(applicant, settings):
    settings.MAIL_PER_ADDRESS_PER_HOUR = 1
    address = {"email": "thuis@voorbeeld.example"}
    applicant.post(reverse("applications:save_for_later"), address)

    html = applicant.post(reverse("applications:save_for_later"), address).text

    assert "Naar dit adres zijn net al een paar mails gegaan." in html
    assert Message.objects.count() == 1


def test_one_network_begins_no_more_applications_than_an_office_needs(
    client_class, settings
):
    settings.APPLICATIONS_PER_HOUR = 2
    answers = [client_class().post(page("apis"), typed("apis")) for _ in range(3)]

    assert [response.status_code for response in answers] == [302, 302, 429]
    assert "Even wachten" in answers[2].text
    assert Application.objects.count() == 2


def test_a_robot_that_fills_in_everything_gets_no_further(client):
    response = client.post(page("apis"), typed("apis", website="http://spam.example"))

    assert response.status_code == 200
    assert "het houdt robots tegen" in response.text


def test_the_rsin_of_a_sole_trader_is_never_stored(client):
    answers = typed("organisatie", legal_form="sole_trader", rsin="111222333")

    client.post(page("organisatie"), answers)

    assert "111222333" not in str(Application.objects.get().answers)


def test_a_page_that_is_no_step_is_not_found(client):
    assert client.get(page("bestaat-niet")).status_code == 404


def test_everything_is_said_in_english_to_who_reads_english(client):
    client.post(reverse("set_language"), {"language": "en", "next": "/aanvragen/"})

    html = client.post(page("organisatie"), typed("organisatie", kvk_number="12")).text

    assert '<html lang="en"' in html
    assert "You entered 2 digits. A KVK number has 8 digits" in html


@pytest.fixture
def client_class(client):
    return type(client)

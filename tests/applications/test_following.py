"""The private page of an application: who has the link from the mail is the applicant."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.services import reserve_username
from applications.models import Application, Status
from applications.services import handling
from mail import private_links
from mail.models import Message
from tests.applications.test_uploads import saved
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

SAYS = {
    Status.SUBMITTED: "Wij zijn aan zet: we verwerken je gegevens",
    Status.CHANGES_REQUESTED: "Jij bent aan zet: vul je aanvraag aan.",
    Status.CONTRACT_SENT: "Jij bent aan zet: laat de overeenkomst tekenen",
    Status.CONTRACT_RETURNED: "Wij zijn aan zet: we controleren de overeenkomst",
    Status.APPROVED: "Klaar. De beheerder heeft een mail gekregen",
    Status.WITHDRAWN: "Je hebt de aanvraag ingetrokken.",
    Status.REJECTED: "Buiten de EER.",
}


def token_of(application):
    return private_links.token("application", application.pk, application.link_version)


def page(name, application, *args):
    return reverse(f"applications:{name}", args=[token_of(application), *args])


def upload(client, application, content, name="getekend.pdf"):
    file = SimpleUploadedFile(name, content, "application/pdf")
    return client.post(page("return_contract", application), {"contract": file})


def reread(application):
    return Application.objects.get(pk=application.pk)


@pytest.mark.parametrize("status", SAYS)
def test_status_says_where_it_stands_and_who_is_on_turn(client, status):
    application = ApplicationFactory(status=status)

    html = client.get(page("status", application)).text

    assert SAYS[status] in html
    assert application.reference in html
    assert ("Aanvraag intrekken" in html) == application.can_become(Status.WITHDRAWN)
    assert ("Terugsturen" in html) == (status == Status.CONTRACT_SENT)


def test_status_is_for_the_reader_of_the_mail_only(client):
    response = client.get(page("status", ApplicationFactory()))

    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "guess",
    [
        lambda a: private_links.token("application", a.pk, a.link_version + 1),
        lambda a: private_links.token("application", a.pk + 1, a.link_version),
        lambda a: private_links.token("draft", a.pk, a.link_version),
        lambda a: private_links.token("activation", a.pk, a.link_version),
        lambda a: a.link_digest,
        lambda a: a.reference,
        lambda a: str(a.pk),
        lambda a: token_of(a)[:-1],
        lambda a: token_of(a) + "x",
        lambda a: token_of(a).swapcase(),
    ],
)
@pytest.mark.parametrize(
    "path", ["", "bevestigen/", "intrekken/", "aanvullen/", "overeenkomst/"]
)
def test_a_guessed_link_opens_nothing_and_tells_nothing(client, guess, path):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)

    for method in (client.get, client.post):
        response = method(f"/aanvraag/{guess(application)}/{path}")
        assert response.status_code == 404
        assert application.organisation_name not in response.text
    assert reread(application).status == Status.CONTRACT_SENT


def test_a_link_that_was_renewed_opens_nothing_any_more(client):
    application = ApplicationFactory()
    before = page("status", application)

    handling.renew_link(application, by=UserFactory())

    assert client.get(before).status_code == 404
    assert client.get(page("status", application)).status_code == 200


def test_the_reader_of_the_mailbox_confirms_the_address(client):
    application = ApplicationFactory(confirmed=False)
    assert "Bevestig je e-mailadres" in client.get(page("status", application)).text

    html = client.post(page("confirm_email", application), follow=True).text

    assert "Je e-mailadres is bevestigd." in html
    assert reread(application).email_confirmed_at


def test_looking_at_the_link_confirms_nothing(client):
    application = ApplicationFactory(confirmed=False)

    client.get(page("status", application))

    assert client.get(page("confirm_email", application)).status_code == 405
    assert reread(application).email_confirmed_at is None


def test_a_document_is_a_download_of_the_very_bytes(client):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    contract = application.documents.get(kind="contract")

    response = client.get(page("document", application, contract.pk))

    assert response.content == bytes(contract.content)
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")


def test_no_document_of_another_application_is_found(client):
    mine, other = (ApplicationFactory(status=Status.CONTRACT_SENT) for _ in range(2))
    theirs = other.documents.first()

    assert client.get(page("document", mine, theirs.pk)).status_code == 404


def test_the_signed_contract_comes_back(client):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)

    content = saved()

    response = upload(client, application, content)

    assert response.status_code == 302
    assert reread(application).status == Status.CONTRACT_RETURNED
    assert bytes(application.documents.get(kind="signed_contract").content) == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Dit bestand is leeg."),
        (b"MZ\x90 een programma", "Dit is geen PDF-bestand."),
        (b"<html><script>1</script>", "Dit is geen PDF-bestand."),
    ],
)
def test_what_is_no_pdf_is_refused_beside_the_field(client, content, said):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)

    html = upload(client, application, content).text

    assert said in html
    assert '<a href="#id_contract">' in html
    assert reread(application).status == Status.CONTRACT_SENT


def test_a_file_that_is_too_large_is_refused_beside_the_field(client, settings):
    settings.UPLOAD_MAX_MEGABYTES = 1
    application = ApplicationFactory(status=Status.CONTRACT_SENT)

    html = upload(client, application, saved() + b"%" * 1024 * 1024).text

    assert "1 MB" in html
    assert reread(application).status == Status.CONTRACT_SENT


def test_sending_nothing_back_is_told(client):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)

    html = client.post(page("return_contract", application)).text

    assert "Kies het bestand met de ondertekende overeenkomst." in html


def test_a_second_click_on_send_back_is_answered_in_words(client):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    upload(client, application, saved())

    response = upload(client, application, saved())

    html = client.get(response.headers["Location"]).text
    assert "de aanvraag is inmiddels een stap verder" in html
    assert application.documents.filter(kind="signed_contract").count() == 1


def test_withdrawing_asks_first(client):
    application = ApplicationFactory()

    html = client.get(page("withdraw", application)).text

    assert "Weet je zeker" in html
    assert reread(application).status == Status.SUBMITTED


def test_withdrawing_ends_it_and_is_mailed(client):
    application = ApplicationFactory()

    html = client.post(page("withdraw", application), follow=True).text

    assert "Je aanvraag is ingetrokken." in html
    assert reread(application).status == Status.WITHDRAWN
    assert Message.objects.filter(template="applications/emails/withdrawn").exists()


@pytest.fixture
def asked():
    """An application of which staff want the town and the username corrected."""
    application = ApplicationFactory(city="Utrecht", username="oude-naam")
    handling.request_changes(
        application,
        fields=["city", "username"],
        reason="De plaats klopt niet.",
        by=UserFactory(),
    )
    return application


def test_completing_shows_old_beside_new_and_nothing_else(client, asked):
    html = client.get(page("complete", asked)).text

    assert "De plaats klopt niet." in html
    assert "<dd>Utrecht</dd>" in html
    assert 'name="city"' in html
    assert 'name="username"' in html
    assert 'name="street"' not in html


def test_completing_changes_what_was_asked_and_nothing_else(client, asked):
    answers = {"city": "Lollum", "username": "nieuwe-naam", "street": "Elders 9"}

    response = client.post(page("complete", asked), answers)

    assert response.headers["Location"] == page("status", asked)
    after = reread(asked)
    assert after.status == Status.SUBMITTED
    assert after.answers["city"] == "Lollum"
    assert after.answers["street"] == asked.answers["street"]
    assert after.username.name == "nieuwe-naam"


def test_completing_wrongly_is_told_and_loses_nothing(client, asked):
    html = client.post(page("complete", asked), {"city": "", "username": "Nieuw!"}).text

    assert "Vul de plaats in." in html
    assert 'value="Nieuw!"' in html
    assert reread(asked).status == Status.CHANGES_REQUESTED


def test_completing_with_a_taken_name_asks_for_another(client, asked):
    reserve_username("bezet")

    html = client.post(page("complete", asked), {"city": "x", "username": "bezet"}).text

    assert "Deze gebruikersnaam kan niet. Kies een andere." in html
    assert reread(asked).username.name == "oude-naam"


def test_completing_when_nothing_is_asked_is_answered_in_words(client):
    application = ApplicationFactory()

    response = client.get(page("complete", application), follow=True)

    assert "de aanvraag is inmiddels een stap verder" in response.text


def test_the_page_is_read_in_english_too(client):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    client.post(reverse("set_language"), {"language": "en", "next": "/"})

    html = client.get(page("status", application)).text

    assert "Send back the signed contract" in html

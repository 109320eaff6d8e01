"""The private page of an application, as who has the link from the mail sees it."""

import hashlib
import io
import re
from pathlib import Path

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from applications.models import Application, Document, DocumentKind, Status
from applications.services import drafting, following, handling
from applications.uploads import REASONS
from mail import private_links, rendering
from mail.models import Message
from tests.applications.filling import TYPED
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

ON_THE_WAY = [
    Status.SUBMITTED,
    Status.CONTRACT_SENT,
    Status.CONTRACT_RETURNED,
    Status.APPROVED,
]
CAN_BE_WITHDRAWN = [*ON_THE_WAY[:3], Status.CHANGES_REQUESTED]
ASKED = {"fields": ["name", "key_name"], "reason": "De naam wijkt af."}


def application_in(status, **answers):
    """An application that came this far by what its people did."""
    draft = drafting.begin(language="nl", from_address="test")
    for typed in TYPED.values():
        drafting.save_answers(draft, typed | answers)
    drafting.submit(draft, terms=drafting.terms_in_force(), language="nl")
    if status == Status.SUBMITTED:
        return draft
    following.confirm_email(draft)
    intake, approver = UserFactory(), UserFactory()
    if status == Status.CHANGES_REQUESTED:
        handling.request_changes(draft, **ASKED, by=intake)
    elif status == Status.REJECTED:
        handling.reject(draft, reason="Het doel mag niet.", by=intake)
    elif status == Status.WITHDRAWN:
        following.withdraw(draft)
    else:
        handling.send_contract(draft, by=intake)
    if status in (Status.CONTRACT_RETURNED, Status.APPROVED):
        following.return_contract(draft, a_pdf())
    if status == Status.APPROVED:
        handling.approve(draft, by=approver)
    return draft


def a_pdf():
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(file := io.BytesIO())
    return file.getvalue()


def page_of(application, then=""):
    token = private_links.token(*application.link)
    return f"/aanvraag/{token}/{then}"


def send_back(client, application, content, name="getekend.pdf"):
    upload = SimpleUploadedFile(name, content, "application/pdf")
    url = page_of(application, "overeenkomst/")
    return client.post(url, {"contract": upload}, follow=True)


@pytest.mark.parametrize(
    ("status", "stage", "says"),
    [
        ("submitted", "Overeenkomst opstellen", "Jij bent aan zet: bevestig je e"),
        ("changes_requested", "Aanvulling gevraagd", "Jij bent aan zet: vul je"),
        ("contract_sent", "Overeenkomst ondertekenen", "Jij bent aan zet: laat de"),
        ("contract_returned", "API-key beschikbaar", "Wij zijn aan zet: we control"),
        ("approved", None, "Klaar. De administrator heeft een mail gekregen"),
        ("withdrawn", "Ingetrokken", "Er gebeurt niets meer."),
        ("rejected", "Afgewezen", "We hebben de aanvraag afgewezen."),
    ],
)
def test_status_says_where_it_stands_and_who_is_on_turn(client, status, stage, says):
    application = application_in(status)

    page = client.get(page_of(application)).text

    assert application.reference in page
    assert "Test BV Donald" in page
    current = page.split('aria-current="step"')[1:]
    assert [stage in item.split("</li>")[0] for item in current] == [True] * bool(stage)
    assert says in page
    assert page.count("aan zet") == says.count("aan zet")


@pytest.mark.parametrize("status", ON_THE_WAY)
def test_status_ticks_off_what_was_done(client, status):
    page = client.get(page_of(application_in(status))).text

    ticked = ON_THE_WAY.index(status) + 1
    assert page.count("portal-status__item--done") == ticked
    assert page.count("<time") == ticked


def test_status_shows_what_comes_after_a_completion(client):
    page = client.get(page_of(application_in("changes_requested"))).text

    stages = re.findall(r'portal-status__title">\s*([^<]+?)\s*<', page)
    assert stages == [
        "Aanvraag ingediend",
        "Aanvulling gevraagd",
        "Overeenkomst opstellen",
        "Overeenkomst ondertekenen en terugsturen",
        "API-key beschikbaar maken",
    ]


@pytest.mark.parametrize("status", [*CAN_BE_WITHDRAWN, "approved", "rejected"])
def test_status_offers_only_what_can_be_done_now(client, status):
    page = client.get(page_of(application_in(status))).text

    assert ("Aanvraag intrekken" in page) == (status in CAN_BE_WITHDRAWN)
    assert ('type="file"' in page) == (status == "contract_sent")
    assert ("/aanvullen/" in page) == (status == "changes_requested")
    assert ("/bevestigen/" in page) == (status == "submitted")


def test_status_says_why_a_completion_is_asked(client):
    page = client.get(page_of(application_in("changes_requested"))).text

    assert "De naam wijkt af." in page


def test_status_says_why_it_was_rejected(client):
    page = client.get(page_of(application_in("rejected"))).text

    assert "Waarom we de aanvraag hebben afgewezen" in page
    assert "Het doel mag niet." in page


def test_status_says_why_it_must_be_signed_again_until_it_came_back(client):
    application = application_in("contract_returned")
    handling.ask_again(application, reason="De scan is scheef.", by=UserFactory())

    page = client.get(page_of(application)).text
    assert "Laat de overeenkomst opnieuw ondertekenen" in page
    assert "De scan is scheef." in page
    assert 'type="file"' in page

    handling.register_return(application, by=UserFactory())
    assert "De scan is scheef." not in client.get(page_of(application)).text


SENT = ["Overeenkomst", "Gebruikersvoorwaarden", "Service Garantie Document"]
SIGNED = "Ondertekende overeenkomst"


@pytest.mark.parametrize(
    ("status", "payment_method", "documents"),
    [
        ("submitted", "direct_debit", []),
        ("contract_sent", "invoice", SENT),
        ("contract_sent", "direct_debit", [*SENT, "Incassomachtiging"]),
        ("contract_returned", "invoice", [*SENT, SIGNED]),
    ],
)
def test_status_lists_the_documents(client, status, payment_method, documents):
    application = application_in(status, payment_method=payment_method)

    page = client.get(page_of(application)).text

    assert page.count(" (pdf)</a>") == len(documents)
    for name in documents:
        assert f'">{name} (pdf)</a>' in page


def test_confirm_email_is_done_by_the_button_and_not_by_opening_the_page(client):
    application = application_in("submitted")
    client.get(page_of(application))
    application.refresh_from_db()
    assert application.email_confirmed_at is None

    page = client.post(page_of(application, "bevestigen/"), follow=True).text

    application.refresh_from_db()
    assert application.email_confirmed_at
    assert "Je e-mailadres is bevestigd." in page
    assert "Bevestig je e-mailadres" not in page


PAGES = ["", "bevestigen/", "intrekken/", "aanvullen/", "overeenkomst/", "document/1/"]


def guessed(application):
    return "x" * 43


def shortened(application):
    return private_links.token(*application.link)[:-1]


def what_the_database_keeps(application):
    return application.link_digest


def of_another_purpose(application):
    return private_links.token("draft", *application.link[1:])


def of_the_draft_that_it_was(application):
    return private_links.token("draft", application.pk, 1)


def renewed_since(application):
    old = private_links.token(*application.link)
    handling.renew_link(application, by=UserFactory())
    return old


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "make",
    [
        guessed,
        shortened,
        what_the_database_keeps,
        of_another_purpose,
        of_the_draft_that_it_was,
        renewed_since,
    ],
)
def test_a_link_that_is_no_good_tells_and_changes_nothing(client, make, method):
    application = application_in("changes_requested")
    token = make(application)
    before = Application.objects.values().get()

    for page in PAGES:
        answer = getattr(client, method)(f"/aanvraag/{token}/{page}")
        assert answer.status_code == 404
        assert "Deze link werkt niet (meer)" in answer.text
        assert "Donald" not in answer.text
        assert application.reference not in answer.text
    assert Application.objects.values().get() == before


def test_a_renewed_link_is_mailed_and_opens_the_page(client):
    application = application_in("submitted")

    handling.renew_link(application, by=UserFactory())

    mailed = Message.objects.get(template__endswith="link_renewed").links["status_url"]
    page = client.get(private_links.address(*mailed)).text
    assert application.reference in page


def test_a_draft_has_no_private_page(client):
    draft = drafting.begin(language="nl", from_address="test")
    drafting.save_for_later(draft, email="katrien@donald.example", language="nl")

    for purpose in ("draft", "application"):
        token = private_links.token(purpose, draft.pk, draft.link_version)
        assert client.get(f"/aanvraag/{token}/").status_code == 404


@pytest.mark.parametrize("then", ["", "intrekken/", "aanvullen/"])
def test_private_pages_are_kept_by_no_browser_and_named_to_no_other_site(client, then):
    answer = client.get(page_of(application_in("changes_requested"), then))

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


def test_document_is_a_download_of_exactly_what_was_stored(client):
    application = application_in("contract_sent")

    for document in application.documents.all():
        answer = client.get(page_of(application, f"document/{document.pk}/"))
        name = f'filename="{document.name}"'
        assert answer["Content-Disposition"] == f"attachment; {name}"
        assert answer["Content-Type"] == "application/pdf"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox")
        assert answer["Cache-Control"] == "no-store, private"
        assert hashlib.sha256(answer.content).hexdigest() == document.sha256


def test_document_of_another_application_is_not_found(client):
    mine = application_in("submitted")
    other = application_in("contract_sent", username="dagobert")

    for document in other.documents.all():
        answer = client.get(page_of(mine, f"document/{document.pk}/"))
        assert answer.status_code == 404
        assert b"%PDF-" not in answer.content
    assert client.get(page_of(mine, "document/0/")).status_code == 404


def test_return_contract_takes_a_pdf_and_keeps_it_as_it_is(client):
    application, content = application_in("contract_sent"), a_pdf()

    page = send_back(client, application, content, name="../../virus.exe")

    assert page.redirect_chain == [(page_of(application), 302)]
    assert "We hebben de ondertekende overeenkomst ontvangen." in page.text
    document = Document.objects.get(kind=DocumentKind.SIGNED_CONTRACT)
    assert bytes(document.content) == content
    assert document.name == f"{application.reference}-ondertekende-overeenkomst.pdf"
    download = client.get(page_of(application, f"document/{document.pk}/"))
    assert download["Content-Disposition"].startswith("attachment")


NO_PDF = [
    (b"PK\x03\x04 een Word-bestand", "Dit is geen PDF-bestand."),
    (b"%PDF-1.7 en dan niets meer", REASONS["damaged"][:40]),
    (b"%PDF-" + b"x" * 1024 * 1024, "Dit bestand is groter dan 1 MB."),
    (b"", "Dit bestand is leeg."),
]


@pytest.mark.parametrize(("content", "why"), NO_PDF)
def test_return_contract_says_beside_the_field_what_is_wrong(
    client, settings, content, why
):
    settings.UPLOAD_MAX_MEGABYTES = 1
    application = application_in("contract_sent")

    page = send_back(client, application, content).text

    beside = page.split('id="id_contract_error"')[1].split("</div>")[0]
    assert why in beside
    assert 'aria-describedby="id_contract_helptext id_contract_error"' in page
    assert '<a href="#id_contract">' in page
    assert application.reference in page
    assert not Document.objects.filter(kind=DocumentKind.SIGNED_CONTRACT).exists()


def test_return_contract_without_a_file_asks_for_one(client):
    application = application_in("contract_sent")

    page = client.post(page_of(application, "overeenkomst/")).text

    assert "Kies het bestand met de ondertekende overeenkomst." in page


def test_return_contract_of_which_the_refusal_is_opened_again_is_the_private_page(
    client,
):
    application = application_in("contract_sent")

    answer = client.get(page_of(application, "overeenkomst/"))

    assert answer.status_code == 302
    assert answer.url == page_of(application)


def test_return_contract_twice_keeps_one(client):
    application = application_in("contract_sent")

    pages = [send_back(client, application, a_pdf()).text for _click in range(2)]

    assert "Dat kan niet meer" in pages[1]
    assert Document.objects.filter(kind=DocumentKind.SIGNED_CONTRACT).count() == 1
    assert Message.objects.filter(template__endswith="contract_received").count() == 1


def test_withdraw_asks_first(client):
    application = application_in("submitted")

    page = client.get(page_of(application, "intrekken/")).text

    application.refresh_from_db()
    assert application.status == Status.SUBMITTED
    assert "Dit kun je niet ongedaan maken." in page
    assert application.reference in page
    assert f'href="{page_of(application)}">Nee, terug</a>' in page


@pytest.mark.parametrize("status", CAN_BE_WITHDRAWN)
def test_withdraw_ends_the_application_once(client, status):
    application = application_in(status)
    url = page_of(application, "intrekken/")

    pages = [client.post(url, follow=True).text for _click in range(2)]

    application.refresh_from_db()
    assert application.status == Status.WITHDRAWN
    assert "Je aanvraag is ingetrokken." in pages[0]
    assert "Dat kan niet meer" in pages[1]
    assert Message.objects.filter(template__endswith="withdrawn").count() == 1


@pytest.mark.parametrize("status", ["approved", "rejected", "withdrawn"])
@pytest.mark.parametrize("then", ["intrekken/", "aanvullen/"])
def test_what_is_over_cannot_be_withdrawn_or_completed(client, status, then):
    application = application_in(status)

    for act in (client.get, client.post):
        answer = act(page_of(application, then), follow=True)
        assert answer.redirect_chain == [(page_of(application), 302)]
        assert "Dat kan niet meer" in answer.text
    assert Application.objects.get().status == status


def complete(client, application, **answers):
    url = page_of(application, "aanvullen/")
    return client.post(url, {"name": "Donald BV", "key_name": "Test"} | answers)


def test_complete_shows_the_old_beside_the_new_of_what_is_asked(client):
    application = application_in("changes_requested")

    page = client.get(page_of(application, "aanvullen/")).text

    assert "De naam wijkt af." in page
    asked = re.findall(
        r"level-3\">([^<]+)</h2>\s*<dl.*?<dd>(.*?)</dd>", page, re.DOTALL
    )
    assert asked == [
        ("De organisatie: Naam van de organisatie", "Test BV Donald"),
        ("Naam van de API-key", "Productie"),
    ]
    assert 'name="name" value="Test BV Donald"' in page
    assert 'name="kvk_number"' not in page


def test_complete_changes_only_what_was_asked(client):
    application = application_in("changes_requested")
    before = dict(application.answers)

    answer = complete(client, application, kvk_number="69599068", username="gluurder")

    application.refresh_from_db()
    assert answer.url == page_of(application)
    assert application.status == Status.SUBMITTED
    changed = {"name": "Donald BV", "key_name": "Test"}
    assert application.answers == before | changed
    assert application.username.name == "donald"
    page = client.get(page_of(application)).text
    assert "Je aanvulling is verzonden." in page
    assert "Donald BV" in page


def test_complete_twice_counts_once(client):
    application = application_in("changes_requested")
    complete(client, application)

    again = complete(client, application, name="Iets anders")

    assert again.url == page_of(application)
    assert "Dat kan niet meer" in client.get(again.url).text
    assert Application.objects.get().answers["name"] == "Donald BV"


def test_complete_with_a_wrong_answer_says_so_and_keeps_the_other(client):
    application = application_in("changes_requested")

    page = complete(client, application, name="", key_name="Nieuwe naam").text

    assert '<a href="#id_name">' in page
    assert "Vul de naam van de organisatie in." in page
    assert 'value="Nieuwe naam"' in page
    assert "<dd>Productie</dd>" in page
    assert Application.objects.get().status == Status.CHANGES_REQUESTED


def test_complete_with_a_taken_username_asks_for_another(client):
    UserFactory(username="dagobert", name="Zwarte Magica")
    application = application_in("submitted")
    following.confirm_email(application)
    intake = UserFactory()
    handling.request_changes(application, fields=["username"], reason="-", by=intake)

    taken = complete(client, application, username="dagobert").text
    complete(client, application, username="donald.duck")

    assert "Deze gebruikersnaam is niet beschikbaar." in taken
    assert '<a href="#id_username">' in taken
    assert "Magica" not in taken
    assert Application.objects.get().username.name == "donald.duck"


def test_the_private_page_is_in_english_after_the_switch(client):
    url = page_of(application_in("contract_sent"))

    page = client.post("/taal/", {"language": "en", "next": url}, follow=True)

    assert page.redirect_chain == [(url, 302)]
    assert '<html lang="en">' in page.text
    assert "Your application" in page.text
    assert "Je aanvraag" not in page.text
    refused = send_back(client, Application.objects.get(), b"").text
    assert "Dit bestand is leeg" not in refused
    assert "This file is empty" in refused


def test_complete_with_another_address_is_followed_from_there_only(client):
    application = ApplicationFactory()
    handling.request_changes(
        application, fields=["contract_email"], reason="Typefout?", by=UserFactory()
    )
    old = page_of(application)

    page = client.post(
        page_of(application, "aanvullen/"), {"contract_email": "nieuw@donald.example"}
    )

    assert "Daar is een mail heen gegaan met een nieuwe link." in page.text
    assert client.post(f"{old}bevestigen/").status_code == 404
    application.refresh_from_db()
    assert application.email_confirmed_at is None
    assert Message.objects.first().to == "nieuw@donald.example"
    client.post(page_of(application, "bevestigen/"))
    application.refresh_from_db()
    assert application.email_confirmed_at


def test_an_address_nobody_confirmed_reads_nothing_that_was_typed(client):
    lure = "Jan, ga naar pakketje.example/betaal"
    application = ApplicationFactory(
        confirmed=False, contract_name=lure, name="Prijs gewonnen bij pakketje.example"
    )
    handling.renew_link(application, by=UserFactory())
    following.withdraw(application)

    texts = [
        part
        for message in Message.objects.all()
        for mail in [rendering.email(message)]
        for part in (mail.subject, mail.body, mail.alternatives[0].content)
    ]
    assert len(texts) == 9
    assert "pakketje" not in " ".join(texts)
    assert "Beste aanvrager," in texts[1]


def test_return_contract_looks_into_no_file_that_is_not_awaited(client, monkeypatch):
    monkeypatch.setattr("applications.limited.HERE", Path("bestaat-niet"))

    page = send_back(client, application_in("rejected"), b"%PDF-1.7").text

    assert "Dat kan niet meer" in page


def test_status_says_that_we_are_on_turn_once_the_address_is_confirmed(client):
    application = application_in("submitted")
    client.post(page_of(application, "bevestigen/"))

    assert "Wij zijn aan zet: we verwerken" in client.get(page_of(application)).text


def test_return_contract_refuses_what_we_sent_ourselves(client):
    application = application_in("contract_sent")
    ours = application.documents.get(kind=DocumentKind.CONTRACT)

    page = send_back(client, application, bytes(ours.content)).text

    assert "Dit is de overeenkomst zoals wij die stuurden" in page
    application.refresh_from_db()
    assert application.status == Status.CONTRACT_SENT


def test_status_reminds_of_the_mandate_where_one_pays_by_direct_debit(client):
    debit = client.get(page_of(application_in("contract_sent"))).text
    assert "Onderteken ook de incassomachtiging." in debit

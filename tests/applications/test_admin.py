"""What the operator's staff see and do at /beheer/."""

import datetime
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts import services as accounts
from apikeys import services as apikeys
from apikeys.models import Product
from applications.models import (
    Application,
    DocumentKind,
    DocumentTemplate,
    Status,
)
from applications.services import following, handling
from applications.staff.acts import ACTS
from audit.models import Event
from mail import private_links
from mail.models import Message, State
from organisations.models import Organisation
from tests.applications.test_uploads import saved
from tests.factories import (
    ApiKeyFactory,
    ApplicationFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:applications_application_changelist")
ANSWERS = {
    "overeenkomst-versturen": {},
    "aanvulling-vragen": {"fields_asked": ["city"], "reason": "Klopt niet."},
    "overeenkomst-ontvangen": {},
    "goedkeuren": {},
    "opnieuw-laten-ondertekenen": {"reason": "De scan is scheef."},
    "link-vernieuwen": {},
    "afwijzen": {"reason": "Buiten de EER."},
    "oppakken": {},
    "toewijzen": {},  # to whom: see answers()
    "notitie": {"text": "De klant belt terug."},
    "tekenbevoegdheid": {"ground": "register"},
    "verbeteren": {"field": "city", "value": "Lollum", "reason": "Typefout."},
}
START = {  # where each act is possible
    "overeenkomst-versturen": Status.SUBMITTED,
    "aanvulling-vragen": Status.SUBMITTED,
    "overeenkomst-ontvangen": Status.CONTRACT_SENT,
    "goedkeuren": Status.CONTRACT_RETURNED,
    "opnieuw-laten-ondertekenen": Status.CONTRACT_RETURNED,
    "link-vernieuwen": Status.SUBMITTED,
    "afwijzen": Status.SUBMITTED,
    "oppakken": Status.SUBMITTED,
    "toewijzen": Status.SUBMITTED,
    "notitie": Status.SUBMITTED,
    "tekenbevoegdheid": Status.SUBMITTED,
    "verbeteren": Status.SUBMITTED,
}
MAY = {  # docs/decisions/0009
    "intake": {
        "overeenkomst-versturen",
        "aanvulling-vragen",
        "overeenkomst-ontvangen",
        "opnieuw-laten-ondertekenen",
        "afwijzen",
        "verbeteren",
        "oppakken",
        "toewijzen",
        "notitie",
        "tekenbevoegdheid",
    },
    "contracten": {
        "overeenkomst-ontvangen",
        "opnieuw-laten-ondertekenen",
        "goedkeuren",
        "oppakken",
        "toewijzen",
        "notitie",
        "tekenbevoegdheid",
    },
    "support": {"link-vernieuwen", "notitie"},
}


@pytest.fixture
def sign_in(client):
    """Sign in as a new member of this group; gives the person."""

    def sign_in(group):
        user = UserFactory(name=f"{group.title()} Medewerker", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client.force_login(user)
        return user

    return sign_in


def page(application):
    return reverse("admin:applications_application_change", args=[application.pk])


def act(application, slug):
    return reverse("admin:applications_application_act", args=[application.pk, slug])


def answers(slug, user):
    return {"colleague": user.pk} if slug == "toewijzen" else ANSWERS[slug]


def reread(application):
    return Application.objects.get(pk=application.pk)


def superuser():
    return UserFactory(name="Bas Baas", is_staff=True, is_superuser=True)


def text_of(html):
    """The words of a page, as one reads them."""
    return " ".join(strip_tags(html.replace("<", " <")).split())


@pytest.mark.parametrize("slug", ANSWERS)
@pytest.mark.parametrize("group", MAY)
def test_each_group_may_do_its_own_acts_and_no_others(client, sign_in, group, slug):
    application = ApplicationFactory(status=START[slug])
    user = sign_in(group)
    before = Event.objects.count()

    offered = act(application, slug) in client.get(page(application)).text
    response = client.post(act(application, slug), answers(slug, user))

    assert offered == (slug in MAY[group])
    assert response.status_code == (302 if offered else 403)
    assert (Event.objects.count() > before) == offered


def resend_a_mail(client):
    ApplicationFactory()
    message = Message.objects.get()
    Message.objects.update(state=State.FAILED)
    return client.post(reverse("admin:mail_message_resend", args=[message.pk]))


def block_a_key(client):
    key = ApiKeyFactory()
    return client.post(
        reverse("admin:apikeys_apikey_change", args=[key.pk]),
        {"decision": "block", "reason": "De key staat op straat."},
    )


def renew_an_activation(client):
    user = UserFactory(password=None)
    accounts.start_activation(user, by=user)
    return client.post(
        reverse("admin:accounts_user_changelist"),
        {"action": "renew_activation", "_selected_action": [user.pk]},
    )


@pytest.mark.parametrize(
    ("attempt", "kind", "groups"),
    [
        (resend_a_mail, "message.resent", {"intake", "support"}),
        (block_a_key, "key.blocked", {"support"}),
        (renew_an_activation, "activation.renewed", {"support"}),
    ],
)
@pytest.mark.parametrize("group", MAY)
def test_each_group_may_do_beside_applications(
    client, sign_in, group, attempt, kind, groups
):
    sign_in(group)

    response = attempt(client)

    assert response.status_code == (302 if group in groups else 403)
    assert Event.objects.filter(kind=kind).exists() == (group in groups)


@pytest.mark.parametrize("status", [*START.values(), Status.APPROVED])
def test_the_page_offers_only_what_its_state_allows(client, status):
    application = ApplicationFactory(status=status)
    user = superuser()
    client.force_login(user)

    html = client.get(page(application)).text

    for one in ACTS:
        offered = one.allowed(user, application)
        assert (act(application, one.slug) in html) == offered


def test_the_queue_begins_with_what_waits_for_staff_the_oldest_first(client, sign_in):
    young, old = ApplicationFactory(), ApplicationFactory()
    waiting = ApplicationFactory(status=Status.CONTRACT_SENT)
    long_ago = timezone.now() - datetime.timedelta(days=9)
    Application.objects.filter(pk=old.pk).update(status_since=long_ago)
    sign_in("intake")

    html = client.get(QUEUE).text

    assert html.index(old.reference) < html.index(young.reference)
    assert "1\xa0week" in html
    assert waiting.reference not in html
    assert waiting.reference in client.get(QUEUE, {"status": "contract_sent"}).text


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({}, {"submitted", "contract_returned"}),
        ({"status": "submitted"}, {"submitted"}),
        ({"status": "changes_requested"}, {"changes_requested"}),
        ({"status": "rejected"}, {"rejected"}),
        ({"status": "withdrawn"}, {"withdrawn"}),
        (
            {"status": "all"},
            {
                "submitted",
                "changes_requested",
                "contract_returned",
                "rejected",
                "withdrawn",
            },
        ),
    ],
)
def test_the_queue_lists_by_state(client, sign_in, chosen, shown):
    applications = {
        status: ApplicationFactory(status=Status(status)).reference
        for status in [
            "submitted",
            "changes_requested",
            "contract_returned",
            "rejected",
            "withdrawn",
        ]
    }
    sign_in("support")

    html = client.get(QUEUE, chosen).text

    listed = {status for status, reference in applications.items() if reference in html}
    assert listed == shown


@pytest.mark.parametrize(
    "search",
    ["reference", "kvk_number", "organisation_name", "contact_name", "contact_email"],
)
def test_an_application_is_found_by(client, sign_in, search):
    sought = ApplicationFactory(contract_name="Sofie Zoekbaar")
    ApplicationFactory(contract_name="Anna Ander")
    sign_in("support")

    html = client.get(QUEUE, {"q": getattr(sought, search), "status": "all"}).text

    assert sought.reference in html
    assert "1 aanvraag" in html


def test_a_search_without_a_state_looks_everywhere(client, sign_in):
    rejected = ApplicationFactory(status=Status.REJECTED)
    sign_in("support")

    assert rejected.reference not in client.get(QUEUE).text
    assert rejected.reference in client.get(QUEUE, {"q": rejected.kvk_number}).text


def test_an_application_is_found_by_the_username_that_it_reserved(client, sign_in):
    sought = ApplicationFactory(username="sofie.z")
    sign_in("support")

    html = client.get(QUEUE, {"q": "sofie.z"}).text

    assert sought.reference in html


def test_the_queue_takes_no_query_per_application(
    client, sign_in, django_assert_max_num_queries
):
    for _ in range(10):
        ApplicationFactory()
    sign_in("intake")
    client.get("/ondersteuning/")  # the first page of a session notes it

    with django_assert_max_num_queries(12):
        client.get(QUEUE)


def test_drafts_are_the_applicants_own(client, sign_in):
    draft = ApplicationFactory(status=Status.DRAFT)
    sign_in("intake")

    assert "Test BV" not in client.get(QUEUE, {"status": "all"}).text
    assert client.get(page(draft)).status_code == 404
    assert client.get(act(draft, "afwijzen")).status_code == 404


def test_the_page_shows_all_data_and_what_happened(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    sign_in("contracten")

    html = client.get(page(application)).text

    for shown in (
        application.kvk_number,
        "Katrijn Inkoop",
        "Voorbeeldstad",
        "Inge Intake",
        "Overeenkomst verstuurd",
        f"Je overeenkomst voor aanvraag {application.reference}",
        application.documents.get(kind="contract").sha256,
    ):
        assert shown in html


def test_the_page_tells_who_did_what_and_which_mails_went_the_newest_first(
    client, sign_in
):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    user = sign_in("contracten")
    handling.register_return(application, by=user)
    handling.ask_again(application, reason="De scan is scheef.", by=user)

    html = client.get(page(application)).text

    happened = html.partition("staff-timeline")[2].partition("</ol>")[0]
    moments = re.findall(r"</time>(.+?)</li>", happened, re.DOTALL)
    reference = application.reference
    sent = "(mail, wacht op verzending)"
    assert [text_of(moment) for moment in moments] == [
        f"portaal: Onderteken de overeenkomst voor {reference} opnieuw {sent}",
        "Contracten Medewerker: Overeenkomst verstuurd",
        f"portaal: Ondertekende overeenkomst ontvangen voor {reference} {sent}",
        "Contracten Medewerker: Overeenkomst retour",
        f"portaal: Je overeenkomst voor aanvraag {reference} {sent}",
        "Inge Intake: Overeenkomst verstuurd",
        "aanvrager: E-mailadres bevestigd",
        f"portaal: Je aanvraag {reference} is ontvangen {sent}",
        "aanvrager: Ingediend",
    ]
    for event in Event.objects.filter(kind="application.moved"):
        assert timezone.localtime(event.at).isoformat() in happened


def test_the_page_shows_what_an_applicant_typed_as_text(client, sign_in):
    name = "<script>alert(1)</script> & {{ 7|add:7 }}"
    application = ApplicationFactory(purpose=name, name="Test <b>BV</b>")
    sign_in("intake")

    shown = client.get(page(application)).text
    listed = client.get(QUEUE).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7|add:7 }}" in shown
    assert "Test &lt;b&gt;BV&lt;/b&gt;" in listed
    assert "<b>BV</b>" not in shown + listed


def test_the_page_shows_old_beside_new_of_a_completion(client, sign_in):
    application = ApplicationFactory(status=Status.CHANGES_REQUESTED)
    sign_in("intake")
    asked = text_of(client.get(page(application)).text)
    following.answer_changes(application, {"city": "Lollum"})

    answered = text_of(client.get(page(application)).text)

    assert "De plaats klopt niet." in asked
    assert "Bezoekadres: Plaats Voorbeeldstad nog niet beantwoord" in asked
    assert "Bezoekadres: Plaats Voorbeeldstad Lollum" in answered


def test_the_page_shows_a_completion_in_words(client, sign_in):
    application = ApplicationFactory()
    user = sign_in("intake")
    handling.request_changes(
        application, fields=["legal_form", "products"], reason="Klopt niet.", by=user
    )

    html = client.get(page(application)).text

    assert "private_company" not in html
    assert "[&#x27;" not in html


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_page_of_a_rejected_application_says_why(client, sign_in, confirmed):
    application = ApplicationFactory(status=Status.REJECTED, confirmed=confirmed)
    sign_in("support")

    assert application.rejection_reason in client.get(page(application)).text


def test_the_page_shows_what_was_applied_for_after_it_left_the_catalogue(
    client, sign_in
):
    application = ApplicationFactory()
    sign_in("intake")
    asked = f"{Product.objects.get(slug='api-abonnement')} "
    question = "Welk abonnement wil je aanvragen? "
    assert question + asked in text_of(client.get(page(application)).text)

    Product.objects.update(on_offer=False)

    assert question + asked in text_of(client.get(page(application)).text)


def test_a_document_is_downloaded_by_its_own_application_only(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    other = ApplicationFactory()
    contract = application.documents.get(kind="contract")
    sign_in("support")

    def download(of):
        name = "admin:applications_application_document"
        return client.get(reverse(name, args=[of.pk, contract.pk]))

    assert download(application).content == bytes(contract.content)
    assert download(application)["Content-Disposition"].startswith("attachment;")
    assert download(other).status_code == 404


def every_page_of_the_admin():
    """The address of each list, and of the page of each row."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for pk in model._base_manager.values_list("pk", flat=True):
            yield reverse(f"{name}_change", args=[pk])


def test_no_secret_stands_on_any_page(client):
    application = ApplicationFactory(status=Status.APPROVED)
    administrator = application.username.held_by
    activation = administrator.activation
    key = application.contract.api_key
    link = ["activation", activation.pk, activation.link_version]
    secrets = {
        "link": private_links.token(*application.link),
        "link's digest": application.link_digest,
        "activation": private_links.token(*link),
        "activation's digest": activation.link_digest,
        "key": apikeys.reveal(key, by=administrator),
        "key's digest": key.secrets.get().digest.hex(),
        "password": administrator.password,
    }
    client.force_login(superuser())
    pages = {url: client.get(url) for url in every_page_of_the_admin()}
    pages |= {one.slug: client.get(act(application, one.slug)) for one in ACTS}

    shown = [
        (what, url)
        for url, response in pages.items()
        for what, secret in secrets.items()
        if secret in response.text
    ]

    assert page(application) in pages
    assert {response.status_code for response in pages.values()} <= {200, 302}
    assert shown == []


@pytest.mark.parametrize(
    ("slug", "becomes"),
    [
        ("overeenkomst-versturen", Status.CONTRACT_SENT),
        ("aanvulling-vragen", Status.CHANGES_REQUESTED),
        ("overeenkomst-ontvangen", Status.CONTRACT_RETURNED),
        ("goedkeuren", Status.APPROVED),
        ("opnieuw-laten-ondertekenen", Status.CONTRACT_SENT),
        ("link-vernieuwen", Status.SUBMITTED),
        ("afwijzen", Status.REJECTED),
    ],
)
def test_an_act_is_done_and_said(client, slug, becomes):
    application = ApplicationFactory(status=START[slug])
    client.force_login(superuser())

    response = client.post(act(application, slug), ANSWERS[slug], follow=True)

    assert "Gedaan:" in response.text
    assert reread(application).status == becomes


@pytest.mark.parametrize("slug", ANSWERS)
def test_an_act_asks_first(client, slug):
    application = ApplicationFactory(status=START[slug])
    client.force_login(superuser())
    before = Event.objects.count()

    html = client.get(act(application, slug)).text

    label = next(one.label for one in ACTS if one.slug == slug)
    assert f'value="{label}"' in html
    assert Event.objects.count() == before


def test_an_act_that_does_not_exist_is_not_found(client):
    application = ApplicationFactory()
    client.force_login(superuser())

    assert client.post(act(application, "wissen")).status_code == 404


def test_a_completion_is_asked_for_with_its_fields_and_reason(client, sign_in):
    application = ApplicationFactory()
    user = sign_in("intake")
    asked = {"fields_asked": ["city", "iban"], "reason": "Zie het register."}

    client.post(act(application, "aanvulling-vragen"), asked)

    request = application.change_requests.get()
    assert (request.fields, request.reason) == (["city", "iban"], "Zie het register.")
    assert request.requested_by == user
    mail = Message.objects.get(template="applications/emails/changes_requested")
    assert mail.context["reason"] == "Zie het register."


def test_a_renewed_link_is_mailed_and_ends_the_one_before(client, sign_in):
    application = ApplicationFactory()
    before = private_links.address(*application.link)
    sign_in("support")

    client.post(act(application, "link-vernieuwen"))

    mail = Message.objects.get(template="applications/emails/link_renewed")
    renewed = private_links.address(*mail.links["status_url"])
    assert client.get(before).status_code == 404
    assert application.reference in client.get(renewed).text


def test_an_approval_lets_a_new_customer_in(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    user = sign_in("contracten")

    client.post(act(application, "goedkeuren"))

    customer = Organisation.objects.get(kvk_number=application.kvk_number)
    administrator = customer.memberships.get().user
    assert reread(application).decided_by == user
    assert administrator.username == application.answers["username"]
    assert customer.api_keys.get().name == application.answers["key_name"]
    mail = Message.objects.get(template="applications/emails/key_available")
    assert mail.to == administrator.email


@pytest.mark.parametrize(
    ("slug", "answers", "said"),
    [
        ("afwijzen", {"reason": " "}, "Geef een reden"),
        ("aanvulling-vragen", {"reason": "Wel"}, "Kies minstens één gegeven."),
        ("aanvulling-vragen", {"fields_asked": ["city"]}, "Leg uit wat er moet"),
        ("afwijzen", {"reason": "x" * 2001}, "niet meer dan 2000 tekens"),
    ],
)
def test_what_an_act_needs_is_asked_for(client, sign_in, slug, answers, said):
    application = ApplicationFactory()
    sign_in("intake")

    html = client.post(act(application, slug), answers).text

    assert said in html
    assert answers.get("reason", "") in html
    assert reread(application).status == Status.SUBMITTED


def test_a_message_stands_beside_its_field_and_keeps_what_was_chosen(client, sign_in):
    application = ApplicationFactory()
    sign_in("intake")
    answers = {"fields_asked": ["city", "iban"], "reason": ""}

    html = client.post(act(application, "aanvulling-vragen"), answers).text

    question, _, rest = html.partition('<label for="id_reason">')
    assert rest.index("Leg uit wat er moet") < rest.index("<textarea")
    assert re.findall(r'value="(\w+)"[^>]* checked', question) == ["city", "iban"]


def test_asking_to_sign_again_needs_a_reason(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    sign_in("contracten")

    html = client.post(act(application, "opnieuw-laten-ondertekenen")).text

    assert "Geef een reden" in html
    assert reread(application).status == Status.CONTRACT_RETURNED


def test_a_rejection_is_mailed_with_its_reason(client, sign_in):
    application = ApplicationFactory()
    sign_in("intake")

    client.post(act(application, "afwijzen"), {"reason": "Buiten de EER."})

    mail = Message.objects.get(template="applications/emails/rejected")
    assert mail.context["reason"] == "Buiten de EER."


def test_who_asks_for_a_completion_sees_what_was_answered(client, sign_in):
    application = ApplicationFactory(city="Lollum")
    sign_in("intake")

    html = client.get(act(application, "aanvulling-vragen")).text

    assert "Bezoekadres: Plaats (nu: Lollum)" in html


def test_a_scan_may_come_with_the_contract_that_came_by_post(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    user = sign_in("intake")
    content = saved()
    scan = SimpleUploadedFile("scan.pdf", content, "application/pdf")

    client.post(act(application, "overeenkomst-ontvangen"), {"contract": scan})

    kept = application.documents.get(kind="signed_contract")
    assert (bytes(kept.content), kept.added_by) == (content, user)


def test_a_scan_that_is_no_pdf_is_refused(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    sign_in("intake")
    scan = SimpleUploadedFile("scan.pdf", b"MZ", "application/pdf")

    html = client.post(
        act(application, "overeenkomst-ontvangen"), {"contract": scan}
    ).text

    assert "Dit is geen PDF-bestand." in html
    assert reread(application).status == Status.CONTRACT_SENT


def test_who_sent_the_contract_is_told_that_another_must_approve(client, sign_in):
    application = ApplicationFactory()
    user = sign_in("contracten")
    handling.send_contract(application, by=user)
    handling.register_return(application, by=user)

    html = client.post(act(application, "goedkeuren")).text

    assert "Een ander moet haar goedkeuren." in html
    assert not Organisation.objects.exists()


def test_who_registered_the_contract_is_told_that_another_must_approve(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_SENT)
    user = sign_in("contracten")
    handling.register_return(application, by=user)

    html = client.post(act(application, "goedkeuren")).text

    assert "Jij hebt geregistreerd dat deze overeenkomst terug is." in html
    assert not Organisation.objects.exists()


def test_an_existing_customer_is_shown_and_has_to_be_chosen(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    customer = OrganisationFactory(kvk_number=application.kvk_number, name="Klant BV")
    sign_in("contracten")

    assert "bestaande klant Klant BV" in client.get(act(application, "goedkeuren")).text
    html = client.post(act(application, "goedkeuren")).text
    assert "Er is al een klant met dit KVK-nummer." in html
    client.post(act(application, "goedkeuren"), {"join": "on"})

    assert reread(application).status == Status.APPROVED
    assert customer.api_keys.count() == 1


def test_a_second_click_is_answered_in_words(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    sign_in("contracten")
    client.post(act(application, "goedkeuren"))

    response = client.post(act(application, "goedkeuren"), follow=True)

    assert "Dat kan niet (meer)" in response.text
    assert Organisation.objects.count() == 1


def test_an_address_that_nobody_confirmed_gets_no_contract(client, sign_in):
    application = ApplicationFactory(confirmed=False)
    sign_in("intake")

    html = client.get(page(application)).text
    assert "e-mailadres nog niet bevestigd" in html
    assert "Support kan een nieuwe link sturen." in html
    assert act(application, "overeenkomst-versturen") not in html
    assert act(application, "aanvulling-vragen") not in html
    listed = client.get(QUEUE, {"status": "unconfirmed"}).text
    assert "e-mailadres niet bevestigd" in listed
    for slug in ("overeenkomst-versturen", "aanvulling-vragen"):
        client.post(act(application, slug), ANSWERS[slug])
    assert reread(application).status == Status.SUBMITTED


def test_nobody_edits_adds_or_deletes_an_application(client):
    application = ApplicationFactory()
    client.force_login(superuser())
    model = "admin:applications_application"

    changed = client.post(page(application), {"status": "approved"})

    assert "<input" not in client.get(page(application)).text.partition("<main")[2]
    assert changed.status_code == 200
    assert reread(application).status == Status.SUBMITTED
    assert client.get(reverse(f"{model}_add")).status_code == 403
    assert (
        client.get(reverse(f"{model}_delete", args=[application.pk])).status_code == 403
    )


def test_nobody_deletes_applications_from_the_list(client):
    application = ApplicationFactory()
    client.force_login(superuser())
    answers = {"action": "delete_selected", "_selected_action": [application.pk]}

    client.post(QUEUE, answers | {"post": "yes"})

    assert reread(application)
    assert "delete_selected" not in client.get(QUEUE).text


def test_why_it_must_be_signed_again_stays_readable(client, sign_in):
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    sign_in("contracten")

    client.post(
        act(application, "opnieuw-laten-ondertekenen"), {"reason": "De scan is scheef."}
    )

    assert "De scan is scheef." in text_of(client.get(page(application)).text)


def test_what_was_left_empty_is_not_shown_as_an_answer(client, sign_in):
    application = ApplicationFactory()
    sign_in("intake")

    html = client.get(act(application, "aanvulling-vragen")).text

    assert "Straat en huisnummer (nu: Voorbeeldstraat 1)" in html
    assert "(nu: None)" not in html
    assert re.search(r"IBAN\s*</label>", html)


NEW_TEMPLATE = {
    "kind": "contract",
    "title": "Overeenkomst",
    "version": "9.9",
    "valid_from": "2026-01-01",
    "language": "nl",
}


def test_a_new_document_template_is_accepted_when_a_document_comes_out(client):
    client.force_login(superuser())
    source = DocumentTemplate.objects.get(kind=DocumentKind.CONTRACT).source

    added = client.post(
        reverse("admin:applications_documenttemplate_add"),
        NEW_TEMPLATE | {"source": source},
    )

    assert added.status_code == 302
    assert DocumentTemplate.objects.filter(version="9.9").exists()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("#nee", "unknown variable: nee"),
        ('#set document(title: "T")\n#image("geen.png")', "not found"),
    ],
)
def test_a_document_template_that_makes_no_document_is_refused(client, source, why):
    client.force_login(superuser())

    page = client.post(
        reverse("admin:applications_documenttemplate_add"),
        NEW_TEMPLATE | {"source": source},
    )

    assert "Hier is geen document van te maken" in page.text
    assert why in page.text
    assert not DocumentTemplate.objects.filter(version="9.9").exists()


def test_a_contract_that_cannot_be_made_is_not_sent(client, sign_in):
    application = ApplicationFactory()
    DocumentTemplate.objects.create(  # not by our page, which refuses it
        kind="contract",
        title="T",
        version="9",
        valid_from="2026-01-01",
        source="#nee",
        published_at=timezone.now(),
    )
    sign_in("intake")

    html = client.post(act(application, "overeenkomst-versturen")).text

    assert "Er is niets verstuurd." in html
    assert reread(application).status == Status.SUBMITTED


def test_approving_shows_what_was_signed_and_says_when_nothing_was(client, sign_in):
    bare = ApplicationFactory(status=Status.CONTRACT_SENT)
    handling.register_return(bare, by=UserFactory())
    scanned = ApplicationFactory(status=Status.CONTRACT_SENT)
    handling.register_return(scanned, by=UserFactory(), content=saved())
    sign_in("contracten")

    without = client.get(act(bare, "goedkeuren")).text
    with_scan = client.get(act(scanned, "goedkeuren")).text

    assert "Er is geen ondertekende overeenkomst als bestand." in without
    assert "Er is geen ondertekende overeenkomst" not in with_scan
    assert "Ondertekende overeenkomst</a>" in with_scan


def test_a_fault_in_an_act_is_told_at_the_top_with_a_way_to_the_field(client, sign_in):
    application = ApplicationFactory()
    sign_in("intake")

    html = client.post(act(application, "afwijzen"), {"reason": ""}).text

    assert '<a href="#id_reason">Reden – Geef een reden' in html
    assert "<title>Fout: Afwijzen" in html

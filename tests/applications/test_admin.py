"""What the operator's staff see and do at /beheer/."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Status
from applications.services import handling
from applications.staff import ACTS
from audit.models import Event
from mail import private_links
from mail.models import Message
from organisations.models import Organisation
from tests.applications.test_uploads import saved
from tests.factories import ApplicationFactory, OrganisationFactory, UserFactory

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
}
START = {  # where each act is possible
    "overeenkomst-versturen": Status.SUBMITTED,
    "aanvulling-vragen": Status.SUBMITTED,
    "overeenkomst-ontvangen": Status.CONTRACT_SENT,
    "goedkeuren": Status.CONTRACT_RETURNED,
    "opnieuw-laten-ondertekenen": Status.CONTRACT_RETURNED,
    "link-vernieuwen": Status.SUBMITTED,
    "afwijzen": Status.SUBMITTED,
}
MAY = {  # product.md, *Who uses it*
    "intake": {
        "overeenkomst-versturen",
        "aanvulling-vragen",
        "overeenkomst-ontvangen",
        "opnieuw-laten-ondertekenen",
        "link-vernieuwen",
        "afwijzen",
    },
    "contracten": {
        "overeenkomst-ontvangen",
        "opnieuw-laten-ondertekenen",
        "goedkeuren",
        "afwijzen",
    },
    "support": {"link-vernieuwen"},
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


def reread(application):
    return Application.objects.get(pk=application.pk)


@pytest.mark.parametrize("slug", ANSWERS)
@pytest.mark.parametrize("group", MAY)
def test_each_group_may_do_its_own_acts_and_no_others(client, sign_in, group, slug):
    application = ApplicationFactory(status=START[slug])
    sign_in(group)
    before = Event.objects.count()

    offered = act(application, slug) in client.get(page(application)).text
    response = client.post(act(application, slug), ANSWERS[slug])

    assert offered == (slug in MAY[group])
    assert response.status_code == (302 if offered else 403)
    assert (Event.objects.count() > before) == offered


@pytest.mark.parametrize("status", [*START.values(), Status.APPROVED])
def test_the_page_offers_only_what_its_state_allows(client, status):
    application = ApplicationFactory(status=status)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    html = client.get(page(application)).text

    for one in ACTS:
        assert (act(application, one.slug) in html) == one.possible(application)


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


def test_the_queue_takes_no_query_per_application(
    client, sign_in, django_assert_max_num_queries
):
    for _ in range(10):
        ApplicationFactory()
    sign_in("intake")

    with django_assert_max_num_queries(12):
        client.get(QUEUE)


def test_drafts_are_the_applicants_own(client, sign_in):
    draft = ApplicationFactory(status=Status.DRAFT)
    sign_in("intake")

    assert "Test BV" not in client.get(QUEUE, {"status": "all"}).text
    assert client.get(page(draft)).status_code != 200
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


def test_no_secret_stands_on_the_page(client):
    application = ApplicationFactory(status=Status.APPROVED)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    token = private_links.token("application", application.pk, application.link_version)

    html = client.get(page(application)).text

    assert token not in html
    assert application.link_digest not in html
    assert "_live_" not in html


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
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    response = client.post(act(application, slug), ANSWERS[slug], follow=True)

    assert "Gedaan:" in response.text
    assert reread(application).status == becomes


@pytest.mark.parametrize(
    ("slug", "answers", "said"),
    [
        ("afwijzen", {"reason": " "}, "Geef een reden"),
        ("aanvulling-vragen", {"reason": "Wel"}, "Kies minstens één gegeven."),
        ("aanvulling-vragen", {"fields_asked": ["city"]}, "Leg uit wat er moet"),
    ],
)
def test_what_an_act_needs_is_asked_for(client, sign_in, slug, answers, said):
    application = ApplicationFactory()
    sign_in("intake")

    html = client.post(act(application, slug), answers).text

    assert said in html
    assert answers.get("reason", "") in html
    assert reread(application).status == Status.SUBMITTED


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

    assert "e-mailadres nog niet bevestigd" in client.get(page(application)).text
    html = client.post(act(application, "overeenkomst-versturen")).text

    assert "heeft het e-mailadres nog niet bevestigd" in html
    assert reread(application).status == Status.SUBMITTED


def test_nobody_edits_adds_or_deletes_an_application(client):
    application = ApplicationFactory()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    model = "admin:applications_application"

    changed = client.post(page(application), {"status": "approved"})

    assert "<input" not in client.get(page(application)).text.partition("<main")[2]
    assert changed.status_code == 200
    assert reread(application).status == Status.SUBMITTED
    assert client.get(reverse(f"{model}_add")).status_code == 403
    assert (
        client.get(reverse(f"{model}_delete", args=[application.pk])).status_code == 403
    )

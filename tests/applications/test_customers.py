"""A customer applies for a subscription that its contract does not cover."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from apikeys.models import Product
from applications.models import Application, Status
from applications.services import correcting, drafting, erasing, following, handling
from audit.models import Event
from mail import private_links
from mail.models import Message
from organisations.roles import Role
from tests.applications.filling import send
from tests.applications.test_bank import DEBIT
from tests.factories import ApplicationFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = {"products": ["los"], "key_name": "Los", "purpose": "Eens kijken"}


@pytest.fixture
def contract():
    answers = {"signing": "jointly", "signatory_same": True}
    second = {
        "second_name": "Tweede Tekenaar",
        "second_function": "Directeur",
        "second_email": "tweede@bedrijf.example",
        "second_phone": "020 555 12 35",
    }
    application = ApplicationFactory(
        status=Status.APPROVED, rsin="857587973", **answers, **second
    )
    return application.contract


@pytest.fixture
def product(contract):
    product = Product.objects.create(slug="los", name="Los", summary="", summary_en="")
    product.apis.set(Product.objects.first().apis.all())
    return product


@pytest.fixture
def alice(contract):
    return MembershipFactory(organisation=contract.organisation)


@pytest.fixture
def draft(alice, product):
    draft = drafting.begin_for(
        alice.organisation, NEW, by=alice.user, language="nl", from_address="x"
    )
    drafting.save_answers(draft, {"expected_calls": "1000"})
    return draft


def submit(draft):
    drafting.submit(draft, terms=drafting.terms_in_force(), language="nl")


def approved(draft):
    submit(draft)
    following.confirm_email(draft)
    handling.send_contract(draft, by=UserFactory(is_staff=True))
    handling.register_return(draft, by=UserFactory(is_staff=True))
    return handling.approve(draft, by=UserFactory(is_staff=True))


def test_who_asks_for_what_is_not_covered_types_nothing_again(client, alice, product):
    client.force_login(alice.user)
    slug = alice.organisation.slug
    asked = {"product": product.pk, "name": "Los", "purpose": "Eens kijken"}
    asked["environment"] = "test"

    page = client.post(reverse("apikeys:ask", args=[slug]), asked)
    assert "Daarom doe je een aanvraag." in page.text
    assert "De key bij een nieuwe overeenkomst is voor productie." in page.text
    url = reverse("applications:begin_for_customer", args=[slug])
    assert client.post(url, NEW).url == "/aanvragen/apis/"
    client.post("/aanvragen/apis/?change=1", {**NEW, "expected_calls": "1000"})
    html = client.get("/aanvragen/controleren/").text
    for known in ("Tweede Tekenaar", "857587973", "1234 AB", alice.user.username):
        assert known in html
    assert "/aanvragen/organisatie/" not in html
    assert client.get("/aanvragen/organisatie/").status_code == 404
    assert client.post("/aanvragen/account/", {}).status_code == 404

    assert send(client).url == "/aanvragen/verzonden/"
    application = Application.objects.latest("pk")
    assert application.status == Status.SUBMITTED
    assert (application.customer, application.applicant) == (
        alice.organisation,
        alice.user,
    )
    contract_page = client.get(reverse("applications:contract", args=[slug])).text
    assert application.reference in contract_page


def test_approval_adds_a_contract_and_a_key_and_nobody(contract, alice, draft):
    organisation, members = alice.organisation, alice.organisation.memberships.count()

    added = approved(draft)

    assert added.organisation == organisation
    assert organisation.memberships.count() == members
    assert [*added.api_key.subscriptions.values_list("product__slug", flat=True)] == [
        "los"
    ]
    told = Message.objects.filter(template="applications/emails/contract_added")
    assert alice.user.email in told.values_list("to", flat=True)
    assert not Message.objects.filter(
        template="applications/emails/key_available", about_id=str(draft.pk)
    ).exists()
    kinds = Event.objects.filter(organisation=organisation).values_list(
        "kind", flat=True
    )
    assert {"contract.asked_for", "contract.concluded"} <= {*kinds}


def test_what_is_sent_says_who_the_customer_is_that_day(alice, draft):
    draft.answers["name"] = "Iemand anders"
    draft.save()
    alice.organisation.city = "Elders"
    alice.organisation.save()

    submit(draft)

    assert draft.answers["city"] == "Elders"
    assert draft.answers["name"] == alice.organisation.name
    assert draft.username is None


@pytest.mark.parametrize("removed", [False, True])
def test_who_does_not_run_the_customer_any_more_applies_for_nothing(
    alice, draft, removed
):
    if removed:
        alice.delete()
    else:
        type(alice).objects.filter(pk=alice.pk).update(role=Role.DEVELOPER)

    with pytest.raises(PermissionDenied):
        submit(draft)
    with pytest.raises(PermissionDenied):
        drafting.begin_for(
            draft.customer, NEW, by=alice.user, language="nl", from_address="x"
        )
    assert Application.objects.get(pk=draft.pk).status == Status.DRAFT


def test_the_draft_of_a_customer_is_taken_up_by_who_began_it(client, alice, draft):
    drafting.save_for_later(draft, email="a@b.nl", language="nl")
    message = Message.objects.get(template="applications/emails/resume")
    url = private_links.address(*message.links["resume_url"])

    assert "/login/" in client.get(url).url
    client.force_login(MembershipFactory(organisation=alice.organisation).user)
    assert client.get(url).status_code == 404
    client.force_login(alice.user)
    assert client.post(url).url == "/aanvragen/controleren/"
    assert client.get("/aanvragen/controleren/").status_code == 200
    client.logout()
    assert client.get("/aanvragen/controleren/").status_code == 302


def test_the_iban_is_the_one_thing_that_is_asked_again(product):
    contract = ApplicationFactory(status=Status.APPROVED, **DEBIT).contract
    by = MembershipFactory(organisation=contract.organisation).user

    draft = drafting.begin_for(
        contract.organisation, NEW, by=by, language="nl", from_address="x"
    )

    assert draft.answers["payment_method"] == "direct_debit"
    assert draft.answers["account_holder"]
    assert "iban" not in draft.answers


def test_staff_see_that_it_is_a_customer(client, alice, draft):
    submit(draft)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(reverse("admin:applications_application_change", args=[draft.pk]))

    assert "Bestaande klant" in page.text
    assert alice.organisation.slug in page.text
    assert f"{alice.user.name} vraagt dit aan" in page.text
    assert "contract.asked_for" not in page.text


def test_who_belongs_to_the_customer_does_not_decide(alice, draft):
    submit(draft)
    following.confirm_email(draft)
    officer = UserFactory(is_staff=True)
    MembershipFactory(organisation=alice.organisation, user=officer)

    with pytest.raises(handling.OwnInterest):
        handling.send_contract(draft, by=officer)


def test_what_came_to_nothing_keeps_no_name(draft, settings):
    submit(draft)
    following.withdraw(draft)
    settings.ERASE_DAYS = 0

    erasing.erase_all()

    draft.refresh_from_db()
    assert (draft.customer, draft.applicant, draft.answers) == (None, None, {})


def test_the_database_knows_who_applies_for_a_customer(draft):
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=draft.pk).update(applicant=None)


@pytest.mark.parametrize("field", ["name", "account_name"])
def test_what_a_customer_is_not_asked_staff_do_not_put_right(draft, field):
    submit(draft)
    following.confirm_email(draft)

    with pytest.raises(correcting.NotACorrection):
        correcting.correct(
            draft,
            field=field,
            value="Anders",
            reason="x",
            by=UserFactory(is_staff=True),
        )

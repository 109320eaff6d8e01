import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Activation, User, Username
from accounts.services import UsernameTaken, reserve_username
from apikeys.models import ApiKey, Subscription
from applications.models import (
    Application,
    Contract,
    DocumentKind,
    DocumentTemplate,
    Status,
    WrongState,
)
from applications.services import drafting, following, handling
from audit.models import Event
from mail import private_links
from mail.models import Message
from mail.services import TooMuchMail
from organisations.models import Membership, Organisation
from organisations.roles import Role
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
STATES = [s for s in Status if s != Status.EXPIRED]
POSSIBLE = {
    "submit": {Status.DRAFT},
    "save_answers": {Status.DRAFT},
    "request_changes": {Status.SUBMITTED},
    "answer_changes": {Status.CHANGES_REQUESTED},
    "send_contract": {Status.SUBMITTED},
    "return_contract": {Status.CONTRACT_SENT},
    "register_return": {Status.CONTRACT_SENT},
    "ask_again": {Status.CONTRACT_RETURNED},
    "approve": {Status.CONTRACT_RETURNED},
    "withdraw": {
        Status.SUBMITTED,
        Status.CHANGES_REQUESTED,
        Status.CONTRACT_SENT,
        Status.CONTRACT_RETURNED,
    },
    "reject": {
        Status.SUBMITTED,
        Status.CHANGES_REQUESTED,
        Status.CONTRACT_SENT,
        Status.CONTRACT_RETURNED,
    },
}


def do(act, application):
    """One of the acts above, by somebody who had no part in the application yet."""
    by = UserFactory()
    {
        "submit": lambda: submit(application),
        "save_answers": lambda: drafting.save_answers(application, {"city": "Lollum"}),
        "request_changes": lambda: handling.request_changes(
            application, fields=["city"], reason="Klopt niet.", by=by
        ),
        "answer_changes": lambda: following.answer_changes(
            application, {"city": "Lollum"}
        ),
        "send_contract": lambda: handling.send_contract(application, by=by),
        "return_contract": lambda: following.return_contract(application, b"%PDF-"),
        "register_return": lambda: handling.register_return(application, by=by),
        "ask_again": lambda: handling.ask_again(application, reason="Scheef.", by=by),
        "approve": lambda: handling.approve(application, by=by),
        "withdraw": lambda: following.withdraw(application),
        "reject": lambda: handling.reject(application, reason="Nee.", by=by),
    }[act]()


def submit(application):
    drafting.submit(application, terms=drafting.terms_in_force(), language="nl")


def mails(application):
    """(which mail, to whom), the first one first."""
    about = Message.objects.filter(about_id=str(application.pk)).order_by("created_at")
    return [(m.template.rpartition("/")[2], m.to) for m in about]


def events(application):
    about = Event.objects.filter(
        subject_type="applications.application", subject_id=str(application.pk)
    )
    return [(e.kind, e.data.get("now"), e.by) for e in about.order_by("pk")]


@pytest.mark.parametrize("act", POSSIBLE)
@pytest.mark.parametrize("status", STATES)
def test_every_act_is_possible_in_its_states_only(act, status):
    application = ApplicationFactory(status=status)
    before = Event.objects.count(), Message.objects.count()

    if status in POSSIBLE[act]:
        do(act, application)
    else:
        with pytest.raises(WrongState):
            do(act, application)
        assert Application.objects.get(pk=application.pk).status == status
        assert (Event.objects.count(), Message.objects.count()) == before


def test_begin_refuses_more_than_one_office_needs(settings):
    settings.APPLICATIONS_PER_HOUR = 2
    for _ in range(2):
        drafting.begin(language="nl", from_address="office")

    with pytest.raises(drafting.TooManyApplications):
        drafting.begin(language="nl", from_address="office")
    assert drafting.begin(language="nl", from_address="elsewhere")


def test_begin_lets_the_same_office_in_an_hour_later(settings):
    settings.APPLICATIONS_PER_HOUR = 1
    first = drafting.begin(language="nl", from_address="office")
    an_hour_ago = timezone.now() - datetime.timedelta(minutes=61)
    Application.objects.filter(pk=first.pk).update(created_at=an_hour_ago)

    assert drafting.begin(language="nl", from_address="office")


def test_save_answers_keeps_what_was_typed_wrong_too():
    draft = ApplicationFactory(status=Status.DRAFT)

    drafting.save_answers(draft, {"kvk_number": "68 75", "city": ""})

    kept = Application.objects.get(pk=draft.pk).answers
    assert (kept["kvk_number"], kept["city"]) == ("68 75", "")
    assert kept["name"] == draft.answers["name"]


def test_save_for_later_mails_a_link_that_opens_the_draft():
    draft = ApplicationFactory(status=Status.DRAFT)

    drafting.save_for_later(draft, email="thuis@voorbeeld.example", language="nl")

    assert mails(draft) == [("resume", "thuis@voorbeeld.example")]
    token = private_links.token("draft", draft.pk, draft.link_version)
    assert drafting.by_link("draft", token) == draft
    with pytest.raises(Application.DoesNotExist):
        drafting.by_link("application", token)


def test_save_for_later_does_not_fill_a_strangers_mailbox(settings):
    settings.MAIL_PER_ADDRESS_PER_HOUR = 1
    draft = ApplicationFactory(status=Status.DRAFT)
    drafting.save_for_later(draft, email="thuis@voorbeeld.example", language="nl")

    with pytest.raises(TooMuchMail):
        drafting.save_for_later(draft, email="thuis@voorbeeld.example", language="nl")


def test_submit_gives_a_reference_and_mails_the_private_link():
    draft = ApplicationFactory(status=Status.DRAFT)

    submit(draft)

    assert draft.status == Status.SUBMITTED
    assert draft.reference.startswith("AV-")
    assert mails(draft) == [("received", draft.contact_email)]
    assert events(draft) == [("application.moved", "submitted", None)]
    assert draft.terms == drafting.terms_in_force()


def test_submit_keeps_the_answers_in_their_one_form():
    draft = ApplicationFactory(
        status=Status.DRAFT, kvk_number="6875 0110", username="D.Beheer"
    )

    submit(draft)

    assert draft.answers["kvk_number"] == "68750110"
    assert draft.username.name == draft.answers["username"] == "d.beheer"


def test_submit_refuses_what_is_not_complete():
    draft = ApplicationFactory(status=Status.DRAFT, city="")

    with pytest.raises(drafting.Incomplete) as refusal:
        submit(draft)

    assert refusal.value.step.slug == "organisatie"


def test_submit_refuses_a_name_that_is_taken_and_leaves_a_draft():
    reserve_username("jan")
    draft = ApplicationFactory(status=Status.DRAFT, username="JAN")

    with pytest.raises(UsernameTaken):
        submit(draft)

    assert Application.objects.get(pk=draft.pk).status == Status.DRAFT
    assert mails(draft) == []


def test_submit_refuses_terms_that_are_not_in_force_any_more():
    draft = ApplicationFactory(status=Status.DRAFT)
    shown = drafting.terms_in_force()
    newer = DocumentTemplate.objects.create(
        published_at=timezone.now(),
        kind=DocumentKind.TERMS,
        language="nl",
        title=shown.title,
        version="9.0",
        valid_from=timezone.localdate(),
        source=shown.source,
    )

    with pytest.raises(drafting.TermsChanged):
        drafting.submit(draft, terms=shown, language="nl")
    drafting.submit(draft, terms=newer, language="nl")


def test_discard_expired_forgets_old_drafts_and_nothing_else():
    old, young = (ApplicationFactory(status=Status.DRAFT) for _ in range(2))
    sent = ApplicationFactory()
    yesterday = timezone.now() - datetime.timedelta(days=1)
    Application.objects.exclude(pk=young.pk).update(expires_at=yesterday)

    assert drafting.discard_expired() == 1

    assert set(Application.objects.all()) == {young, sent}
    assert old not in Application.objects.all()


def test_nothing_but_the_first_mail_goes_to_an_unconfirmed_address():
    application = ApplicationFactory(confirmed=False)

    for act in ("send_contract", "request_changes"):
        with pytest.raises(handling.EmailUnconfirmed):
            do(act, application)
    do("reject", application)

    assert mails(application) == [("received", application.contact_email)]


def test_confirm_email_is_recorded_once():
    application = ApplicationFactory(confirmed=False)

    following.confirm_email(application)
    following.confirm_email(application)

    assert application.email_confirmed_at
    assert events(application)[1:] == [("application.email_confirmed", None, None)]


def test_request_changes_keeps_what_was_there_and_tells_why():
    application = ApplicationFactory(city="Utrecht")

    do("request_changes", application)

    asked = application.change_requests.get()
    assert (asked.fields, asked.before) == (["city"], {"city": "Utrecht"})
    assert mails(application)[-1] == ("changes_requested", application.contact_email)


def test_answer_changes_changes_only_what_was_asked():
    application = ApplicationFactory(status=Status.CHANGES_REQUESTED)

    following.answer_changes(application, {"city": "Lollum", "name": "Iemand anders"})

    assert application.status == Status.SUBMITTED
    assert application.answers["city"] == "Lollum"
    assert application.answers["name"] != "Iemand anders"
    assert application.change_requests.get().after == {"city": "Lollum"}


def test_request_changes_asks_what_an_answer_may_make_a_question():
    application = ApplicationFactory()

    handling.request_changes(
        application, fields=["payment_method"], reason="Kies.", by=UserFactory()
    )

    asked = application.change_requests.get().fields
    assert asked == ["payment_method", "iban", "account_holder"]


def test_a_draft_is_kept_to_the_end_of_the_day_that_is_promised(settings):
    settings.DRAFT_DAYS = 30
    draft = ApplicationFactory(status=Status.DRAFT)

    last = timezone.localtime(draft.expires_at)

    assert last.date() == timezone.localdate() + datetime.timedelta(days=30)
    assert (last.hour, last.minute) == (23, 59)


def test_answer_changes_swaps_the_reserved_username():
    application = ApplicationFactory(username="eerste-naam")
    handling.request_changes(
        application, fields=["username"], reason="Kies.", by=UserFactory()
    )

    following.answer_changes(application, {"username": "tweede-naam"})

    assert application.username.name == "tweede-naam"
    assert not Username.objects.filter(name="eerste-naam").exists()


def test_answer_changes_asks_a_new_address_to_confirm_itself():
    application = ApplicationFactory()
    handling.request_changes(
        application, fields=["contract_email"], reason="Kies.", by=UserFactory()
    )

    following.answer_changes(application, {"contract_email": "nieuw@b.example"})

    assert application.email_confirmed_at is None
    assert mails(application)[-1] == ("received", "nieuw@b.example")


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        ({}, ["contract", "terms", "service_level"]),
        (
            {
                "payment_method": "direct_debit",
                "iban": "NL13TEST0123456789",
                "account_holder": "Test BV",
            },
            ["contract", "terms", "service_level", "mandate"],
        ),
    ],
)
def test_send_contract_mails_what_belongs_to_it(answers, kinds):
    application = ApplicationFactory(**answers)

    do("send_contract", application)

    mail = Message.objects.get(template="applications/emails/contract_sent")
    assert {document.kind for document in mail.sources()} == set(kinds)
    assert hasattr(application, "mandate") == ("mandate" in kinds)


def test_send_contract_sends_the_terms_that_were_agreed_to():
    application = ApplicationFactory()
    DocumentTemplate.objects.create(
        published_at=timezone.now(),
        kind=DocumentKind.TERMS,
        language="nl",
        title="Nieuwe voorwaarden",
        version="9.0",
        valid_from=timezone.localdate(),
        source=application.terms.source,
    )

    do("send_contract", application)

    assert application.documents.get(kind="terms").template == application.terms


def test_return_contract_keeps_the_file_and_says_so():
    application = ApplicationFactory(status=Status.CONTRACT_SENT)

    document = following.return_contract(application, b"%PDF-1.7 getekend")

    assert bytes(document.content) == b"%PDF-1.7 getekend"
    assert document.added_by is None
    assert mails(application)[-1][0] == "contract_received"


def test_ask_again_awaits_the_same_contract_once_more():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    documents = application.documents.count()

    do("ask_again", application)

    assert application.status == Status.CONTRACT_SENT
    assert application.contract_returned_at is None
    assert application.documents.count() == documents
    assert mails(application)[-1][0] == "sign_again"


def test_approve_lets_the_organisation_in():
    application = ApplicationFactory(
        status=Status.CONTRACT_RETURNED,
        account_email="dirk@bedrijf.example",
        payment_method="direct_debit",
        iban="NL13TEST0123456789",
        account_holder="Test BV",
    )
    approver = UserFactory()

    contract = handling.approve(application, by=approver)

    administrator = Membership.objects.get(organisation=contract.organisation)
    assert administrator.role == Role.ADMINISTRATOR
    assert administrator.user.username == application.answers["username"]
    assert not administrator.user.has_usable_password()
    assert contract.organisation.slug == application.kvk_number
    assert contract.api_key.organisation == contract.organisation
    assert [s.product.slug for s in Subscription.objects.all()] == ["api-abonnement"]
    assert application.mandate.signed_on == timezone.localdate()
    assert mails(application)[-2:] == [
        ("key_available", administrator.user.email),
        ("approved", application.contact_email),
    ]
    assert events(application)[-1] == ("application.moved", "approved", approver)


def test_approve_by_who_sent_the_contract_is_refused_and_leaves_nothing():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)

    with pytest.raises(handling.SamePerson):
        handling.approve(application, by=application.contract_sent_by)

    assert not Organisation.objects.exists()
    assert not ApiKey.objects.exists()


def test_approve_by_who_registered_the_return_is_refused_and_leaves_nothing():
    application, coen = ApplicationFactory(status=Status.CONTRACT_SENT), UserFactory()
    handling.register_return(application, by=coen)

    with pytest.raises(handling.RegisteredIt):
        handling.approve(application, by=coen)
    assert not Organisation.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(
            status=Status.APPROVED, decided_at=timezone.now(), decided_by=coen
        )

    handling.approve(application, by=UserFactory())
    assert Organisation.objects.count() == 1


def test_what_is_registered_anew_after_signing_again_counts():
    application, coen = ApplicationFactory(status=Status.CONTRACT_SENT), UserFactory()
    handling.register_return(application, by=coen)
    handling.ask_again(application, reason="Pagina 2 ontbreekt", by=coen)
    following.return_contract(application, b"%PDF-1.7 getekend")

    handling.approve(application, by=coen)

    assert Organisation.objects.count() == 1


def test_approve_twice_has_one_result():
    application = ApplicationFactory(status=Status.APPROVED)

    with pytest.raises(WrongState):
        do("approve", application)

    assert Contract.objects.count() == ApiKey.objects.count() == 1
    assert Activation.objects.count() == 1


def test_approve_joins_a_customer_only_when_staff_says_so():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    customer = OrganisationFactory(kvk_number=application.kvk_number)

    with pytest.raises(handling.OrganisationExists):
        handling.approve(application, by=UserFactory())
    contract = handling.approve(application, by=UserFactory(), join=customer)

    assert contract.organisation == customer
    assert Organisation.objects.get() == customer


def test_approve_lets_in_a_government_without_a_kvk_number():
    application = ApplicationFactory(
        status=Status.CONTRACT_RETURNED,
        branch="foreign",
        country="BE",
        register_number="0308.357.159",
        legal_form="public_body",
    )

    organisation = handling.approve(application, by=UserFactory()).organisation

    assert organisation.kvk_number is None
    assert organisation.country == "BE"
    assert organisation.slug == application.reference.lower()


@pytest.mark.parametrize("act", ["withdraw", "reject"])
def test_an_application_that_came_to_nothing_frees_its_username(act):
    application = ApplicationFactory(username="vrij")

    do(act, application)

    assert reserve_username("vrij")
    assert not User.objects.filter(username="vrij").exists()


def test_renew_link_makes_the_one_before_worthless():
    application = ApplicationFactory()
    before = private_links.token("application", application.pk, 1)
    assert drafting.by_link("application", before) == application

    handling.renew_link(application, by=UserFactory())

    after = private_links.token("application", application.pk, 2)
    assert drafting.by_link("application", after) == application
    with pytest.raises(Application.DoesNotExist):
        drafting.by_link("application", before)
    assert mails(application)[-1][0] == "link_renewed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "approved"},
        {"status": "rejected"},
        {"status": "contract_sent"},
        {"status": "submitted", "link_digest": None},
        {"status": "submitted", "terms": None},
    ],
)
def test_the_database_refuses_a_status_without_what_belongs_to_it(wrong):
    application = ApplicationFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(**wrong)


def test_a_translation_of_a_template_is_never_what_is_sent():
    today = timezone.localdate()
    original = DocumentTemplate.objects.in_force(DocumentKind.CONTRACT, today)
    DocumentTemplate.objects.create(
        published_at=timezone.now(),
        kind=DocumentKind.CONTRACT,
        title="Agreement",
        version="2",
        valid_from=today,
        language="en",
        source=original.source,
    )

    assert DocumentTemplate.objects.in_force(DocumentKind.CONTRACT, today) == original


@pytest.mark.parametrize(("email", "phone"), [("", "+31205551234"), ("ander@b.nl", "")])
def test_administrator_gets_no_telephone_number_of_somebody_else(email, phone):
    answers = {"account_email": email} if email else {}
    application = ApplicationFactory(status=Status.APPROVED, **answers)

    administrator = Membership.objects.get(
        organisation=application.contract.organisation
    ).user
    assert administrator.phone == phone


def test_approve_that_joins_a_customer_tells_its_administrators():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    customer = OrganisationFactory(kvk_number=application.kvk_number)
    boss = MembershipFactory(organisation=customer).user
    MembershipFactory(organisation=customer, role=Role.DEVELOPER)

    handling.approve(application, by=UserFactory(), join=customer)

    told = Message.objects.filter(template__endswith="administrator_joined")
    assert [message.to for message in told] == [boss.email]
    assert told[0].context["address"] == application.answers["account_email"]


@pytest.mark.parametrize("act", ["send_contract", "approve"])
def test_nobody_decides_on_an_application_that_names_their_own_address(act):
    officer = UserFactory(email="Officier@portaal.example")
    start = {"send_contract": Status.SUBMITTED, "approve": Status.CONTRACT_RETURNED}
    application = ApplicationFactory(
        status=start[act], account_email="officier@portaal.example"
    )

    with pytest.raises(handling.OwnInterest):
        getattr(handling, act)(application, by=officer)


def test_nobody_decides_on_the_organisation_that_they_work_for():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    customer = OrganisationFactory(kvk_number=application.kvk_number)
    member = MembershipFactory(organisation=customer, role=Role.DEVELOPER).user

    with pytest.raises(handling.OwnInterest):
        handling.approve(application, by=member, join=customer)

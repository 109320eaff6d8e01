"""Typing errors that staff put right, and the texts that they write often."""

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction
from django.urls import reverse

from applications.models import (
    Application,
    Correction,
    ReplyTemplate,
    Status,
    WrongState,
)
from applications.services import correcting
from applications.services.handling import EmailUnconfirmed
from audit.models import Event
from mail.models import Message
from mail.rendering import text_without_links
from tests.applications.test_admin import act, page, text_of
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

ADD = reverse("admin:applications_replytemplate_add")
TEXT = {
    "name": "Buiten de EER",
    "use": "afwijzen",
    "text_nl": "Beste {contactpersoon}, {organisatie} ({kenmerk}) kan niet.",
    "text_en": "Dear {contactpersoon}, {organisatie} cannot.",
}


@pytest.fixture
def inge(client):
    user = UserFactory(name="Inge Intake", is_staff=True)
    user.groups.add(Group.objects.get(name="intake"))
    client.force_login(user)
    return user


def test_a_typing_error_is_put_right_and_the_applicant_reads_old_and_new(client, inge):
    application = ApplicationFactory(city="Lolum")
    answers = {"field": "city", "value": "Lollum", "reason": "Zo heet het dorp."}

    client.post(act(application, "verbeteren"), answers)

    application.refresh_from_db()
    assert application.answers["city"] == "Lollum"
    mail = Message.objects.get(template="applications/emails/corrected")
    text = text_without_links(mail)
    assert mail.to == application.contact_email
    for said in ("Bezoekadres: Plaats", "Er stond: Lolum", "Er staat nu: Lollum"):
        assert said in text
    assert "Zo heet het dorp." in text
    event = Event.objects.get(kind="application.corrected")
    assert (event.by, event.data) == (inge, {"field": "city"})
    shown = text_of(client.get(page(application)).text)
    assert "Bezoekadres: Plaats Lolum Lollum Zo heet het dorp. Inge Intake" in shown


def test_what_is_put_right_is_kept_as_the_form_keeps_it():
    application = ApplicationFactory()

    correcting.correct(
        application, field="kvk_number", value="6875 0110", reason="x", by=UserFactory()
    )

    assert application.answers["kvk_number"] == "68750110"
    assert application.kvk_number == "68750110"
    assert Application.objects.get(kvk_number="68750110") == application


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("kvk_number", "123", "8 cijfers"),
        ("postcode", "1234", "postcode"),
        ("city", "Voorbeeldstad", "Dit staat er al."),
        ("city", "Zie www.voorbeeld.example", "webadres"),
    ],
)
def test_what_is_no_right_answer_is_refused_beside_its_field(
    client, inge, field, value, said
):
    application = ApplicationFactory()
    answers = {"field": field, "value": value, "reason": "Typefout"}

    html = client.post(act(application, "verbeteren"), answers).text

    assert said in html
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    "field",
    [
        "contract_email",
        "account_email",
        "invoice_email",
        "iban",
        "account_holder",
        "username",
        "legal_form",
        "branch",
        "products",
        "payment_method",
        "website",
        "rsin",  # was not answered
        "no_answer",
    ],
)
def test_what_only_the_applicant_changes_is_not_put_right(client, inge, field):
    application = ApplicationFactory(
        payment_method="direct_debit",
        iban="NL91ABNA0417164300",
        account_holder="Test BV",
    )
    answers = {"field": field, "value": "nieuw@elders.example", "reason": "x"}

    client.post(act(application, "verbeteren"), answers)

    with pytest.raises(correcting.NotACorrection):
        correcting.correct(
            application, field=field, value="x", reason="x", by=UserFactory()
        )
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in ("submitted", "draft", "expired")]
)
def test_nothing_is_put_right_at_another_moment(status):
    application = ApplicationFactory(status=status)

    with pytest.raises(WrongState):
        correcting.correct(
            application, field="city", value="Lollum", reason="x", by=UserFactory()
        )


def test_nothing_is_put_right_for_an_address_that_nobody_confirmed():
    application = ApplicationFactory(confirmed=False)

    with pytest.raises(EmailUnconfirmed):
        correcting.correct(
            application, field="city", value="Lollum", reason="x", by=UserFactory()
        )


def test_the_database_keeps_what_was_put_right():
    application = ApplicationFactory()
    correcting.correct(
        application, field="city", value="Lollum", reason="x", by=UserFactory()
    )

    with pytest.raises(DatabaseError), transaction.atomic():
        Correction.objects.update(reason="iets anders")


def test_a_text_that_is_written_often_is_taken_into_the_reason(client, inge):
    client.post(ADD, {**TEXT, "in_use": "on"})
    reply = ReplyTemplate.objects.get()
    application = ApplicationFactory(name="Test {kenmerk} BV")
    sent = {"reply": reply.pk, "reason": "Eerst dit.", "insert": "1"}

    html = client.post(act(application, "afwijzen"), sent).text

    filled = f"Beste Katrijn Inkoop, Test {{kenmerk}} BV ({application.reference}) kan"
    assert f"Eerst dit.\n\n{filled} niet.</textarea>" in html
    assert 'class="errorlist"' not in html
    assert Application.objects.get().status == Status.SUBMITTED
    assert Event.objects.get(kind="reply.saved").by == inge


def test_a_text_is_in_the_language_of_the_applicant(client, inge):
    reply = ReplyTemplate.objects.create(**TEXT)
    application = ApplicationFactory()
    Application.objects.update(language="en")

    html = client.post(
        act(application, "afwijzen"), {"reply": reply.pk, "insert": "1"}
    ).text

    assert "Dear Katrijn Inkoop" in html


def test_what_was_chosen_stays_when_a_text_is_taken(client, inge):
    reply = ReplyTemplate.objects.create(**{**TEXT, "use": "aanvulling-vragen"})
    application = ApplicationFactory()
    sent = {"fields_asked": ["city", "name"], "reply": reply.pk, "insert": "1"}

    html = client.post(act(application, "aanvulling-vragen"), sent).text

    assert html.count(" checked") == 2
    assert "Beste Katrijn Inkoop" in html
    assert Application.objects.get().status == Status.SUBMITTED


@pytest.mark.parametrize("asked", ["", "x", "999999", "9" * 40])
def test_a_text_that_is_not_there_is_passed_over(client, inge, asked):
    ReplyTemplate.objects.create(**TEXT)
    ReplyTemplate.objects.create(**{**TEXT, "name": "Oud", "in_use": False})
    application = ApplicationFactory()

    response = client.post(
        act(application, "afwijzen"), {"reply": asked, "reason": "R", "insert": "1"}
    )

    assert response.status_code == 200
    assert "R</textarea>" in response.text
    assert "Oud" not in response.text


@pytest.mark.parametrize(
    "text", ["{wachtwoord}", "{kenmerk", "kenmerk}", "{0.answers}"]
)
def test_a_blank_that_nobody_fills_is_refused(client, inge, text):
    html = client.post(ADD, {**TEXT, "text_en": text}).text

    assert "Tussen accolades kan alleen: {contactpersoon}" in html
    assert not ReplyTemplate.objects.exists()


@pytest.mark.parametrize("group", ["contracten", "support"])
def test_intake_keeps_its_own_texts(client, group):
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    assert client.get(ADD).status_code == 403

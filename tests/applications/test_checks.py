"""What an application says beside the register, its customer, and other applications."""

import http.server
import json
import socket
import threading

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from applications import register, tasks
from applications.models import (
    Ground,
    RegisterLookup,
    SigningGround,
    Status,
    WrongState,
)
from applications.services import checking, following
from applications.staff.checks import IN_ORDER, LOOK, UNKNOWN, checks
from applications.staff.compared import duplicates
from organisations.roles import Role
from tests.applications.test_admin import act, page, text_of
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

DONALD = {  # the shape in which the API of that name answers
    "kvkNummer": "68750110",
    "naam": "Test BV Donald",
    "statutaireNaam": "Test BV Donald",
    "handelsnamen": [{"naam": "Donald Handel", "volgorde": 1}],
    "materieleRegistratie": {"datumAanvang": "20150101"},
    "_embedded": {
        "hoofdvestiging": {
            "adressen": [
                {"type": "correspondentieadres", "plaats": "Elders"},
                {
                    "type": "bezoekadres",
                    "straatnaam": "Hizzaarderlaan",
                    "huisnummer": 3,
                    "huisletter": "A",
                    "postcode": "8823SJ",
                    "plaats": "Lollum",
                },
            ]
        },
        "eigenaar": {"rechtsvorm": "BeslotenVennootschap"},
    },
}
AS_THERE = {
    "kvk_number": "68750110",
    "name": "test b.v. donald",
    "street": "Hizzaarderlaan 3 A",
    "postcode": "8823 SJ",
    "city": "Lollum",
}


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["apikey"]))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def kvk(settings):
    """A register that answers what a test says, and to which the portal has a key."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked = []
    server.answers = lambda status, body: setattr(
        server,
        "answer",
        (status, body if isinstance(body, bytes) else json.dumps(body).encode()),
    )
    server.answers(200, DONALD)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.KVK_API_KEY = "de key"
    settings.KVK_API_URL = f"http://127.0.0.1:{server.server_port}/test/api/"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def intake(client):
    user = UserFactory(name="Inge Intake", is_staff=True)
    user.groups.add(Group.objects.get(name="intake"))
    client.force_login(user)
    return user


def states(application):
    return {each.what: each.state for each in checks(application)}


def test_a_number_that_is_in_the_register_is_compared(kvk):
    application = ApplicationFactory(**AS_THERE)

    checking.look_up(application, by=None)

    assert kvk.asked == [("/test/api/v1/basisprofielen/68750110", "de key")]
    assert states(application) == {
        "KVK-nummer": IN_ORDER,
        "Naam": IN_ORDER,  # whatever its case and points
        "Bezoekadres": IN_ORDER,
        "Adres compleet": IN_ORDER,
        "Tekenbevoegdheid": UNKNOWN,
    }


@pytest.mark.parametrize(
    ("answers", "looked_at"),
    [
        ({"name": "Donald Handel"}, set()),  # a trade name
        ({"name": "Donalt BV"}, {"Naam"}),
        ({"street": "Hizzaarderlaan 3"}, {"Bezoekadres"}),
        ({"city": "Elders"}, {"Bezoekadres"}),
        ({"street": "Hizzaarderlaan"}, {"Bezoekadres", "Adres compleet"}),
    ],
)
def test_what_the_register_says_otherwise_is_to_be_looked_at(kvk, answers, looked_at):
    application = ApplicationFactory(**{**AS_THERE, **answers})

    checking.look_up(application, by=None)

    found = states(application)
    assert {what for what, state in found.items() if state == LOOK} == looked_at


def test_the_page_says_what_the_register_says(client, intake, kvk):
    application = ApplicationFactory(**{**AS_THERE, "name": "Donalt BV"})

    client.post(act(application, "nakijken"))

    html = text_of(client.get(page(application)).text)
    said = "Naam Kijk hiernaar In het Handelsregister: Test BV Donald, Donald Handel."
    assert said in html
    assert "Rechtsvorm daar: BeslotenVennootschap." in html
    assert RegisterLookup.objects.get().by == intake


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (None, "Dit nummer staat niet in het Handelsregister"),
        (
            {**DONALD, "materieleRegistratie": {"datumEinde": "20250101"}},
            "Uitgeschreven",
        ),
    ],
)
def test_a_number_that_is_nobodys_or_ended_is_to_be_looked_at(kvk, profile, said):
    kvk.answers(200 if profile else 404, profile or {"fout": []})
    application = ApplicationFactory(**AS_THERE)

    checking.look_up(application, by=None)

    first = checks(application)[0]
    assert (first.state, said in first.why) == (LOOK, True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b"{}"),
        (500, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, json.dumps({**DONALD, "kvkNummer": "69599084"}).encode()),
        (200, json.dumps({**DONALD, "_embedded": "?"}).encode()),
    ],
)
def test_without_a_usable_answer_nothing_is_known(client, intake, kvk, status, body):
    kvk.answers(status, body)
    application = ApplicationFactory(**AS_THERE)

    html = client.post(act(application, "nakijken")).text

    assert "Het Handelsregister geeft nu geen antwoord." in html
    assert not RegisterLookup.objects.exists()
    assert states(application)["KVK-nummer"] == UNKNOWN


def test_offline_nothing_is_known(settings, kvk):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.KVK_API_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(register.NotAsked):
            checking.look_up(ApplicationFactory(), by=None)


def test_without_a_key_nothing_is_asked_and_the_page_says_so(client, intake):
    application = ApplicationFactory()

    html = text_of(client.get(page(application)).text)

    assert (
        "Niet nagekeken De verbinding met het Handelsregister staat niet aan." in html
    )
    assert act(application, "nakijken") not in client.get(page(application)).text
    assert not ProcrastinateJob.objects.filter(task_name__endswith="number").exists()
    with pytest.raises(register.NotAsked):
        checking.look_up(application, by=None)


def test_the_worker_asks_what_was_sent_in(kvk):
    application = ApplicationFactory(**AS_THERE)
    job = ProcrastinateJob.objects.get(task_name__endswith="look_up_kvk_number")

    tasks.look_up_kvk_number(**job.args)

    assert application.lookups.get().entry["city"] == "Lollum"


def test_the_worker_asks_again_when_the_number_was_changed(kvk):
    application = ApplicationFactory(status=Status.CHANGES_REQUESTED)
    jobs = ProcrastinateJob.objects.filter(task_name__endswith="kvk_number")
    application.change_requests.update(fields=["kvk_number"])

    following.answer_changes(application, {"kvk_number": "68750110"})

    assert jobs.count() == 2


def test_what_was_looked_up_of_another_number_says_nothing_of_this_one(kvk):
    application = ApplicationFactory(**AS_THERE)
    checking.look_up(application, by=None)
    application.answers["kvk_number"] = "69599084"
    application.save()
    application.refresh_from_db()

    assert states(application)["KVK-nummer"] == UNKNOWN


def test_why_somebody_may_sign_is_recorded_and_shown(client, intake):
    application = ApplicationFactory()
    answers = {"ground": "power", "explanation": "Volmacht van 1 mei."}

    asked = client.get(act(application, "tekenbevoegdheid")).text
    refused = client.post(act(application, "tekenbevoegdheid"), {"ground": "power"})
    client.post(act(application, "tekenbevoegdheid"), answers)

    assert "Waarom mag Katrijn Inkoop tekenen?" in asked
    assert "Schrijf op welke volmacht je zag." in refused.text
    html = text_of(client.get(page(application)).text)
    assert "Heeft een volmacht. Vastgelegd door Inge Intake" in html
    assert "Volmacht van 1 mei." in html
    assert states(application)["Tekenbevoegdheid"] == IN_ORDER


def test_a_ground_counts_for_who_it_was_recorded_for():
    application = ApplicationFactory()
    checking.record_signing(
        application, ground=Ground.REGISTER, explanation="", by=UserFactory()
    )
    application.answers["contract_name"] = "Willie Wortel"

    assert states(application)["Tekenbevoegdheid"] == LOOK


def test_the_database_wants_a_power_explained():
    application = ApplicationFactory()

    with pytest.raises(DatabaseError), transaction.atomic():
        SigningGround.objects.create(
            application=application,
            by=UserFactory(),
            ground=Ground.POWER,
            signatories=[],
        )


@pytest.mark.parametrize(
    ("iban", "state", "said"),
    [
        ("NL91ABNA0417164300", IN_ORDER, "ABN AMRO"),
        ("NL13TEST0123456789", LOOK, "geen bank die wij kennen"),
    ],
)
def test_the_bank_of_an_iban_is_named(iban, state, said):
    application = ApplicationFactory(
        payment_method="direct_debit", iban=iban, account_holder="Anders BV"
    )

    found = {each.what: each for each in checks(application)}

    assert found["Bank van het IBAN"].state == state
    assert said.lower() in found["Bank van het IBAN"].why.lower()
    assert found["Rekeninghouder"].state == LOOK


def test_the_customer_is_shown_with_what_it_says_otherwise(client, intake):
    application = ApplicationFactory(city="Lollum")
    customer = OrganisationFactory(
        kvk_number=application.kvk_number, name=application.organisation_name
    )

    html = client.get(page(application)).text

    said = text_of(html.partition("Deze klant kennen we")[2].partition("</section>")[0])
    assert "Bezoekadres: Plaats Lollum Voorbeeldstad" in said
    assert "Naam van de organisatie" not in said  # the same
    assert (
        reverse("admin:organisations_organisation_change", args=[customer.pk]) in html
    )


def test_the_account_of_a_customer_is_shown_to_who_may_see_mandates(client, intake):
    debit = {
        "payment_method": "direct_debit",
        "iban": "NL91ABNA0417164300",
        "account_holder": "Test BV",
    }
    first = ApplicationFactory(status=Status.APPROVED, **debit)
    again = ApplicationFactory(kvk_number=first.kvk_number)
    approver = UserFactory(is_staff=True)
    approver.groups.add(Group.objects.get(name="contracten"))

    seen_by_intake = client.get(page(again)).text
    client.force_login(approver)
    seen_by_approver = client.get(page(again)).text

    assert "0417" not in seen_by_intake
    assert "Op factuur, binnen 28 dagen Automatische incasso" in text_of(seen_by_intake)
    assert "NL91 ABNA 0417 1643 00" in seen_by_approver


def test_duplicates_are_those_of_the_same_number_and_the_same_mail_domain(
    client, intake
):
    domain = {"contract_email": "a@duckstad.example"}
    application = ApplicationFactory(**domain)
    rejected = ApplicationFactory(
        kvk_number=application.kvk_number, status=Status.REJECTED
    )
    neighbour = ApplicationFactory(contract_email="b@DUCKSTAD.example")
    ApplicationFactory(status=Status.DRAFT, **domain)
    ApplicationFactory()

    found = duplicates(application)

    alike = {"same_number": [rejected], "same_domain": [neighbour]}
    assert found == {**alike, "administers": []}
    html = client.get(page(application)).text
    assert page(rejected) in html
    assert page(neighbour) in html


def test_an_address_at_a_big_mail_provider_makes_nobody_alike():
    application = ApplicationFactory(contract_email="katrien@gmail.com")
    ApplicationFactory(contract_email="willie@gmail.com")

    assert not any(duplicates(application).values())


def test_who_administers_another_organisation_already_is_seen(client, intake):
    """By address, and not for who became it by this very application."""
    member = MembershipFactory(user__email="Katrien@duckstad.example")
    MembershipFactory(role=Role.DEVELOPER, user__email="willie@duckstad.example")
    application = ApplicationFactory(account_email="katrien@DUCKSTAD.example")

    assert duplicates(application)["administers"] == [member.organisation]
    html = client.get(page(application)).text
    assert "is dat met dit e-mailadres al bij" in html
    there = reverse(
        "admin:organisations_organisation_change", args=[member.organisation.pk]
    )
    assert there in html
    developer = ApplicationFactory(account_email="willie@duckstad.example")
    assert duplicates(developer)["administers"] == []
    approved = ApplicationFactory(status=Status.APPROVED)
    assert duplicates(approved)["administers"] == []


def test_a_withdrawn_application_is_not_looked_up():
    application = ApplicationFactory(status=Status.WITHDRAWN)

    with pytest.raises(WrongState):
        checking.record_signing(
            application, ground=Ground.REGISTER, explanation="", by=UserFactory()
        )

"""New terms: every organisation with a contract is asked, reminded, and answers once."""

import csv
import datetime
import io
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import Error, IntegrityError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from applications import tasks, terms_csv
from applications.models import (
    DocumentKind,
    DocumentTemplate,
    Status,
    TermsAnswer,
    TermsRequest,
    TermsRound,
)
from applications.services import contracts, handling, terms
from audit.models import Event
from mail.models import Message
from organisations.models import Organisation
from tests.factories import ApplicationFactory, MembershipFactory, UserFactory
from tests.races import ROUNDS, racing

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return ApplicationFactory(status=Status.APPROVED).contract


@pytest.fixture
def alice(contract, sign_in):
    """An administrator who just typed the password."""
    alice = MembershipFactory(
        organisation=contract.organisation, user__name="Alice Admin"
    ).user
    sign_in(alice)
    return alice


def new_terms(version="2.0"):
    first = DocumentTemplate.objects.get(kind=DocumentKind.TERMS, version="1.0")
    return DocumentTemplate.objects.create(
        kind=DocumentKind.TERMS,
        title=first.title,
        version=version,
        valid_from=timezone.localdate(),
        source=first.source,
        published_at=timezone.now(),
    )


def prepared(by=None, version="2.0", days=40):
    round = TermsRound(
        template=new_terms(version),
        answer_by=timezone.localdate() + datetime.timedelta(days=days),
        consequence_nl="De overeenkomst eindigt op 1 maart.",
        consequence_en="The contract ends on 1 March.",
    )
    terms.prepare(round, by=by or UserFactory(is_staff=True))
    return round


@pytest.fixture
def begun(contract):
    """A round that another began, and in which the worker asked."""
    round = prepared()
    terms.start(round, by=UserFactory(is_staff=True))
    tasks.tend_terms(timestamp=0)
    round.refresh_from_db()
    return round


def asked(contract):
    return TermsRequest.objects.get(organisation=contract.organisation)


def mails(name):
    return Message.objects.filter(template=f"applications/emails/{name}")


def page(contract, name="terms_round"):
    return reverse(f"applications:{name}", args=[contract.organisation.slug])


def days_pass(request, days):
    earlier = timezone.now() - datetime.timedelta(days=days)
    TermsRequest.objects.filter(pk=request.pk).update(asked_at=earlier)
    terms.tend_all()


def test_who_has_a_contract_under_other_terms_is_asked_once(contract, alice, begun):
    tasks.tend_terms(timestamp=0)

    assert asked(contract).round == begun
    administrators = contract.organisation.memberships.administrators()
    assert mails("terms_asked").count() == administrators.count()
    mail = mails("terms_asked").first()
    assert "1 maart" in mail.context["consequence"]


def test_who_agreed_with_their_application_is_not_asked(contract):
    round = prepared()
    later = ApplicationFactory(status=Status.APPROVED).contract
    terms.start(round, by=UserFactory())

    terms.tend_all()

    assert later.application.terms == round.template
    assert not later.organisation.terms_requests.exists()
    assert contract.organisation.terms_requests.exists()


def test_who_has_no_contract_any_more_is_not_asked(contract, alice):
    last = contracts.last_day(timezone.localdate())
    contracts.cancel(contract, ends_on=last, by=alice)
    type(contract).objects.update(
        starts_on="2026-01-01",
        ends_on=timezone.localdate() - datetime.timedelta(days=1),
    )
    terms.start(prepared(), by=UserFactory())

    terms.tend_all()

    assert not TermsRequest.objects.exists()


def test_who_becomes_a_customer_while_it_runs_is_asked_too():
    under_way = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    terms.start(prepared(), by=UserFactory())
    terms.tend_all()
    assert not TermsRequest.objects.exists()

    handling.approve(under_way, by=UserFactory())
    terms.tend_all()

    assert TermsRequest.objects.get().organisation.kvk_number == under_way.kvk_number


def test_who_becomes_a_customer_after_the_last_day_has_as_many_days_as_the_others():
    under_way = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    terms.start(prepared(days=40), by=UserFactory())
    terms.tend_all()
    with pytest.MonkeyPatch.context() as patch:
        later = timezone.now() + datetime.timedelta(days=50)
        patch.setattr(timezone, "now", lambda: later)
        organisation = handling.approve(under_way, by=UserFactory()).organisation
        alice = MembershipFactory(organisation=organisation).user

        terms.tend_all()

        request = TermsRequest.objects.get()
        last = timezone.localdate(later) + datetime.timedelta(days=40)
        assert (request.answer_by, request.is_late) == (last, False)
        told = mails("terms_asked").get(to=alice.email).context["answer_by"]
        assert told == date_format(last, "j F Y")


def test_what_was_answered_in_an_earlier_round_stays_to_be_read(
    client, contract, alice, begun
):
    terms.answer(asked(contract), agreed=True, seen=begun.sha256, by=alice)
    first = asked(contract)
    terms.start(prepared(version="3.0"), by=UserFactory())
    nothing_yet = client.get(page(contract))
    terms.tend_all()
    again = client.get(page(contract)).text

    assert "Er is nu niets om te antwoorden." in nothing_yet.text
    for shown in (nothing_yet.text, again):
        assert "akkoord, Alice Admin" in shown
        address = reverse(
            "applications:terms_round_document",
            args=[contract.organisation.slug, first.pk],
        )
        assert address in shown
        assert client.get(address).content == bytes(begun.content)
    assert "versie 3.0" in again


def test_an_administrator_reads_and_agrees(client, contract, alice, begun):
    shown = client.get(page(contract)).text
    document = [contract.organisation.slug, asked(contract).pk]
    pdf = client.get(reverse("applications:terms_round_document", args=document))
    said = client.post(
        page(contract), {"agreed": "yes", "seen": begun.sha256}, follow=True
    ).text

    assert "De overeenkomst eindigt op 1 maart." in shown
    assert pdf.content == bytes(begun.content)
    assert "Akkoord, gegeven door Alice Admin" in said
    answer = TermsAnswer.objects.get()
    assert (answer.agreed, answer.by, answer.sha256) == (True, alice, begun.sha256)
    event = Event.objects.get(kind="terms.agreed")
    assert (event.by, event.organisation) == (alice, contract.organisation)
    assert mails("terms_answered").count() >= 2


def test_a_page_with_a_mistake_says_so_once(client, contract, alice, begun):
    said = client.post(page(contract), {"seen": begun.sha256}).text

    assert "<title>Fout: Nieuwe voorwaarden" in " ".join(said.split())
    assert "Fout: Fout:" not in said


def test_staff_read_that_there_is_no_answer(client, contract, begun):
    client.force_login(staff())
    url = reverse("admin:applications_termsrequest_change", args=[asked(contract).pk])

    assert "geen antwoord" in client.get(url).text


def test_the_dashboard_asks_until_there_is_an_answer(client, contract, alice, begun):
    dashboard = reverse("organisations:dashboard", args=[contract.organisation.slug])
    assert "Er zijn nieuwe voorwaarden" in client.get(dashboard).text

    terms.answer(asked(contract), agreed=False, seen=begun.sha256, by=alice)

    assert "Er zijn nieuwe voorwaarden" not in client.get(dashboard).text


def test_a_no_can_become_a_yes_and_a_yes_stays(contract, alice, begun):
    request = asked(contract)
    for agreed in (False, False, True):
        terms.answer(request, agreed=agreed, seen=begun.sha256, by=alice)

    with pytest.raises(terms.AlreadyAgreed):
        terms.answer(request, agreed=False, seen=begun.sha256, by=alice)
    assert [one.agreed for one in request.answers.all()] == [False, True]
    assert asked(contract).answer().agreed


def test_another_document_than_was_read_is_not_agreed_to(contract, alice, begun):
    with pytest.raises(terms.OtherTerms):
        terms.answer(asked(contract), agreed=True, seen="0" * 64, by=alice)

    terms.start(prepared(version="3.0"), by=UserFactory())
    with pytest.raises(terms.OtherTerms):
        terms.answer(asked(contract), agreed=True, seen=begun.sha256, by=alice)


def test_who_lost_the_right_meanwhile_answers_nothing(contract, begun):
    stranger = UserFactory()

    with pytest.raises(PermissionDenied):
        terms.answer(asked(contract), agreed=True, seen=begun.sha256, by=stranger)


def test_who_does_not_answer_is_reminded_on_the_days_that_are_set(
    contract, begun, settings
):
    settings.TERMS_REMINDER_DAYS = [7, 21]
    request = asked(contract)
    readers = contract.organisation.memberships.administrators().count()

    for days, reminders in [(6, 0), (7, 1), (20, 1), (21, 2), (39, 2)]:
        days_pass(request, days)
        assert mails("terms_reminder").count() == reminders * readers


def test_who_answered_is_not_reminded(contract, alice, begun):
    terms.answer(asked(contract), agreed=False, seen=begun.sha256, by=alice)

    days_pass(asked(contract), 30)

    assert not mails("terms_reminder").exists()


def test_after_the_last_day_nobody_is_reminded_and_nothing_ends(contract, begun):
    with pytest.MonkeyPatch.context() as patch:
        later = timezone.now() + datetime.timedelta(days=50)
        patch.setattr(timezone, "now", lambda: later)
        days_pass(asked(contract), 60)

    contract.refresh_from_db()
    assert not mails("terms_reminder").exists()
    assert (contract.ended_at, contract.ends_on) == (None, None)


def staff():
    person = UserFactory(is_staff=True)
    rights = Permission.objects.filter(
        codename__regex="_(termsround|termsrequest|documenttemplate)$"
    )
    person.user_permissions.add(*rights.exclude(codename__startswith="delete"))
    return person


def test_staff_prepare_and_another_begins(client, contract):
    first, second = staff(), staff()
    template = new_terms()
    answer_by = timezone.localdate() + datetime.timedelta(days=30)
    asks = {"template": template.pk, "answer_by": answer_by.isoformat()}
    asks |= {"consequence_nl": "Dan bellen wij.", "consequence_en": "We call."}
    client.force_login(first)
    client.post(reverse("admin:applications_termsround_add"), asks)
    round = TermsRound.objects.get()
    begin = reverse("admin:applications_termsround_start", args=[round.pk])

    refused = client.post(begin, follow=True).text
    client.force_login(second)
    client.post(begin)

    assert "Een ander moet haar beginnen" in refused
    round.refresh_from_db()
    assert (round.prepared_by, round.started_by) == (first, second)
    with pytest.raises(terms.AlreadyStarted):
        terms.prepare(round, by=first)


def test_who_prepared_a_round_reads_that_a_colleague_begins_it(client, contract):
    first, second = staff(), staff()
    round = prepared(by=first)
    shown = reverse("admin:applications_termsround_change", args=[round.pk])
    begin = reverse("admin:applications_termsround_start", args=[round.pk])

    client.force_login(first)
    mine = client.get(shown).text
    new = client.get(reverse("admin:applications_termsround_add")).text
    client.force_login(second)
    theirs = client.get(shown).text

    assert "Een collega begint haar; tot dan kun je haar wijzigen." in mine
    assert begin not in mine
    assert "pas dan krijgen organisaties een mail" in new
    assert begin in theirs


def test_the_database_keeps_a_round_from_being_begun_by_who_prepared_it():
    round = prepared(by=(first := UserFactory()))

    with pytest.raises(IntegrityError, match="terms_round_started_by_another"):
        TermsRound.objects.filter(pk=round.pk).update(
            started_at=timezone.now(), started_by=first
        )


def test_what_was_asked_and_answered_is_not_rewritten(contract, alice, begun):
    terms.answer(asked(contract), agreed=True, seen=begun.sha256, by=alice)

    with pytest.raises(Error, match="Cannot update or delete"):
        TermsAnswer.objects.update(agreed=False)


def test_a_round_that_began_is_fixed(begun):
    with pytest.raises(Error, match="Cannot update or delete"):
        TermsRound.objects.update(answer_by="2030-01-01")


def test_staff_see_who_agreed_and_who_did_not(client, contract, alice, begun):
    silent = ApplicationFactory(status=Status.APPROVED, number=7).contract
    TermsRequest.objects.get_or_create(round=begun, organisation=silent.organisation)
    terms.answer(asked(contract), agreed=True, seen=begun.sha256, by=alice)
    client.force_login(staff())
    lists = reverse("admin:applications_termsrequest_changelist")

    agreed = client.get(f"{lists}?answer=agreed").text
    none = client.get(f"{lists}?answer=unanswered").text
    round = client.get(
        reverse("admin:applications_termsround_change", args=[begun.pk])
    ).text

    assert contract.organisation.name in agreed
    assert silent.organisation.name not in agreed
    assert silent.organisation.name in none
    assert ("akkoord: 1" in round, "geen antwoord: 1" in round) == (True, True)


def test_who_said_what_is_taken_along(client, contract, alice, begun):
    silent, against = (
        ApplicationFactory(status=Status.APPROVED, number=n).contract for n in (7, 8)
    )
    Organisation.objects.filter(pk=silent.organisation_id).update(name="=1+1")
    for one in (silent, against):
        TermsRequest.objects.get_or_create(round=begun, organisation=one.organisation)
    terms.answer(asked(contract), agreed=False, seen=begun.sha256, by=alice)
    terms.answer(asked(contract), agreed=True, seen=begun.sha256, by=alice)
    nobody = against.organisation.memberships.get().user
    terms.answer(asked(against), agreed=False, seen=begun.sha256, by=nobody)
    person = staff()
    client.force_login(person)
    there = reverse("admin:applications_termsround_csv", args=[begun.pk])
    shown = client.get(
        reverse("admin:applications_termsround_change", args=[begun.pk])
    ).text
    assert there in shown

    answer = client.get(there)

    rows = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    said = {row["name"]: (row["answer"], row["answered_by"]) for row in rows}
    assert said == {
        contract.organisation.name: ("agreed", alice.name),
        against.organisation.name: ("refused", nobody.name),
        "'=1+1": ("none", ""),
    }
    assert Event.objects.filter(kind="terms_round.exported", by=person).exists()
    client.force_login(UserFactory(is_staff=True))
    assert client.get(there).status_code == 403


def test_what_is_taken_along_asks_no_more_for_many(
    client, contract, begun, django_assert_num_queries
):
    few = 4  # who was asked, what they said, whether that was replaced, and by whom
    for round in (1, 2):
        for n in range(3):
            one = ApplicationFactory(status=Status.APPROVED, number=round * 10 + n)
            organisation = one.contract.organisation
            asked, _made = TermsRequest.objects.get_or_create(
                round=begun, organisation=organisation
            )
            by = organisation.memberships.get().user
            terms.answer(asked, agreed=True, seen=begun.sha256, by=by)
        with django_assert_num_queries(few):
            assert len(list(terms_csv.lines(begun))) > 3 * round


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_at_once_give_one_answer(committed):
    contract = ApplicationFactory(status=Status.APPROVED).contract
    organisation = contract.organisation
    alice, bob = (
        MembershipFactory(organisation=organisation).user for _each in range(2)
    )
    with racing(2) as race:
        for number in range(ROUNDS // 10):
            terms.start(prepared(version=f"4.{number}"), by=UserFactory())
            terms.tend_all()
            request = TermsRequest.objects.current().get()
            seen = request.round.sha256

            won = race.run(
                partial(terms.answer, request, agreed=True, seen=seen, by=alice),
                partial(terms.answer, request, agreed=True, seen=seen, by=bob),
                losing=terms.AlreadyAgreed,
            )

            assert sorted(won) == [False, True]
            assert request.answers.filter(replaced_by=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_ask_and_remind_once(committed):
    contract = ApplicationFactory(status=Status.APPROVED).contract
    readers = contract.organisation.memberships.administrators().count()
    with racing(2) as race:
        for number in range(1, 11):
            terms.start(prepared(version=f"5.{number}"), by=UserFactory())
            race.run(terms.tend_all, terms.tend_all, losing=())
            assert mails("terms_asked").count() == number * readers
            TermsRequest.objects.current().update(
                asked_at=timezone.now() - datetime.timedelta(days=15)
            )
            race.run(terms.tend_all, terms.tend_all, losing=())
            assert mails("terms_reminder").count() == number * readers


def test_no_page_of_a_round_leads_where_its_reader_may_not_go(client, contract, begun):
    begun.prepared_by.name = "Petra Preparateur"
    begun.prepared_by.save()
    client.force_login(staff())

    for url in (
        reverse("admin:applications_termsround_change", args=[begun.pk]),
        reverse(
            "admin:applications_termsround_change", args=[prepared(version="3").pk]
        ),
    ):
        shown = client.get(url).text
        links = {part.split('"')[0] for part in shown.split('href="')[1:]}
        for link in links:
            if link.startswith("/beheer/"):
                assert client.get(link.split("?")[0]).status_code != 403, (url, link)
    assert (
        "Petra Preparateur"
        in client.get(
            reverse("admin:applications_termsround_change", args=[begun.pk])
        ).text
    )

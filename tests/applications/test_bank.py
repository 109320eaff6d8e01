"""Another bank account: two people, a signature, staff, and days to stop it."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from applications.models import (
    BankChange,
    BankStatus,
    Contract,
    DocumentKind,
    Mandate,
    Status,
)
from applications.services import bank
from applications.services.documents import SameAsSent
from applications.services.handling import OwnInterest, SamePerson
from audit.models import Event
from audit.services import record
from mail import private_links, rendering
from mail.models import Message
from organisations.models import ContactKind, Membership
from organisations.roles import Role
from organisations.services import blocking, details, members
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

OLD, NEW = "NL91ABNA0417164300", "NL13TEST0123456789"
HOLDER = "Test BV Donald"
DEBIT = {"payment_method": "direct_debit", "iban": OLD, "account_holder": HOLDER}
PDF = b"%PDF-1.7 signed by hand"


def a_contract():
    return ApplicationFactory(status=Status.APPROVED, **DEBIT).contract


def an_administrator(contract, name, days=30):
    """Who is that for so many days, with the address that was always theirs."""
    member = MembershipFactory(organisation=contract.organisation, user__name=name)
    since = timezone.now() - datetime.timedelta(days=days)
    Membership.objects.filter(pk=member.pk).update(since=since)
    return member.user


@pytest.fixture
def contract(db):
    return a_contract()


@pytest.fixture
def alice(contract):
    return an_administrator(contract, "Alice Vraagt")


@pytest.fixture
def bob(contract):
    return an_administrator(contract, "Bob Akkoord")


@pytest.fixture
def coen(db):
    return UserFactory(name="Coen Contract", is_staff=True)


@pytest.fixture
def change(contract, alice):
    return bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice)


@pytest.fixture
def confirmed(change):
    return bank.confirm(token(change))


@pytest.fixture
def agreed(confirmed, bob):
    bank.agree(confirmed, by=bob)
    return confirmed


@pytest.fixture
def accepted(agreed, alice, coen):
    bank.return_mandate(agreed, PDF, by=alice)
    bank.accept(agreed, by=coen)
    return agreed


def token(change):
    return private_links.token("bank_change", change.pk, change.link_version)


def days_pass(monkeypatch, days, seconds=0):
    now = timezone.now() + datetime.timedelta(days=days, seconds=seconds)
    monkeypatch.setattr(timezone, "now", lambda: now)


def stored(change):
    return BankChange.objects.get(pk=change.pk)


# --- the whole way ---


def test_another_account_counts_after_everybody_had_their_turn(
    accepted, contract, monkeypatch
):
    before = contract.mandate_in_force()
    days_pass(monkeypatch, 7, seconds=5)

    bank.put_in_force()

    assert stored(accepted).status == BankStatus.IN_FORCE
    now = contract.mandate_in_force()
    assert (now.iban, now.signed_on) == (NEW, accepted.mandate.signed_on)
    assert before.iban == OLD
    assert Mandate.objects.filter(pk=before.pk).exists()
    assert now.reference != before.reference
    kinds = Event.objects.filter(kind__startswith="bank_change").values_list("kind")
    assert [kind for (kind,) in kinds] == [
        f"bank_change.{what}"
        for what in ["asked", "confirmed", "agreed", "returned", "accepted", "in_force"]
    ]


def test_it_counts_not_a_second_before_the_cooling_off_is_over(accepted, monkeypatch):
    agreed_at = accepted.agreed_at
    almost = agreed_at + datetime.timedelta(days=7, seconds=-1)
    monkeypatch.setattr(timezone, "now", lambda: almost)

    bank.put_in_force()

    assert stored(accepted).status == BankStatus.ACCEPTED


def test_no_link_confirms_while_the_organisation_is_blocked(client, change, contract):
    blocking.block(
        contract.organisation, reason="Misbruik", by=UserFactory(is_staff=True)
    )

    with pytest.raises(bank.LinkOver):
        bank.confirm(token(change))
    assert stored(change).confirmed_at is None


def test_it_counts_not_while_no_member_could_stop_it(accepted, contract, monkeypatch):
    sara = UserFactory(is_staff=True)
    blocking.block(contract.organisation, reason="Misbruik", by=sara)
    days_pass(monkeypatch, 30)
    bank.put_in_force()
    assert stored(accepted).status == BankStatus.ACCEPTED

    blocking.unblock(contract.organisation, reason="Opgelost", by=sara)
    days_pass(monkeypatch, 6)
    bank.put_in_force()
    assert stored(accepted).status == BankStatus.ACCEPTED
    days_pass(monkeypatch, 2)
    bank.put_in_force()

    assert stored(accepted).status == BankStatus.IN_FORCE


def test_it_counts_not_before_staff_saw_the_signature(agreed, alice, monkeypatch):
    bank.return_mandate(agreed, PDF, by=alice)
    days_pass(monkeypatch, 30)

    bank.put_in_force()

    assert stored(agreed).status == BankStatus.RETURNED


def test_who_pays_by_invoice_may_change_to_direct_debit():
    contract = ApplicationFactory(status=Status.APPROVED).contract
    alice = an_administrator(contract, "Alice")

    change = bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice)

    assert contract.mandate_in_force() is None
    assert change.status == BankStatus.ASKED


def test_nobody_but_the_asker_hears_before_the_mailbox_is_proven(
    contract, alice, settings
):
    Message.objects.all().delete()
    bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice)

    message = Message.objects.get()
    assert message.to == alice.email
    assert NEW not in str(message.context)


def test_then_everybody_is_told_and_who_was_the_contact_lately(contract, change, bob):
    organisation = contract.organisation
    old_contact = organisation.contacts.of_kind("contract").email
    facts = {"name": "Mallory", "function": "x", "phone": "+31205551234"}
    details.set_contact(
        organisation, kind=ContactKind.CONTRACT, email="m@evil.example", **facts
    )
    Message.objects.all().delete()

    bank.confirm(token(change))

    told = set(Message.objects.values_list("to", flat=True))
    assert {old_contact, "m@evil.example", bob.email, change.asked_by.email} <= told
    assert Message.objects.count() == len(told)  # each address once
    assert NEW not in str([message.context for message in Message.objects.all()])


def test_the_mandate_is_new_and_made_of_what_the_organisation_is_now(agreed, contract):
    sheet = agreed.documents.get(kind=DocumentKind.MANDATE)

    assert bytes(sheet.content).startswith(b"%PDF-")
    assert sheet.application is None
    assert sheet.template.version == "1.1"
    assert agreed.mandate.reference == contract.application.mandate.reference + "2"
    assert agreed.mandate.signed_on is None


def test_the_sheet_as_we_made_it_is_no_signed_one(agreed, alice):
    sheet = bytes(agreed.documents.get().content)

    with pytest.raises(SameAsSent):
        bank.return_mandate(agreed, sheet, by=alice)


def test_a_better_scan_may_follow_until_staff_decide(agreed, alice):
    bank.return_mandate(agreed, PDF, by=alice)
    bank.return_mandate(agreed, PDF + b" again", by=alice)

    assert agreed.documents.filter(kind=DocumentKind.SIGNED_MANDATE).count() == 2


def test_everybody_may_stop_it_until_it_counts(accepted, bob, monkeypatch):
    bank.stop(accepted, reason="Dit kennen we niet", by=bob)
    days_pass(monkeypatch, 30)

    bank.put_in_force()

    assert stored(accepted).status == BankStatus.STOPPED
    with pytest.raises(bank.WrongMoment):
        bank.stop(accepted, reason="Nog eens", by=bob)


def test_what_nobody_confirmed_makes_room_after_its_term(
    change, contract, alice, monkeypatch
):
    with pytest.raises(bank.OneAtATime):
        bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice)
    days_pass(monkeypatch, 4)

    bank.expire()

    with pytest.raises(bank.LinkOver):
        bank.open_change(token(change))
    assert bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice)


def test_the_account_of_today_is_no_change(contract, alice):
    with pytest.raises(bank.SameAccount):
        bank.ask(contract, iban=OLD, account_holder=HOLDER, by=alice)


# --- who tries it alone ---


def test_the_asker_is_not_the_second_person(confirmed, alice):
    with pytest.raises(SamePerson):
        bank.agree(confirmed, by=alice)
    with pytest.raises(OwnInterest):
        bank.agree_as_staff(confirmed, how_checked="Gebeld", by=alice)


def test_nobody_agrees_before_the_mailbox_is_proven(change, bob):
    with pytest.raises(bank.WrongMoment):
        bank.agree(change, by=bob)


def test_an_administrator_of_yesterday_is_not_the_second_person(confirmed, contract):
    fresh = an_administrator(contract, "Verse", days=6)

    with pytest.raises(bank.TooNew):
        bank.agree(confirmed, by=fresh)


def test_a_member_who_was_promoted_yesterday_is_not_either(confirmed, contract, alice):
    dora = MembershipFactory(organisation=contract.organisation, role=Role.DEVELOPER)
    Membership.objects.filter(pk=dora.pk).update(
        since=timezone.now() - datetime.timedelta(days=400)
    )
    members.change_role(dora, Role.ADMINISTRATOR, by=alice)

    with pytest.raises(bank.TooNew):
        bank.agree(confirmed, by=dora.user)


def test_who_took_a_mailbox_over_cannot_ask_or_agree(contract, confirmed, bob):
    record("person.email_changed", subject=bob, by=bob)

    with pytest.raises(bank.TooNew):
        bank.agree(confirmed, by=bob)
    bank.stop(confirmed, reason="Nee", by=bob)
    with pytest.raises(bank.TooNew):
        bank.ask(contract, iban=NEW, account_holder=HOLDER, by=bob)


def test_the_link_of_who_was_removed_is_worth_nothing(change, contract, alice, bob):
    members.remove_member(contract.organisation.memberships.get(user=alice), by=bob)

    with pytest.raises(bank.LinkOver):
        bank.confirm(token(change))


def test_somebody_of_another_organisation_agrees_to_nothing(confirmed):
    with pytest.raises(PermissionDenied):
        bank.agree(confirmed, by=an_administrator(a_contract(), "Vreemd"))


def test_staff_who_agreed_do_not_look_at_the_signature_too(confirmed, coen, alice):
    bank.agree_as_staff(confirmed, how_checked="Gebeld met 020", by=coen)
    bank.return_mandate(confirmed, PDF, by=alice)

    with pytest.raises(SamePerson):
        bank.accept(confirmed, by=coen)


def test_staff_who_work_for_the_organisation_decide_nothing(
    confirmed, agreed, contract, coen
):
    MembershipFactory(user=coen, organisation=contract.organisation)

    with pytest.raises(OwnInterest):
        bank.register_return(agreed, content=PDF, by=coen)


def test_the_database_refuses_who_goes_round_the_services(accepted, alice, bob):
    rows = BankChange.objects.filter(pk=accepted.pk)
    early = accepted.effective_from - datetime.timedelta(seconds=1)

    for wrong in (
        {"agreed_by": alice},
        {"accepted_by": bob},
        {"accepted_by": alice},
        {"in_force_at": early},
        {"confirmed_at": None},
        {"returned_at": None},
        {"stopped_at": early},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    for wrong in ({"iban": OLD}, {"account_holder": "Mallory"}, {"asked_by": bob}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows.update(**wrong)


def test_what_is_over_stays_as_it_was(accepted, bob):
    bank.stop(accepted, reason="Nee", by=bob)

    with pytest.raises(ProgrammingError), transaction.atomic():
        BankChange.objects.filter(pk=accepted.pk).update(
            stopped_at=None, stop_reason=""
        )


# --- at the same moment ---


def at_once(*acts):
    """Each in a thread and a connection of its own; what became of them, in order."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait()
            return act()
        except (bank.WrongMoment, bank.OneAtATime) as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def racing(committed):
    """A confirmed change that other connections see, with two who may agree."""
    contract = a_contract()
    alice, bob, carol = (
        an_administrator(contract, n) for n in ("Alice", "Bob", "Carol")
    )
    change = bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice)
    return bank.confirm(token(change)), bob, carol


def test_two_second_persons_at_once_are_one(racing):
    change, bob, carol = racing

    outcome = at_once(
        lambda: bank.agree(stored(change), by=bob),
        lambda: bank.agree(stored(change), by=carol),
    )

    assert sorted(outcome, key=str) == sorted([None, bank.WrongMoment], key=str)
    assert Mandate.objects.filter(bank_change=change).count() == 1


def test_two_administrators_who_ask_at_once_ask_once(racing):
    change, bob, carol = racing
    contract = change.contract

    def ask(person):
        mine = Contract.objects.get(pk=contract.pk)
        return bank.ask(mine, iban=NEW, account_holder=HOLDER, by=person).status

    for _ in range(20):
        bank.stop(contract.bank_changes.open().get(), reason="Opnieuw", by=bob)
        outcome = at_once(lambda: ask(bob), lambda: ask(carol))
        assert set(outcome) == {BankStatus.ASKED, bank.OneAtATime}


def test_stopping_and_coming_into_force_at_once_is_one_of_them(racing, monkeypatch):
    change, bob, carol = racing
    bank.agree(change, by=bob)
    bank.return_mandate(change, PDF, by=bob)
    bank.accept(change, by=UserFactory(is_staff=True))
    days_pass(monkeypatch, 8)

    stopped, _ = at_once(
        lambda: bank.stop(stored(change), reason="Nee", by=carol), bank.put_in_force
    )

    final = stored(change)
    assert (final.in_force_at is None) == (stopped is None)
    assert (
        Event.objects.filter(
            kind__in=["bank_change.stopped", "bank_change.in_force"]
        ).count()
        == 1
    )


# --- pages ---


def address(name, contract, *more):
    return reverse(f"applications:{name}", args=[contract.organisation.slug, *more])


def test_the_page_shows_no_account_in_full(client, sign_in, contract, confirmed, bob):
    sign_in(bob)

    html = client.get(address("payment", contract)).text

    assert "NL91 •••• 4300" in html
    assert "NL13 •••• 6789" in html
    assert OLD not in html
    assert NEW not in html


def test_asking_agreeing_and_handing_in_by_the_pages(
    client, sign_in, contract, alice, bob
):
    sign_in(alice)
    client.post(
        address("ask_bank_change", contract, contract.pk),
        {"iban": "NL13 TEST 0123 4567 89", "account_holder": HOLDER},
    )
    change = contract.bank_changes.get()
    link = reverse("applications:confirm_bank_change", args=[token(change)])
    client.logout()
    assert client.get(link).status_code == 200
    assert stored(change).status == BankStatus.ASKED  # looking is no confirming
    assert "Bevestigd" in client.post(link).text
    assert client.get(link).status_code == 404
    sign_in(bob)

    client.post(address("agree_bank_change", contract, change.pk))

    assert stored(change).agreed_by == bob
    sheet = change.documents.get()
    answer = client.get(address("organisation_document", contract, sheet.pk))
    assert answer.content == bytes(sheet.content)


def test_an_iban_is_checked_as_in_an_application(client, sign_in, contract, alice):
    sign_in(alice)

    answer = client.post(
        address("ask_bank_change", contract, contract.pk),
        {"iban": "NL14TEST0123456789", "account_holder": HOLDER},
    )

    assert "typefout" in answer.context["form"].errors["iban"][0]


def test_the_page_says_why_the_asker_cannot_agree(
    client, sign_in, contract, confirmed, alice
):
    sign_in(alice)
    url = address("agree_bank_change", contract, confirmed.pk)

    html = client.post(url, follow=True).text

    assert "Dit moet iemand anders doen" in html
    assert stored(confirmed).status == BankStatus.CONFIRMED


def test_strangers_find_nothing_of_it(client, sign_in, contract, agreed):
    theirs = a_contract()
    mallory = an_administrator(theirs, "Mallory")
    sign_in(mallory)
    sheet = agreed.documents.get()

    for mine_and_theirs in (theirs, contract):
        for name, pk in [
            ("organisation_document", sheet.pk),
            ("agree_bank_change", agreed.pk),
            ("stop_bank_change", agreed.pk),
            ("return_mandate", agreed.pk),
            ("ask_bank_change", contract.pk),
        ]:
            url = address(name, mine_and_theirs, pk)
            assert client.post(url).status_code in (404, 405), url
            assert client.get(url).status_code in (404, 405), url
    assert stored(agreed).is_open


def test_the_applicants_old_page_shows_nothing_of_it(client, contract, agreed):
    application = contract.application
    link = private_links.token(*application.link)
    sheet = agreed.documents.get()

    html = client.get(reverse("applications:status", args=[link])).text

    assert agreed.mandate.reference not in html
    url = reverse("applications:document", args=[link, sheet.pk])
    assert client.get(url).status_code == 404


def test_a_developer_sees_no_payment(client, contract):
    developer = MembershipFactory(
        organisation=contract.organisation, role=Role.DEVELOPER
    )
    client.force_login(developer.user)

    assert client.get(address("payment", contract)).status_code == 403


# --- who asked is gone ---


@pytest.mark.parametrize("far", ["confirmed", "accepted"])
def test_what_somebody_asked_who_was_removed_stops_and_the_others_read_why(
    request, far, contract, alice, bob, monkeypatch
):
    change = request.getfixturevalue(far)
    members.remove_member(contract.organisation.memberships.get(user=alice), by=bob)
    Message.objects.all().delete()
    days_pass(monkeypatch, 8)

    bank.put_in_force()  # whichever the worker does first
    bank.stop_without_asker()
    bank.stop_without_asker()

    assert stored(change).status == BankStatus.STOPPED
    mails = Message.objects.filter(template="applications/emails/bank_stopped")
    text = rendering.email(mails.get(to=bob.email)).body
    assert "Alice Vraagt vroeg dit, en hoort niet meer bij" in text
    assert Event.objects.filter(kind="bank_change.asker_gone").count() == 1


def test_what_somebody_asked_who_is_still_there_goes_on(confirmed):
    bank.stop_without_asker()

    assert stored(confirmed).is_open


def test_the_dashboard_says_that_a_change_waits_for_a_second_person(
    client, contract, confirmed, alice, bob
):
    developer = MembershipFactory(organisation=contract.organisation, role="developer")
    dashboard = reverse("organisations:dashboard", args=[contract.organisation.slug])

    def agree_link_for(user):
        client.force_login(user)
        page = client.get(dashboard).text
        path = reverse(
            "applications:agree_bank_change",
            args=[contract.organisation.slug, confirmed.pk],
        )
        return path in page, "wacht op een tweede persoon" in page

    assert agree_link_for(bob) == (True, False)
    assert agree_link_for(alice) == (False, True)
    assert agree_link_for(developer.user) == (False, False)
    bank.agree(confirmed, by=bob)
    assert agree_link_for(alice) == (False, False)

"""What is billed, collected and told of a double: before the merge, after it, and meanwhile."""

import datetime
import time
from decimal import Decimal

import pytest
from django.utils import timezone

from apikeys import statements
from apikeys.models import Api, ApiKey
from apikeys.reading.periods import months_before
from applications.models import (
    BankChange,
    BillingLine,
    Collection,
    Mandate,
    ReturnReason,
    Status,
    TermsRequest,
)
from applications.services import bank, billing, collecting, handling, returning, terms
from audit.models import Event
from mail.models import Message
from organisations.models import Organisation
from organisations.services import merging as people
from tests.apikeys.counted import count
from tests.applications.merging import contract, double, into, merge
from tests.applications.test_billing import DEBIT, runs
from tests.applications.test_merging_races import approving
from tests.applications.test_terms import prepared
from tests.factories import ApplicationFactory, OrganisationFactory, UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db
__all__ = ["double", "into"]
TODAY = timezone.localdate
MONTH, BEFORE = (months_before(timezone.localdate(), back) for back in (1, 2))


@pytest.fixture
def slow(monkeypatch):
    """A merge that takes a while when people have gone along already."""
    move = people._move_invitations

    def late(*args, **options):
        time.sleep(0.5)
        move(*args, **options)

    monkeypatch.setattr(people, "_move_invitations", late)


# Lines


def test_what_comes_late_of_two_keys_is_billed_on_the_contract_of_each(double):
    """Both contracts of the double were billed before it merged."""
    first = runs(contract(name="Donald BV"))
    double, into = first.organisation, double
    second = runs(joined(double))
    basis = Api.objects.get(slug="basisprofiel")
    used = {first: (30, 2), second: (40, 3)}
    for one, (before, _late) in used.items():
        count(one.api_key, MONTH.replace(day=9), before, api=basis)
    billing.make(MONTH)
    merge(double, into)
    for one, (_before, late) in used.items():
        key = ApiKey.objects.get(pk=one.api_key_id)
        count(key, MONTH.replace(day=9), late, api=basis)

    batch = statements.close(into, MONTH)
    late = billing.lines_of(batch, BillingLine.objects.first().billing)

    assert {one.contract: one.count for one in late} == {first: 2, second: 3}
    corrected = {one.contract: one.corrects for one in late}
    for one in used:
        before = BillingLine.objects.get(contract=one, unit="request")
        assert (corrected[one], before.organisation) == (before, double)


def joined(organisation):
    """One more contract of the same product, for another key."""
    another = ApplicationFactory(
        status=Status.CONTRACT_RETURNED, kvk_number=organisation.kvk_number
    )
    return handling.approve(another, by=UserFactory(), join=organisation)


def test_a_correction_after_the_merge_goes_to_who_pays_now(double, into):
    runs(into.contracts.get())
    double, into = into, double
    billing.make(BEFORE)
    line = BillingLine.objects.get(organisation=double)
    one = billing.propose(line, amount=Decimal(-1), reason="x", by=UserFactory())
    merge(double, into)
    Organisation.objects.filter(pk=into.pk).update(
        invoice_email="nu@voorbeeld.example", purchase_reference="PO-2"
    )

    billing.approve(one, seen=line.amount, by=UserFactory())
    billing.make(MONTH)

    made = BillingLine.objects.get(correction=one)
    assert (made.organisation, made.contract, made.amount) == (
        double,
        line.contract,
        -1,
    )
    assert (made.name, made.invoice_email) == (into.name, "nu@voorbeeld.example")
    assert made.purchase_reference == "PO-2"
    assert statements.close(into, BEFORE) is None


# Meanwhile


def due_change(contract):
    """All was done, and the days to think it over are past."""
    alice = contract.organisation.memberships.get().user
    now, day = timezone.now(), datetime.timedelta(days=1)
    change = BankChange.objects.create(
        contract=contract, iban="NL02ABNA0123456789", account_holder="Anders BV",
        asked_by=alice, link_digest="a", link_expires_at=now, confirmed_at=now - 9 * day,
        agreed_by=UserFactory(), agreed_at=now - 8 * day, how_checked="x",
        effective_from=now - day, returned_by=alice, returned_at=now - 7 * day,
        accepted_by=UserFactory(), accepted_at=now - 6 * day,
    )  # fmt: skip
    Mandate.objects.create(
        bank_change=change, reference="M1", creditor_identifier="NL1",
        iban=change.iban, account_holder="Anders BV", signed_on=TODAY(),
    )  # fmt: skip
    return change


def test_a_change_of_account_that_falls_due_meanwhile_is_told_where_it_is(
    committed, slow
):
    contract = ApplicationFactory(status=Status.APPROVED, **DEBIT).contract
    double, into = contract.organisation, OrganisationFactory()
    alice = double.memberships.get().user
    change, approve = due_change(contract), approving(double, into)
    before = {*Message.objects.values_list("pk", flat=True)}

    with racing(2) as race:
        race.run(approve, later(bank.put_in_force), losing=())

    told = Message.objects.exclude(pk__in=before).filter(
        template="applications/emails/bank_in_force"
    )
    assert alice.email in {mail.to for mail in told}
    happened = Event.objects.get(kind="bank_change.in_force")
    assert (happened.subject_id, happened.organisation) == (str(change.pk), into)


def test_a_collection_that_comes_back_meanwhile_is_told_where_it_is(committed, slow):
    contract = runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)
    double, into = contract.organisation, OrganisationFactory()
    alice, by = double.memberships.get().user, UserFactory()
    made = billing.make(MONTH)
    collecting.make(made, collect_on=collecting.earliest(), by=by)
    approve, collection = approving(double, into), Collection.objects.get()

    with racing(2) as race:
        race.run(
            approve,
            later(
                lambda: returning.record_return(
                    collection, reason=ReturnReason.AM04, returned_on=TODAY(), by=by
                )
            ),
            losing=(),
        )

    told = Message.objects.filter(template="applications/emails/collection_returned")
    assert alice.email in {mail.to for mail in told}
    happened = Event.objects.get(kind="billing.collection_returned")
    assert happened.organisation == into


def test_who_is_asked_about_new_terms_meanwhile_is_asked_once_where_it_is(
    committed, slow
):
    contract = ApplicationFactory(status=Status.APPROVED).contract
    double, into = contract.organisation, OrganisationFactory()
    approve, round = approving(double, into), prepared()
    terms.start(round, by=UserFactory(is_staff=True))

    with racing(2) as race:
        race.run(approve, later(terms.tend_all), losing=())
    terms.tend_all()

    assert [one.organisation for one in TermsRequest.objects.all()] == [into]
    assert Event.objects.get(kind="terms.asked").organisation == into


def later(act):
    def acts():
        time.sleep(0.25)
        act()

    return acts

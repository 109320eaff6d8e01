"""What a month brings to billing: the customers' own statements, and what is collected."""

import csv
import datetime
import io
import random
import time
from decimal import Decimal
from importlib import import_module
from xml.etree import ElementTree

import pgtrigger
import pytest
import sepaxml
import xmlschema
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import Error, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys import statements
from apikeys.models import Api, ApiKey, Product, StatementBatch
from apikeys.reading.periods import months_before
from applications.models import (
    BankChange,
    BillingCorrection,
    BillingLine,
    BillingMonth,
    Collection,
    DirectDebit,
    Mandate,
    Status,
)
from applications.services import billing, collecting, handling
from audit.models import Event
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, ApplicationFactory, UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db
MONTH = months_before(timezone.localdate(), 1)
BEFORE = months_before(timezone.localdate(), 2)
IBAN = "NL91ABNA0417164300"
DEBIT = {
    "payment_method": "direct_debit", "iban": IBAN, "account_holder": "Bœuf & Zoön B.V.",
}  # fmt: skip


@pytest.fixture
def contract():
    return runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)


@pytest.fixture
def basis():
    return Api.objects.get(slug="basisprofiel")


@pytest.fixture
def biller(client):
    return member(client)


def member(client):
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name="facturatie"))
    client.force_login(user)
    return user


def runs(contract):
    """Its key is there for a long time already."""
    long_ago = timezone.make_aware(datetime.datetime(2025, 1, 1))
    ApiKey.objects.filter(pk=contract.api_key_id).update(created_at=long_ago)
    return contract


def stated(organisation, month=MONTH):
    return statements.amount(list(statements.of_month(organisation, month)))


def billed(**which):
    return sum((one.amount for one in BillingLine.objects.filter(**which)), Decimal())


def page(name, *args):
    return reverse(f"admin:applications_{name}", args=args)


def test_a_contract_has_a_line_of_each_thing_it_pays(contract, basis):
    count(contract.api_key, MONTH.replace(day=9), 100, api=basis)

    billing.make(MONTH)

    lines = BillingLine.objects.filter(contract=contract).order_by("unit", "api")
    assert [(one.unit, one.api, one.count, one.amount) for one in lines] == [
        ("key_month", "", 1, Decimal("6.40")),
        ("request", "basisprofiel", 100, Decimal("2.00")),
    ]


def test_the_lines_come_to_what_the_customer_reads(contract, basis):
    """Of two contracts whose calls are halves of cents, and what came late."""
    second = runs(
        handling.approve(
            ApplicationFactory(
                status=Status.CONTRACT_RETURNED,
                kvk_number=contract.organisation.kvk_number,
            ),
            by=UserFactory(),
            join=contract.organisation,
        )
    )
    extra = ApiKeyFactory(
        organisation=contract.organisation,
        products=Product.objects.filter(slug="api-abonnement"),
    )
    ApiKey.objects.filter(pk=extra.pk).update(extra_of=second.api_key)
    chance = random.Random(5)
    keys = [contract.api_key, second.api_key, extra]
    for month in (BEFORE, MONTH):
        for _again in range(3):
            count(
                chance.choice(keys),
                month.replace(day=3),
                chance.randint(1, 99),
                api=basis,
            )
        billing.make(month)
        count(chance.choice(keys), month.replace(day=4), 7, api=basis)
        statements.close(contract.organisation, month)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "localdate", lambda *_: months_before(MONTH, -2))
        billing.make(months_before(MONTH, -1))

    for month in (BEFORE, MONTH):
        mine = {"organisation": contract.organisation, "month": month}
        assert billed(**mine) == stated(contract.organisation, month) > 0
    of_second = BillingLine.objects.filter(contract=second, month=MONTH)
    calls = of_second.filter(unit="request")
    own = statements.costs.by_key(
        contract.organisation, statements.costs.month_of(MONTH)
    )
    expected = sum(
        number
        for (key, price), number in own.items()
        if price.unit == "request" and key in (second.api_key_id, extra.pk)
    )
    assert sum(one.count for one in calls) == expected


def test_what_comes_late_goes_with_the_next_month_and_says_what_it_corrects(
    contract, basis
):
    count(contract.api_key, BEFORE.replace(day=9), 100, api=basis)
    billing.make(BEFORE)
    first = BillingLine.objects.get(unit="request")
    count(contract.api_key, BEFORE.replace(day=9), 11, api=basis)
    statements.close(contract.organisation, BEFORE)

    made = billing.make(MONTH)

    late = BillingLine.objects.get(corrects=first)
    assert (late.billing, late.count, late.amount) == (made, 11, Decimal("0.22"))
    assert late.is_late


def test_what_was_stated_before_the_first_month_was_billed_elsewhere(contract, basis):
    statements.close(contract.organisation, BEFORE)

    billing.make(MONTH)

    assert not BillingLine.objects.filter(month=BEFORE).exists()


def test_a_month_asks_no_more_for_many_contracts_than_for_one(
    contract, django_assert_num_queries
):
    made = billing.make(MONTH)
    few = 3  # the sums, the contracts with their mandates, and changes of account

    with django_assert_num_queries(few):
        assert len([*collecting.due(made)]) == 1
    others = [ApplicationFactory(status=Status.APPROVED, **DEBIT) for _ in range(3)]
    for other in others:
        line = made.lines.first()
        line.pk, line.contract = None, other.contract
        line.organisation = other.contract.organisation
        line.save(force_insert=True)

    with django_assert_num_queries(few):
        assert len([*collecting.due(made)]) == 4


def test_the_page_adds_up_what_the_file_collects(contract):
    made = billing.make(MONTH)
    changed_account(contract, "NL02ABNA0123456789")
    for amount, by_debit in [
        ("3.10", True),
        ("-2.00", True),
        ("9", False),
        ("-1", False),
    ]:
        other = ApplicationFactory(status=Status.APPROVED, **DEBIT)
        line = made.lines.first()
        line.pk, line.contract, line.amount = None, other.contract, Decimal(amount)
        line.mandate = other.mandate if by_debit else None
        line.save(force_insert=True)

    dues, sums = [*collecting.due(made)], collecting.sums(made)

    assert len(dues) == 5
    taken = [one.amount for one in dues if one.is_collected]
    assert len(taken) == 2
    assert (sums.collected, sums.amount) == (2, sum(taken))
    assert len(sums.paid_back) == 2
    assert sums.paid_back == sorted(str(o.contract) for o in dues if o.amount < 0)


def test_a_month_that_is_not_over_is_not_made(contract):
    with pytest.raises(billing.NotOver):
        billing.make(timezone.localdate().replace(day=1))


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_set_of_lines():
    product = Product.objects.create(slug="p", name="P")
    key = ApiKeyFactory(products=[product])
    organisation = key.organisation
    rounds = 15

    with racing(3) as race:
        for back in range(1, rounds + 1):
            month = months_before(timezone.localdate(), rounds + 1 - back)
            StatementBatch.objects.create(
                organisation=organisation,
                month=month,
                number=1,
                made_at=timezone.now(),
                lines=[
                    {
                        "subscription": "p", "api": "", "unit": "year",
                        "price": "1.0000", "count": 1, "amount": "1.00",
                    }
                ],
                sha256="0" * 64,
            )  # fmt: skip
            tries = [lambda month=month: billing._lay_out(month)] * 3
            assert race.run(*tries, losing=Error) == [True] * 3

    assert BillingMonth.objects.count() == BillingLine.objects.count() == rounds


def test_what_was_billed_cannot_be_changed(contract, biller):
    made = billing.make(MONTH)
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        BillingMonth.objects.update(total=0)
    billing.hand_over(made, by=biller)
    collecting.make(made, collect_on=collecting.earliest(), by=biller)

    for model, changed in (
        (BillingLine, {"amount": 0}),
        (BillingMonth, {"handed_over_at": timezone.now()}),
        (BillingMonth, {"month": BEFORE}),
        (BillingMonth, {"total": 0}),
        (DirectDebit, {"content": b""}),
        (Collection, {"amount": 1}),
    ):
        for act in (
            lambda model=model, changed=changed: model.objects.update(**changed),
            lambda model=model: model.objects.all().delete(),
        ):
            with pytest.raises(Error), transaction.atomic():
                act()


def test_a_correction_is_a_line_when_a_second_person_agrees(contract, biller):
    billing.make(BEFORE)
    line = BillingLine.objects.get()
    by, reason = UserFactory(), "Dubbel betaald"
    proposed = billing.propose(line, amount=Decimal("-2.50"), reason=reason, by=by)
    seen = Decimal("6.40")
    with pytest.raises(billing.SamePerson):
        billing.approve(proposed, seen=seen, by=by)

    billing.approve(proposed, seen=seen, by=biller)
    billing.make(MONTH)

    made = BillingLine.objects.get(correction=proposed)
    assert (made.amount, made.corrects, made.contract) == (
        Decimal("-2.50"), line, contract,
    )  # fmt: skip
    assert stated(contract.organisation, BEFORE) == Decimal("3.90")
    assert billed(month=BEFORE) == Decimal("3.90")
    batch = statements.of_month(contract.organisation, BEFORE).last()
    assert batch.lines[0]["reason"] == reason
    assert statements.close(contract.organisation, BEFORE) is None  # it is let be
    with pytest.raises(billing.AlreadyDecided):
        billing.refuse(proposed, by=biller)


def test_who_decide_at_once_decide_once(committed, monkeypatch):
    """On one correction, and on two of one line, of which the second was not seen."""
    runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)
    billing.make(MONTH)
    line, by = BillingLine.objects.get(), UserFactory()
    propose = lambda: billing.propose(line, amount=Decimal(-1), reason="x", by=by)
    others, seen = UserFactory.create_batch(2), line.amount
    decide = billing._decide

    def slowly(*one, **how):
        time.sleep(0.3)
        decide(*one, **how)

    monkeypatch.setattr(billing, "_decide", slowly)
    agree = lambda one, seen: [
        lambda person=person: billing.approve(one, seen=seen, by=person)
        for person in others
    ]
    with racing(3) as race:
        first = propose()
        acts = [*agree(first, seen), lambda: billing.refuse(first, by=by)]
        assert race.run(*acts, losing=billing.AlreadyDecided).count(True) == 1
    seen = line.stands_at()
    with racing(2) as race:
        acts = [agree(propose(), seen)[0] for _ in range(2)]
        assert race.run(*acts, losing=billing.ChangedMeanwhile).count(True) == 1

    agreed = BillingCorrection.objects.filter(approved=True).count()
    assert stated(line.organisation) == line.amount - agreed
    billing_events = Event.objects.filter(kind__startswith="billing.correction_")
    assert billing_events.filter(kind="billing.correction_approved").count() == agreed


def test_the_database_asks_for_the_second_person(contract):
    billing.make(MONTH)
    by = UserFactory()
    proposed = billing.propose(
        BillingLine.objects.get(), amount=Decimal(1), reason="x", by=by
    )

    with pytest.raises(Error, match="approved_by_another"):
        BillingCorrection.objects.update(
            approved=True, decided_by=by, decided_at=timezone.now()
        )
    assert proposed.approved is None


NAMESPACE = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}


def found(content, where):
    tree = ElementTree.fromstring(content)
    return [one.text for one in tree.iterfind(f".//p:{where}", NAMESPACE)]


def test_the_file_for_the_bank_is_what_its_xsd_asks(contract, biller, basis):
    count(contract.api_key, MONTH, 33, api=basis)
    made = billing.make(MONTH)

    file = collecting.make(made, collect_on=collecting.earliest(), by=biller)

    content = bytes(file.content)
    schema = sepaxml.__path__[0] + f"/schemas/{collecting.SCHEMA}.xsd"
    xmlschema.XMLSchema(schema).validate(content.decode())
    mandate = Mandate.objects.get()
    assert found(content, "DbtrAcct/p:Id/p:IBAN") == [IBAN]
    assert found(content, "MndtId") == [mandate.reference]
    assert found(content, "DtOfSgntr") == [str(mandate.signed_on)]
    assert found(content, "InstdAmt") == ["7.06"]
    assert found(content, "CtrlSum") == ["7.06", "7.06"]
    assert found(content, "Dbtr/p:Nm") == ["Boeuf + Zoon B.V."]
    assert found(content, "SeqTp") == ["FRST"]
    assert found(content, "ReqdColltnDt") == [str(collecting.earliest())]


def test_a_name_that_no_bank_can_write_holds_up_nobody(contract, biller):
    odd = DEBIT | {"account_holder": "🦆"}
    runs(ApplicationFactory(status=Status.APPROVED, **odd).contract)

    file = collecting.make(
        billing.make(MONTH), collect_on=collecting.earliest(), by=biller
    )

    names = found(bytes(file.content), "Dbtr/p:Nm")
    assert sorted(names) == ["Boeuf + Zoon B.V.", "NOTPROVIDED"]


def test_the_second_collection_recurs_and_a_file_is_made_once(contract, biller):
    day = collecting.earliest()
    first = collecting.make(billing.make(BEFORE), collect_on=day, by=biller)

    later = collecting.make(billing.make(MONTH), collect_on=day, by=biller)
    with pytest.raises(collecting.AlreadyMade):
        collecting.make(billing.make(BEFORE), collect_on=day, by=UserFactory())

    assert found(bytes(later.content), "SeqTp") == ["RCUR"]
    assert found(bytes(first.content), "SeqTp") == ["FRST"]
    assert Collection.objects.count() == 2


def test_two_months_that_are_made_at_once_have_one_first_collection(
    committed, monkeypatch
):
    runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)
    months, by = [billing.make(month) for month in (BEFORE, MONTH)], UserFactory()
    written = collecting._written

    def slowly(*args):
        time.sleep(0.3)
        return written(*args)

    monkeypatch.setattr(collecting, "_written", slowly)
    acts = [
        lambda one=one: collecting.make(one, collect_on=collecting.earliest(), by=by)
        for one in months
    ]
    with racing(2) as race:
        assert race.run(*acts, losing=()) == [True, True]

    made = Collection.objects.values_list("sequence", flat=True)
    assert sorted(made) == ["FRST", "RCUR"]


def test_nothing_is_made_that_cannot_be_collected(contract, biller, settings):
    made = billing.make(MONTH)
    by, day = UserFactory(), collecting.earliest()
    with pytest.raises(collecting.TooSoon):
        collecting.make(made, collect_on=day - datetime.timedelta(days=1), by=by)
    settings.CREDITOR_IBAN = ""
    with pytest.raises(collecting.NoAccount):
        collecting.make(made, collect_on=day, by=by)
    settings.CREDITOR_IBAN = "NL00"
    with pytest.raises(collecting.NotValid):
        collecting.make(made, collect_on=day, by=by)
    settings.CREDITOR_IBAN = IBAN
    unsigned()
    with pytest.raises(collecting.NothingToCollect):
        collecting.make(made, collect_on=day, by=by)

    assert not DirectDebit.objects.exists()


def test_billing_downloads_lines_and_each_time_is_recorded(client, contract, biller):
    organisation = contract.organisation
    organisation.name = "=1+1"
    organisation.save()
    made = billing.make(MONTH)

    response = client.post(page("billingmonth_csv", made.pk))

    header, row = csv.reader(io.StringIO(response.text))
    cells = dict(zip(header, row, strict=True))
    assert cells["contract"] == contract.number
    assert (cells["name"], cells["amount"]) == ("'=1+1", "6.40")
    assert IBAN not in response.text
    event = Event.objects.get(kind="billing.downloaded")
    assert (event.by, event.data["file"]) == (biller, f"facturatie-{made}.csv")


def test_a_closed_month_reads_the_same_whatever_changes_afterwards(
    client, contract, biller, basis
):
    """The customer's data, and who pays how; and what is collected agrees with that."""
    by_invoice = runs(ApplicationFactory(status=Status.APPROVED).contract)
    made = billing.make(MONTH)
    closed = client.post(page("billingmonth_csv", made.pk)).text
    organisation = contract.organisation
    organisation.name, organisation.purchase_reference = "Anders BV", "PO-2"
    organisation.invoice_email = "anders@voorbeeld.example"
    organisation.save()
    before = Mandate.objects.get()
    changed_account(contract, "NL02ABNA0123456789")
    changed_account(by_invoice, "NL20INGB0001234567")

    later = client.post(page("billingmonth_csv", made.pk)).text

    assert later == closed
    assert before.reference in later
    file = collecting.make(made, collect_on=collecting.earliest(), by=biller)
    [collection] = file.collections.all()
    assert collection.contract == contract
    assert collection.mandate == contract.mandate_in_force() != before


def test_what_was_closed_before_it_was_kept_reads_as_it_did(client, contract, biller):
    by_invoice = runs(ApplicationFactory(status=Status.APPROVED).contract)
    changed_account(contract, "NL02ABNA0123456789")
    made = billing.make(MONTH)
    closed = client.post(page("billingmonth_csv", made.pk)).text
    assert by_invoice.number in closed
    with pgtrigger.ignore("applications.BillingLine:never_changed"):
        made.lines.update(
            name="", invoice_email="", purchase_reference="", mandate=None
        )

    import_module("applications.migrations.0041_kept_of_billing").keep(apps, None)

    assert client.post(page("billingmonth_csv", made.pk)).text == closed


def test_who_pays_by_direct_debit_is_decided_once(client, contract, biller):
    """Without a signature nothing is collected: the CSV asks for an invoice then."""
    unsigned()

    made = billing.make(MONTH)

    header, row = csv.reader(
        io.StringIO(client.post(page("billingmonth_csv", made.pk)).text)
    )
    cells = dict(zip(header, row, strict=True))
    assert (cells["pays_by"], cells["mandate"]) == ("invoice", "")
    Mandate.objects.update(signed_on=timezone.localdate())
    with pytest.raises(collecting.NothingToCollect):
        collecting.make(made, collect_on=collecting.earliest(), by=biller)


def unsigned():
    """As no mandate becomes again once it was signed."""
    with pgtrigger.ignore("applications.Mandate:signed_stays_signed"):
        Mandate.objects.update(signed_on=None)


@pytest.mark.parametrize(
    ("field", "other"),
    [("signed_on", None), ("iban", "NL02ABNA0123456789"), ("reference", "X")],
)
def test_a_mandate_stays_as_it_was_signed(contract, field, other):
    with pytest.raises(Error, match="stays as it was signed"):
        Mandate.objects.update(**{field: other})


def changed_account(contract, iban):
    """Another account in force, as it is once all that has to be done was done."""
    one, two, three = UserFactory.create_batch(3)
    now = timezone.now()
    change = BankChange.objects.create(
        contract=contract, iban=iban, account_holder="Anders BV", asked_by=one,
        link_digest=iban, link_expires_at=now, confirmed_at=now, agreed_by=two,
        agreed_at=now, how_checked="x", effective_from=now + datetime.timedelta(1),
        returned_by=one, returned_at=now, accepted_by=three, accepted_at=now,
        in_force_at=now + datetime.timedelta(2),
    )  # fmt: skip
    Mandate.objects.create(
        bank_change=change, reference=iban, creditor_identifier="NL1", iban=iban,
        account_holder="Anders BV", signed_on=timezone.localdate(),
    )  # fmt: skip


def test_billing_collects_and_hands_over(client, contract, biller):
    made = billing.make(MONTH)
    day = {"collect_on": collecting.earliest().isoformat()}

    client.post(page("billingmonth_incasso", made.pk), day)
    file = client.post(page("billingmonth_bestand", made.pk))
    again = client.post(page("billingmonth_bestand", made.pk))
    client.post(page("billingmonth_overgedragen", made.pk))

    assert file.content == again.content
    assert Event.objects.filter(kind="billing.downloaded").count() == 2
    made.refresh_from_db()
    assert made.handed_over_by == biller
    for name in ("billingmonth_changelist", "billingline_changelist"):
        assert "6,40" in client.get(page(name)).text
    shown = client.get(page("billingmonth_change", made.pk)).text
    assert IBAN not in shown


@pytest.mark.parametrize("name", ["csv", "bestand", "incasso", "overgedragen"])
def test_looking_takes_nothing_along(client, contract, biller, name):
    made = billing.make(MONTH)
    if name == "bestand":
        collecting.make(made, collect_on=collecting.earliest(), by=biller)
    before = Event.objects.count()

    looked = client.get(page(f"billingmonth_{name}", made.pk))

    asks = name in ("incasso", "overgedragen")
    assert looked.status_code == (200 if asks else 302)
    assert Event.objects.count() == before
    client.force_login(UserFactory(is_staff=True))
    assert client.post(page(f"billingmonth_{name}", made.pk)).status_code == 403


def test_a_line_is_put_right_on_two_pages(client, contract, biller):
    billing.make(MONTH)
    line = BillingLine.objects.get()
    answers = {"amount": "-1.00", "reason": "Storing"}
    correct = page("billingline_correct", line.pk)
    assert (
        "Nul is geen verschil" in client.post(correct, {**answers, "amount": "0"}).text
    )

    client.post(correct, answers)
    proposed = BillingCorrection.objects.get()
    decide = page("billingcorrection_decide", proposed.pk)
    agreed = {"approve": "1", "seen": "6.40"}
    client.post(decide, agreed)
    proposed.refresh_from_db()
    assert proposed.approved is None
    colleague = member(client)
    client.post(decide, agreed)

    proposed.refresh_from_db()
    assert (proposed.approved, proposed.decided_by) == (True, colleague)


def test_who_bills_sees_nothing_else(biller):
    rights = {right.split(".")[1] for right in biller.get_all_permissions()}

    assert rights == {
        "view_billingmonth", "hand_over_billing", "view_billingline",
        "view_billingcorrection", "add_billingcorrection", "decide_billingcorrection",
        "add_collectionreturn",
    }  # fmt: skip


def test_a_list_costs_no_more_when_it_is_longer(
    client, contract, biller, django_assert_max_num_queries
):
    billing.make(BEFORE)
    billing.make(MONTH)

    client.get("/ondersteuning/")  # the first page of a session notes it

    for name in ("billingmonth", "billingline", "billingcorrection"):
        with django_assert_max_num_queries(12):
            client.get(page(f"{name}_changelist"))

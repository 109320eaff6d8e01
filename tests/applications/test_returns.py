"""What a bank gave back of a collection: kept, shown and told, and nothing else."""

import csv
import datetime
import io

import pytest
from django.contrib.auth.models import Group
from django.db import Error, transaction
from django.urls import reverse
from django.utils import timezone, translation

from apikeys.words import euro
from applications.models import (
    BillingLine,
    Collection,
    CollectionReturn,
    ReturnReason,
    Status,
)
from applications.services import billing, collecting, returning
from audit.models import Event
from mail.models import Message
from tests.applications.test_billing import DEBIT, MONTH, member, page, runs
from tests.factories import ApplicationFactory, UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)
TERMS = {"reason": ReturnReason.AM04, "returned_on": TODAY}


@pytest.fixture
def biller(client):
    return member(client)


@pytest.fixture
def collection():
    runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)
    made = billing.make(MONTH)
    collecting.make(made, collect_on=collecting.earliest(), by=UserFactory())
    return Collection.objects.get()


@pytest.fixture
def month(collection):
    return collection.direct_debit.billing


def test_billing_says_that_a_collection_came_back(client, biller, collection, month):
    number = collection.contract.number
    told = {"reason": "AM04", "returned_on": TODAY.isoformat()}
    assert (
        page("billingmonth_terug", month.pk)
        in client.get(page("billingmonth_change", month.pk)).text
    )

    client.post(
        page("billingmonth_terug", month.pk),
        {**told, "collection": f"{number.lower()}-{month}"},
    )

    returned = CollectionReturn.objects.get()
    assert (returned.collection, returned.recorded_by) == (collection, biller)
    shown = client.get(page("billingmonth_change", month.pk)).text
    assert "AM04, er stond te weinig op de rekening" in shown
    answer = client.post(page("billingmonth_csv", month.pk)).text
    [row] = csv.DictReader(io.StringIO(answer))
    assert (row["returned_on"], row["return_reason"]) == (str(TODAY), "AM04")
    event = Event.objects.get(kind="billing.collection_returned")
    assert (event.by, event.data["contract"]) == (biller, number)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_customer_finds_it_where_the_mail_leads(client, collection, language):
    organisation = collection.contract.organisation
    administrator = organisation.memberships.administrators().get().user
    administrator.language = language
    administrator.save()
    client.force_login(administrator)
    payment = reverse("applications:payment", args=[organisation.slug])
    reason = {"nl": "er stond te weinig", "en": "there was too little"}[language]
    assert reason not in client.get(payment).text

    returning.record_return(collection, **TERMS, by=UserFactory())

    text = client.get(payment).text
    assert reason in text
    with translation.override(language):
        assert euro(collection.amount) in text


def test_a_day_that_cannot_be_is_told_beside_the_field(client, biller, month):
    number = Collection.objects.get().contract.number
    typed = {"collection": number, "reason": "AM04"}
    late = (TODAY + DAY).isoformat()

    said = client.post(
        page("billingmonth_terug", month.pk), {**typed, "returned_on": late}
    ).text

    assert 'href="#id_returned_on"' in said
    assert "Deze dag ligt voor het incassobestand, of moet nog komen." in said
    assert late in said


def test_the_customer_reads_it_and_nothing_else_follows(collection):
    contract = collection.contract
    administrator = contract.organisation.memberships.administrators().get().user
    administrator.language = "en"
    administrator.save()
    type(contract.organisation).objects.update(invoice_email="facturen@test.example")
    before = BillingLine.objects.count()

    returning.record_return(collection, **TERMS, by=UserFactory())

    mails = Message.objects.filter(template="applications/emails/collection_returned")
    told = {mail.to: mail.context for mail in mails}
    assert told.keys() == {administrator.email, "facturen@test.example"}
    billing_reads = told["facturen@test.example"]
    assert billing_reads["reason"] == "er stond te weinig op de rekening"
    assert billing_reads["amount"] == "€\u00a06,40"
    assert told[administrator.email]["amount"] == "€\u00a06.40"
    assert BillingLine.objects.count() == before
    contract.refresh_from_db()
    assert contract.ends_on is None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"collection": ""}, "collection"),
        ({"collection": "bestaat-niet"}, "collection"),
        ({"reason": "ZZ99"}, "reason"),
        ({"returned_on": "31-02-2026"}, "returned_on"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    client, biller, collection, month, typed, field
):
    right = {"collection": collection.contract.number, "reason": "AC01"}
    right["returned_on"] = TODAY.isoformat()

    shown = client.post(page("billingmonth_terug", month.pk), {**right, **typed}).text

    assert f'id="id_{field}_error"' in shown
    assert not CollectionReturn.objects.exists()


@pytest.mark.parametrize("day", [TODAY + DAY, TODAY - DAY])
def test_nothing_comes_back_before_it_went_or_tomorrow(collection, day):
    with pytest.raises(returning.NotThen):
        returning.record_return(
            collection, reason="AC01", returned_on=day, by=UserFactory()
        )


def test_it_comes_back_once_and_stays_so(client, biller, collection, month):
    returning.record_return(collection, **TERMS, by=biller)
    again = {"collection": collection.contract.number, "reason": "MS03"}
    again["returned_on"] = TODAY.isoformat()

    said = client.post(page("billingmonth_terug", month.pk), again).text

    assert "Dit is al vastgelegd." in said
    for act in (
        lambda: CollectionReturn.objects.update(reason="MS03"),
        lambda: CollectionReturn.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            act()


def test_what_was_recorded_by_mistake_is_taken_back_and_told(
    client, biller, collection, month
):
    returned = returning.record_return(collection, **TERMS, by=UserFactory())
    told = Message.objects.filter(template="applications/emails/collection_returned")
    url = page("billingmonth_take_back", returned.pk)
    assert url in client.get(page("billingmonth_change", month.pk)).text
    assert "6,40" in client.get(url).text
    assert "Leg uit wat er niet klopte." in client.post(url, {"mistake": " "}).text

    client.post(url, {"mistake": "Verkeerde overeenkomst"})

    returned.refresh_from_db()
    assert (returned.taken_back_by, returned.mistake) == (
        biller, "Verkeerde overeenkomst",
    )  # fmt: skip
    mails = Message.objects.filter(
        template="applications/emails/collection_not_returned"
    )
    assert {mail.to for mail in mails} == {mail.to for mail in told}
    assert mails[0].context["mistake"] == "Verkeerde overeenkomst"
    event = Event.objects.get(kind="billing.collection_return_taken_back")
    assert (event.by, event.data["reason"]) == (biller, "Verkeerde overeenkomst")
    shown = client.get(page("billingmonth_change", month.pk)).text
    assert f"teruggenomen door {biller.name}: Verkeerde overeenkomst" in shown
    answer = client.post(page("billingmonth_csv", month.pk)).text
    [row] = csv.DictReader(io.StringIO(answer))
    assert (row["returned_on"], row["return_reason"]) == ("", "")
    assert "Een collega nam dit al terug." in client.post(url, {"mistake": "x"}).text


def test_after_a_mistake_it_can_really_come_back(collection):
    by = UserFactory()
    first = returning.record_return(collection, **TERMS, by=by)
    returning.take_back(first, mistake="Verkeerde maand", by=by)

    returning.record_return(collection, reason="MS03", returned_on=TODAY, by=by)

    assert collection.returns.standing().get().reason == "MS03"
    with pytest.raises(returning.AlreadyReturned):
        returning.record_return(collection, **TERMS, by=by)
    for changed in ({"mistake": "Iets anders"}, {"taken_back_at": None}):
        with pytest.raises(Error), transaction.atomic():
            CollectionReturn.objects.filter(pk=first.pk).update(**changed)


@pytest.mark.parametrize("group", ["support", "intake", "contracten", "toezicht"])
def test_others_take_nothing_back(client, collection, group):
    returned = returning.record_return(collection, **TERMS, by=UserFactory())
    other = UserFactory(is_staff=True)
    other.groups.add(Group.objects.get(name=group))
    client.force_login(other)

    url = page("billingmonth_take_back", returned.pk)

    assert client.post(url, {"mistake": "x"}).status_code == 403


def test_two_who_take_it_back_at_once_mail_once(committed, request):
    collection, by = request.getfixturevalue("collection"), UserFactory()
    returned = returning.record_return(collection, **TERMS, by=by)
    row = lambda: CollectionReturn.objects.get(pk=returned.pk)

    with racing(2) as race:
        acts = [lambda: returning.take_back(row(), mistake="x", by=by)] * 2
        done = race.run(*acts, losing=returning.AlreadyTakenBack)

    assert sorted(done) == [False, True]


def test_there_is_nothing_to_give_back_without_a_file(client, biller):
    runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)
    made = billing.make(MONTH)

    assert client.get(page("billingmonth_terug", made.pk)).status_code == 302


def test_two_who_record_it_at_once_mail_once(committed, request):
    collection, by = request.getfixturevalue("collection"), UserFactory()
    before = Message.objects.count()
    act = lambda: returning.record_return(collection, **TERMS, by=by)

    with racing(3) as race:
        done = race.run(act, act, act, losing=returning.AlreadyReturned)

    assert done.count(True) == 1
    assert CollectionReturn.objects.count() == 1
    recipients = Message.objects.values("to").distinct().count()
    assert Message.objects.count() - before <= recipients

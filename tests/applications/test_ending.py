"""Staff end a contract on a day that they choose; the customer reads why, and when."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys.services.issuing import end_of
from applications.models import Contract, Status
from applications.services import contracts
from audit.models import Event
from mail.models import Message
from organisations.services.intervening import OwnInterest
from tests.applications.test_contracts import address
from tests.factories import ApplicationFactory, MembershipFactory, UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    contract = ApplicationFactory(status=Status.APPROVED).contract
    began = contract.starts_on - datetime.timedelta(days=100)
    Contract.objects.update(starts_on=began)
    contract.refresh_from_db()
    return contract


@pytest.fixture
def coen():
    return staff("contracten")


def staff(group):
    person = UserFactory(name="Coen Contract", is_staff=True)
    person.groups.set(Group.objects.filter(name=group))
    return person


def end(contract, by, days=3, reason="Er wordt niet betaald"):
    day = timezone.localdate() + datetime.timedelta(days=days)
    contracts.end(contract, ends_on=day, reason=reason, by=by)
    return day


def test_the_key_stops_with_the_day_and_the_customer_reads_why(contract, coen, client):
    Message.objects.all().delete()

    day = end(contract, coen)

    contract.refresh_from_db()
    assert (contract.ends_on, contract.by_us) == (day, True)
    assert contract.api_key.expires_at == end_of(day)
    mails = Message.objects.filter(template="applications/emails/contract_ended_by_us")
    assert "Er wordt niet betaald" in mails.first().context["reason"]
    alice = MembershipFactory(organisation=contract.organisation).user
    client.force_login(alice)
    assert "Er wordt niet betaald" in client.get(address("contract", contract)).text


def test_a_day_may_be_today_but_not_past_nor_before_the_contract(contract, coen):
    end(contract, coen, days=0)
    with pytest.raises(contracts.NotADay):
        end(contract, coen, days=-1)
    Contract.objects.update(
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate() + datetime.timedelta(5),
    )
    with pytest.raises(contracts.NotADay):
        end(contract, coen, days=0)


def test_the_customers_own_end_may_become_an_earlier_one(contract, coen):
    alice = MembershipFactory(organisation=contract.organisation).user
    last = contracts.last_day(timezone.localdate())
    contracts.cancel(contract, ends_on=last, by=alice)

    assert end(contract, coen) < last

    contract.refresh_from_db()
    assert contract.cancelled_by == coen


def test_the_customers_own_end_is_not_put_off(contract, coen, client):
    alice = MembershipFactory(organisation=contract.organisation).user
    last = contracts.last_day(timezone.localdate())
    contracts.cancel(contract, ends_on=last, by=alice)
    client.force_login(coen)
    url = reverse("admin:applications_contract_end", args=[contract.pk])

    later = last + datetime.timedelta(days=1)
    typed = {"ends_on": later.isoformat(), "reason": "Fraude"}
    said = client.post(url, typed).text
    assert "De klant heeft zelf opgezegd." in said
    assert 'href="#id_ends_on"' in said
    contract.refresh_from_db()
    assert (contract.ends_on, contract.by_us) == (last, False)
    assert not hasattr(contract, "own_cancellation")


def test_what_the_customer_cancelled_stays_cancelled_when_we_take_ours_back(
    contract, coen
):
    alice = MembershipFactory(organisation=contract.organisation).user
    last = contracts.last_day(timezone.localdate())
    contracts.cancel(contract, ends_on=last, by=alice, reason="We stoppen")
    end(contract, coen)
    end(contract, coen, days=4)
    Message.objects.all().delete()

    contracts.let_run_on(contract, by=coen)

    contract.refresh_from_db()
    assert (contract.ends_on, contract.cancelled_by) == (last, alice)
    assert (contract.cancellation_reason, contract.by_us) == ("We stoppen", False)
    assert contract.api_key.expires_at == end_of(last)
    assert not hasattr(contract, "own_cancellation")
    [to_alice] = Message.objects.filter(to=alice.email)
    assert to_alice.template == "applications/emails/contract_kept_until"
    contracts.take_back(contract, by=alice)
    contract.refresh_from_db()
    assert (contract.ends_on, contract.cancelled_by) == (None, None)


def test_only_we_take_it_back(contract, coen):
    alice = MembershipFactory(organisation=contract.organisation).user
    end(contract, coen)

    with pytest.raises(contracts.EndedByUs):
        contracts.take_back(contract, by=alice)
    contracts.let_run_on(contract, by=coen)

    contract.refresh_from_db()
    assert (contract.ends_on, contract.by_us) == (None, False)
    assert contract.api_key.expires_at is None
    with pytest.raises(contracts.NotCancelled):
        contracts.let_run_on(contract, by=coen)


def test_what_is_over_stays_over(contract, coen):
    end(contract, coen)
    Contract.objects.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))

    with pytest.raises(contracts.Over):
        end(contract, coen)


def test_who_belongs_to_the_organisation_does_not_end_it(contract, coen):
    MembershipFactory(organisation=contract.organisation, user=coen)

    with pytest.raises(OwnInterest):
        end(contract, coen)


def test_staff_end_it_on_a_page_and_take_it_back_there(contract, coen, client):
    client.force_login(coen)
    url = reverse("admin:applications_contract_end", args=[contract.pk])
    last = contracts.last_day(timezone.localdate())

    assert f'value="{last.isoformat()}"' in client.get(url).text
    assert (
        "Kies vandaag"
        in client.post(url, {"ends_on": "2020-01-01", "reason": "x"}).text
    )
    client.post(url, {"ends_on": last.isoformat(), "reason": "Fraude"})
    contract.refresh_from_db()
    assert (contract.ends_on, contract.cancellation_reason) == (last, "Fraude")
    client.post(reverse("admin:applications_contract_run_on", args=[contract.pk]))
    contract.refresh_from_db()
    assert contract.ends_on is None


@pytest.mark.parametrize("group", ["intake", "support", "toezicht"])
@pytest.mark.parametrize("page", ["end", "run_on"])
def test_other_groups_end_nothing(contract, client, group, page):
    client.force_login(staff(group))

    url = reverse(f"admin:applications_contract_{page}", args=[contract.pk])
    assert client.post(url, {"reason": "x"}).status_code == 403


def test_the_database_wants_a_reason(contract, coen):
    end(contract, coen)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.update(cancellation_reason="")


def test_a_customer_who_takes_back_at_that_moment_does_not_undo_it(committed):
    """Whoever is first: once staff have ended it, it is ended."""
    contract = ApplicationFactory(status=Status.APPROVED).contract
    coen = UserFactory(is_staff=True)
    alice = MembershipFactory(organisation=contract.organisation).user
    last = contracts.last_day(timezone.localdate())
    with racing(2) as race:
        for _ in range(20):
            contracts.cancel(Contract.objects.get(), ends_on=last, by=alice)
            ours, theirs = Contract.objects.get(), Contract.objects.get()
            race.run(
                lambda row=ours: contracts.end(row, ends_on=last, reason="x", by=coen),
                lambda row=theirs: contracts.take_back(row, by=alice),
                losing=(contracts.EndedByUs,),
            )
            now = Contract.objects.get()
            assert (now.by_us, now.ends_on) == (True, last)
            contracts.let_run_on(now, by=coen)
            if now.cancelled_at:  # ours was first: then theirs is there again
                contracts.take_back(now, by=alice)
    assert Event.objects.filter(kind="contract.ended_by_us").count() == 20

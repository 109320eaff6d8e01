"""Staff decide on another bank account: they choose an act, and edit nothing."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from applications.models import BankChange, BankStatus, Status
from applications.services import bank
from mail import private_links
from tests.factories import ApplicationFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    """Sign in as a new member of this group; gives the person."""

    def staff(group):
        person = UserFactory(is_staff=True)
        person.groups.add(Group.objects.get(name=group))
        client.force_login(person)
        return person

    return staff


@pytest.fixture
def change(db):
    contract = ApplicationFactory(status=Status.APPROVED).contract
    asker = MembershipFactory(organisation=contract.organisation).user
    change = bank.ask(
        contract, iban="NL13TEST0123456789", account_holder="Test BV", by=asker
    )
    return bank.confirm(private_links.token("bank_change", change.pk, 1))


def page(change):
    return reverse("admin:applications_bankchange_change", args=[change.pk])


def decide(client, change, decision, **more):
    return client.post(page(change), {"decision": decision, "explanation": "", **more})


def status(change):
    return BankChange.objects.get(pk=change.pk).status


def test_two_of_staff_bring_it_to_the_cooling_off(client, staff, change):
    coen = staff("contracten")
    said = "Gebeld met 020 555 12 34, Katrijn bevestigt het"

    refused = decide(client, change, "agree")
    decide(client, change, "agree", explanation=said)

    assert "Leg uit" in refused.text
    agreed = BankChange.objects.get(pk=change.pk)
    assert (agreed.agreed_by, agreed.how_checked) == (coen, said)
    sheet = bytes(agreed.documents.get().content)
    scan = SimpleUploadedFile("scan.pdf", sheet)
    assert (
        "zonder handtekening"
        in decide(client, change, "register", scan=scan, follow=True).text
        or status(change) == BankStatus.AGREED
    )
    decide(client, change, "register")
    assert status(change) == BankStatus.RETURNED
    decide(client, change, "accept")
    assert status(change) == BankStatus.RETURNED  # the second person does not

    staff("contracten")
    decide(client, change, "accept")

    assert status(change) == BankStatus.ACCEPTED


def test_the_list_tells_which_wait_for_us(client, staff, change):
    staff("contracten")
    address = reverse("admin:applications_bankchange_changelist")

    def waiting():
        return [*client.get(address, {"open": "us"}).context["cl"].result_list]

    decide(client, change, "agree", explanation="Gebeld")
    assert waiting() == []
    decide(client, change, "register")
    assert waiting() == [change]
    staff("contracten")
    decide(client, change, "accept")
    assert waiting() == []


def test_staff_stop_it_with_a_reason(client, staff, change):
    staff("contracten")

    decide(client, change, "stop", explanation="De klant kent dit niet")

    assert BankChange.objects.get(pk=change.pk).stop_reason == "De klant kent dit niet"
    assert 'name="decision"' not in client.get(page(change)).text


def test_an_act_that_is_not_possible_here_is_not_offered(client, staff, change):
    staff("contracten")

    answer = decide(client, change, "accept")

    assert "decision" in answer.context["adminform"].form.errors
    assert status(change) == BankStatus.CONFIRMED


@pytest.mark.parametrize("group", ["intake", "support"])
def test_other_groups_do_not_see_it(client, staff, change, group):
    staff(group)

    assert client.get(page(change)).status_code == 403
    assert decide(client, change, "stop", explanation="x").status_code == 403
    assert status(change) == BankStatus.CONFIRMED


def test_who_decides_reads_what_was_done_and_what_comes_next(client, staff, change):
    staff("contracten")
    page_of = page(change)
    asked = client.get(page_of).text
    assert "<h1>Wijziging van rekeningnummer</h1>" in asked
    assert 'name="scan"' not in asked  # nothing can have come back yet

    said = client.post(
        page_of, {"decision": "agree", "explanation": "Gebeld."}, follow=True
    ).text

    assert "Gedaan: Akkoord als tweede persoon." in said
    assert "Nu: Wacht op de ondertekende machtiging." in said
    assert "met succes" not in said
    assert 'name="scan"' in said
    assert "dat ze op papier" in said

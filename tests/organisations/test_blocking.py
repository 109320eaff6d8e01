"""Staff block an organisation: no key works, members read why, nobody changes a thing."""

import time

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from audit.models import Event
from mail.models import Message
from organisations.models import Organisation
from organisations.roles import Role
from organisations.services import blocking, details, intervening
from organisations.services.locking import OrganisationBlocked
from tests.factories import MembershipFactory, UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return MembershipFactory(user__name="Alice Admin")


@pytest.fixture
def sara():
    sara = UserFactory(name="Sara Support", is_staff=True)
    sara.groups.set(Group.objects.filter(name="support"))
    return sara


@pytest.mark.django_db(transaction=True)
def test_processes_that_listen_hear_of_it_at_the_commit(alice, sara):
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN portal_keys")

    blocking.block(alice.organisation, reason="Misbruik", by=sara)

    told = list(connection.connection.notifies(timeout=5, stop_after=1))
    assert [one.payload for one in told] == [f"of {alice.organisation.slug}"]


def test_members_read_why_and_change_nothing(client, alice, sara):
    blocking.block(alice.organisation, reason="Misbruik van Zoeken", by=sara)
    client.force_login(alice.user)
    slug = alice.organisation.slug

    page = client.get(reverse("organisations:dashboard", args=[slug]))
    assert "Misbruik van Zoeken" in page.text
    answer = client.post(reverse("organisations:invite", args=[slug]), {"role": "x"})

    assert answer.status_code == 403
    assert "Misbruik van Zoeken" in answer.text
    assert "Er is niets opgeslagen" in answer.text


def test_who_had_a_page_open_changes_nothing_with_it(alice, sara):
    organisation = alice.organisation
    seen = details.invoices(organisation)
    blocking.block(Organisation.objects.get(), reason="Misbruik", by=sara)

    with pytest.raises(OrganisationBlocked):
        details.change_invoices(
            organisation, {**seen, "purchase_reference": "x"}, seen=seen, by=alice.user
        )


def test_administrators_are_mailed_and_can_read_it_back(alice, sara):
    MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)

    blocking.block(alice.organisation, reason="Misbruik", by=sara)
    blocking.unblock(alice.organisation, reason="Opgelost", by=sara)

    mails = Message.objects.order_by("created_at").values_list("to", "template")
    assert list(mails) == [
        (alice.user.email, "organisations/emails/blocked"),
        (alice.user.email, "organisations/emails/unblocked"),
    ]
    kinds = Event.objects.filter(kind__startswith="organisation.").order_by("pk")
    assert [(one.kind, one.data["reason"]) for one in kinds] == [
        ("organisation.blocked", "Misbruik"),
        ("organisation.unblocked", "Opgelost"),
    ]


def test_staff_block_on_a_page_and_lift_it_there(client, alice, sara):
    client.force_login(sara)
    pk = alice.organisation.pk
    url = reverse("admin:organisations_organisation_block", args=[pk])

    assert "Geef een reden." in client.post(url, {"reason": " "}).text
    client.post(url, {"reason": "Misbruik"})
    alice.organisation.refresh_from_db()
    assert alice.organisation.blocked_reason == "Misbruik"
    assert "Blokkade opheffen" in client.get(url).text
    client.post(url, {"reason": "Opgelost"})
    alice.organisation.refresh_from_db()
    assert alice.organisation.blocked_at is None


@pytest.mark.parametrize("group", ["intake", "contracten", "toezicht"])
def test_other_groups_do_not_block(client, alice, group):
    other = UserFactory(is_staff=True)
    other.groups.add(Group.objects.get(name=group))
    client.force_login(other)
    pk = alice.organisation.pk

    url = reverse("admin:organisations_organisation_block", args=[pk])
    assert client.post(url, {"reason": "Misbruik"}).status_code == 403


def test_who_belongs_to_it_does_not_act_on_it(alice, sara):
    MembershipFactory(organisation=alice.organisation, user=sara)

    with pytest.raises(intervening.OwnInterest):
        blocking.block(alice.organisation, reason="Misbruik", by=sara)


def test_the_database_wants_a_reason(alice):
    blocked = Organisation.objects.filter(pk=alice.organisation.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        blocked.update(blocked_at="2026-01-01T00:00Z")


@pytest.mark.django_db(transaction=True)
def test_two_who_block_at_once_block_once(alice, sara):
    once = (blocking.AlreadyBlocked,)
    with racing(2) as race:
        for _ in range(20):
            rows = [Organisation.objects.get() for _ in range(2)]
            won = race.run(
                *(
                    lambda row=row: blocking.block(row, reason="Misbruik", by=sara)
                    for row in rows
                ),
                losing=once,
            )
            assert sorted(won) == [False, True]
            blocking.unblock(Organisation.objects.get(), reason="Nog eens", by=sara)


@pytest.mark.django_db(transaction=True)
def test_nothing_changes_after_the_block_whoever_was_first(alice, sara):
    """A member who presses at that moment is before it, or is refused."""

    def change(number):
        time.sleep(0.002 * (number % 3))
        row = Organisation.objects.get()
        seen = details.invoices(row)
        new = {**seen, "purchase_reference": f"{number}"}
        details.change_invoices(row, new, seen=seen, by=alice.user)

    with racing(2) as race:
        for number in range(20):
            row = Organisation.objects.get()
            race.run(
                lambda row=row: blocking.block(row, reason="Misbruik", by=sara),
                lambda number=number: change(number),
                losing=(OrganisationBlocked,),
            )
            kinds = [*Event.objects.order_by("-pk").values_list("kind", flat=True)[:2]]
            assert kinds[0] == "organisation.blocked"
            blocking.unblock(Organisation.objects.get(), reason="Nog eens", by=sara)

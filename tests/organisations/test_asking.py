"""A developer asks to become administrator; time, a colleague or they themselves end it."""

import datetime
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.services import record
from mail import rendering
from mail.models import Message
from organisations import tasks
from organisations.models import AdministratorRequest, Membership, Organisation
from organisations.roles import Role
from organisations.services import asking, blocking, members
from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
Outcome = AdministratorRequest.Outcome
ASKED = "organisations/emails/administrator_asked"
REASON = "Alice is ziek en ik moet collega's uitnodigen."


def member(organisation=None, *, role=Role.DEVELOPER, days=100, **fields):
    if organisation:
        fields["organisation"] = organisation
    made = MembershipFactory(role=role, **fields)
    made.since = timezone.now() - datetime.timedelta(days=days)
    made.save(update_fields=["since"])
    return made


@pytest.fixture
def alice():
    """The administrator."""
    return member(role=Role.ADMINISTRATOR, user__name="Alice Admin")


@pytest.fixture
def bob(alice):
    """A developer of the same organisation."""
    return member(alice.organisation, user__name="Bob Bouwer")


def ask(bob, *, days_ago=0):
    """What Bob asked so many days ago."""
    asked = asking.ask(bob, reason=REASON)
    return passed(asked, days_ago)


def passed(asked, days):
    asked.asked_at -= datetime.timedelta(days=days)
    asked.falls_at -= datetime.timedelta(days=days)
    asked.save()
    return asked


def role(one):
    return Membership.objects.get(pk=one.pk).role


def signed_in(one):
    """A browser in which this person typed the password a moment ago."""
    site = Client()
    site.post("/account/login/", {"login": one.user.username, "password": PASSWORD})
    site.post("/account/reauthenticate/", {"password": PASSWORD})
    return site


def page(name, one, *args):
    return reverse(f"organisations:{name}", args=[one.organisation.slug, *args])


def test_asking_tells_every_member_at_once_what_happens(alice, bob):
    carol = member(alice.organisation)

    asked = ask(bob)

    told = {mail.to: mail for mail in Message.objects.filter(template=ASKED)}
    assert set(told) == {alice.user.email, bob.user.email, carol.user.email}
    text = rendering.email(told[alice.user.email]).body
    assert "Doe je niets, dan wordt Bob Bouwer administrator na" in text
    assert REASON in text
    assert page("request", alice, asked.pk) in text
    assert "Doe je niets" not in rendering.email(told[carol.user.email]).body
    assert Event.objects.latest("pk").kind == "administrator_request.asked"


def test_nothing_happens_before_its_time(alice, bob):
    ask(bob, days_ago=13)

    asking.tend_all()

    assert role(bob) == Role.DEVELOPER


def test_it_falls_to_who_asked_when_nobody_objects(alice, bob):
    asked = ask(bob, days_ago=15)

    tasks.tend_administrators(0)

    asked.refresh_from_db()
    assert (asked.outcome, asked.ended_by) == (Outcome.PASSED, None)
    assert role(bob) == Role.ADMINISTRATOR
    told = Message.objects.filter(template="organisations/emails/administrator_new")
    assert {mail.to for mail in told} == {alice.user.email, bob.user.email}


def test_it_does_not_fall_while_no_administrator_could_object(alice, bob):
    sara = UserFactory(is_staff=True)
    asked = ask(bob, days_ago=10)
    due = asked.falls_at
    blocking.block(alice.organisation, reason="Misbruik", by=sara)
    passed(asked, 30)
    Organisation.objects.update(blocked_at=timezone.now() - datetime.timedelta(days=30))

    asking.tend_all()
    assert role(bob) == Role.DEVELOPER
    blocking.unblock(alice.organisation, reason="Opgelost", by=sara)
    asking.tend_all()

    asked.refresh_from_db()
    assert role(bob) == Role.DEVELOPER
    assert abs(asked.falls_at - due) < datetime.timedelta(minutes=1)


def test_members_are_reminded_once_two_days_before(alice, bob):
    asked = ask(bob, days_ago=11)
    asking.tend_all()
    before = Message.objects.filter(template=ASKED).count()

    passed(asked, 2)
    asking.tend_all()
    asking.tend_all()

    soon = "Over twee dagen wordt Bob Bouwer administrator"
    again = Message.objects.filter(template=ASKED, subject_line__startswith=soon)
    assert before == again.count() == 2


def test_an_objection_ends_it_and_says_why(alice, bob):
    asked = ask(bob)

    asking.refuse(asked, answer="Ik ben er gewoon.", by=alice.user)
    passed(asked, 20)
    asking.tend_all()

    assert role(bob) == Role.DEVELOPER
    mail = Message.objects.get(to=bob.user.email, template__endswith="refused")
    assert "Ik ben er gewoon." in rendering.email(mail).body


def test_an_administrator_can_agree_at_once(alice, bob):
    asked = ask(bob)

    asking.grant(asked, by=alice.user)

    assert role(bob) == Role.ADMINISTRATOR
    assert (asked.outcome, asked.ended_by) == (Outcome.GRANTED, alice.user)


@pytest.mark.parametrize(
    "act",
    [
        lambda asked, by: asking.grant(asked, by=by),
        lambda asked, by: asking.refuse(asked, answer="Nee.", by=by),
        lambda asked, by: asking.withdraw(asked, by=by),
    ],
)
def test_what_ended_is_not_answered_again(alice, bob, act):
    asked = ask(bob)
    asking.withdraw(asked, by=bob.user)

    with pytest.raises(asking.RequestEnded):
        act(asked, alice.user)

    assert role(bob) == Role.DEVELOPER


def test_who_is_gone_gets_nothing(alice, bob):
    asked = ask(bob, days_ago=20)
    members.remove_member(bob, by=alice.user)

    asking.tend_all()

    asked.refresh_from_db()
    assert asked.outcome == Outcome.OVERTAKEN
    assert not alice.organisation.memberships.filter(user=bob.user).exists()


def test_whose_account_is_stopped_gets_nothing(alice, bob):
    asked = ask(bob, days_ago=20)
    type(bob.user).objects.filter(pk=bob.user.pk).update(is_active=False)

    asking.tend_all()

    asked.refresh_from_db()
    assert asked.outcome == Outcome.OVERTAKEN
    assert role(bob) == Role.DEVELOPER


def test_who_became_administrator_otherwise_asks_no_more(alice, bob):
    asked = ask(bob)

    members.change_role(bob, Role.ADMINISTRATOR, by=alice.user)

    asked.refresh_from_db()
    assert asked.outcome == Outcome.OVERTAKEN


def why_not(one):
    with pytest.raises(asking.MayNotAsk) as refused:
        asking.ask(one, reason=REASON)
    return refused.value.why


def test_who_may_not_ask(alice, bob):
    ask(bob)

    assert why_not(alice) == "administrator"
    assert why_not(bob) == "asked"
    assert why_not(member(alice.organisation, days=13)) == "new"


@pytest.mark.parametrize(("days", "again"), [(89, "again"), (91, None)])
def test_after_an_objection_one_waits_ninety_days(alice, bob, days, again):
    asked = ask(bob, days_ago=days)
    asking.refuse(asked, answer="Nee.", by=alice.user)
    asked.ended_at -= datetime.timedelta(days=days)
    asked.save()

    if again:
        assert why_not(bob) == again
    else:
        asking.ask(bob, reason=REASON)


def test_withdrawing_and_asking_again_does_not_flood_the_others(alice, bob):
    asking.withdraw(ask(bob), by=bob.user)

    assert why_not(bob) == "again"


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "passed", "ended_at": timezone.now()},
        {"outcome": "granted"},
        {"outcome": "granted", "ended_at": timezone.now()},
        {"ended_at": timezone.now()},
    ],
    ids=["before its time", "no moment", "by nobody", "no outcome"],
)
def test_the_database_refuses_an_end_that_makes_no_sense(alice, bob, fields):
    asked = AdministratorRequest.objects.filter(pk=ask(bob).pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        asked.update(**fields)


def test_nobody_answers_what_they_asked_themselves(alice, bob):
    asked = ask(bob)

    with pytest.raises(PermissionDenied):
        asking.grant(asked, by=bob.user)
    Membership.objects.filter(pk=bob.pk).update(role=Role.ADMINISTRATOR)
    with pytest.raises(IntegrityError), transaction.atomic():
        asking.refuse(asked, answer="", by=bob.user)


def at_once(*acts):
    """Each act in a thread and connection of its own; says which succeeded."""
    start = Barrier(len(acts))

    def run(act):
        try:
            start.wait()
            return act()
        except asking.RequestEnded:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(run, act) for act in acts]]


def due(round_):
    alice = member(role=Role.ADMINISTRATOR)
    bob = member(alice.organisation)
    return alice, bob, ask(bob, days_ago=20)


def fresh(asked):
    return AdministratorRequest.objects.get(pk=asked.pk)


@pytest.mark.django_db(transaction=True)
def test_the_worker_and_an_objection_at_once_agree_on_one_end():
    for round_ in range(30):
        alice, bob, asked = due(round_)

        at_once(
            lambda a=asked: asking.tend(fresh(a)),
            lambda a=asked, by=alice.user: asking.refuse(fresh(a), answer="x", by=by),
        )

        refused = fresh(asked).outcome == Outcome.REFUSED
        assert (role(bob) == Role.DEVELOPER) == refused
        ends = Event.objects.filter(
            subject_id=asked.pk, subject_type="organisations.administratorrequest"
        )
        assert ends.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_administrator():
    for round_ in range(30):
        _alice, bob, asked = due(round_)

        at_once(*[lambda a=asked: asking.tend(fresh(a))] * 2)

        assert role(bob) == Role.ADMINISTRATOR
        assert (
            Message.objects.filter(template__endswith="new", to=bob.user.email).count()
            == 1
        )


@pytest.mark.django_db(transaction=True)
def test_what_is_recorded_meanwhile_waits_for_no_lock(alice, bob):
    """Else the two wait for each other: one for the audit log, one for the organisation."""

    def something():
        record("key.revealed", subject=bob, by=None, organisation=bob.organisation)
        connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        members.lock(alice.organisation_id)
        pool.submit(something).result(timeout=20)
        members.change_role(bob, Role.ADMINISTRATOR, by=alice.user)


@pytest.mark.django_db(transaction=True)
def test_closing_an_account_takes_every_lock_before_it_records(alice):
    """Else it holds the audit log while it waits for an organisation where one records."""
    carol = member(alice.organisation)
    there = member(role=Role.ADMINISTRATOR, organisation__name="Z, the last")
    member(there.organisation, user=carol.user)

    def close():
        members.close_account(carol.user)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            members.lock(there.organisation_id)
            closing = pool.submit(close)
            time.sleep(1)  # it waits for the lock now
            members.sign_out(there, by=there.user)
        closing.result(timeout=20)

    assert not carol.user.memberships.exists()


def test_a_developer_asks_on_a_page_and_withdraws_on_the_dashboard(alice, bob):
    site = signed_in(bob)

    asked = site.post(page("ask", bob), {"reason": REASON}, follow=True)
    assert "Je hebt gevraagd om administrator te worden" in asked.text
    gone = site.post(page("withdraw_request", bob), follow=True)

    assert "Je verzoek is ingetrokken." in gone.text
    assert "opnieuw vragen vanaf" in site.get(page("ask", bob)).text


def test_asking_takes_the_password(client, bob):
    client.force_login(bob.user)

    answer = client.post(page("ask", bob), {"reason": REASON})

    assert "/account/reauthenticate/" in answer["Location"]
    assert not AdministratorRequest.objects.exists()


def test_every_member_sees_it_and_only_administrators_answer(client, alice, bob):
    asked = ask(bob)
    carol = member(alice.organisation)

    for one, decides in ((alice, True), (carol, False)):
        client.force_login(one.user)
        html = client.get(page("dashboard", one)).text
        assert "Bob Bouwer vraagt om administrator te worden" in html
        assert (page("request", one, asked.pk) in html) == decides
    assert client.get(page("request", carol, asked.pk)).status_code == 403


def test_an_administrator_answers_on_a_page(alice, bob):
    asked = ask(bob)
    site = signed_in(alice)

    without = site.post(page("request", alice, asked.pk), {"decision": "refuse"})
    assert "Leg uit waarom je bezwaar maakt." in without.text
    said = site.post(
        page("request", alice, asked.pk), {"decision": "grant"}, follow=True
    )

    assert "Bob Bouwer is nu administrator." in said.text
    assert "Toegekend" in site.get(page("request", alice, asked.pk)).text


def test_a_request_of_another_organisation_is_not_found(alice, bob):
    asked = ask(bob)
    other = member(role=Role.ADMINISTRATOR)

    assert signed_in(other).get(page("request", other, asked.pk)).status_code == 404


def test_who_may_not_look_is_told_whom_to_ask_and_how_to_become_it(client, alice, bob):
    client.force_login(bob.user)

    html = client.get(page("users", bob)).text

    assert alice.user.email in html
    assert page("ask", bob) in html

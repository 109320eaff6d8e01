"""Merging while somebody else acts on either: each is before it, or after it, never half."""

import datetime
import time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from apikeys import secrets, statements, usage
from apikeys import services as apikeys
from apikeys.gateway import recent
from apikeys.models import (
    Api,
    ApiKey,
    Gateway,
    KeySecret,
    Product,
    StatementBatch,
    UsageDay,
)
from apikeys.reports import Line
from applications.models import Application, Contract, Status
from applications.services import contracts, handling, merging
from mail import private_links
from organisations.models import Intervention, Invitation, Membership
from organisations.roles import Role
from organisations.services import blocking, intervening, inviting
from organisations.services import merging as people
from tests.applications.merging import propose
from tests.factories import (
    ApiKeyFactory,
    ApplicationFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)
from tests.races import racing

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def pair(slug="los"):
    """A double with an administrator and a key, and the one that stays."""
    double, into = OrganisationFactory(), OrganisationFactory()
    alice = MembershipFactory(organisation=double).user
    MembershipFactory(organisation=into)
    api, _ = Api.objects.get_or_create(slug=slug)
    product, _ = Product.objects.get_or_create(slug=slug)
    product.apis.add(api)
    key = ApiKeyFactory(organisation=double, products=[product])
    return double, into, alice, key


def approving(double, into):
    """Has a second member of staff approve; the sooner of the two who press at once."""
    coen, carla = UserFactory(is_staff=True), UserFactory(is_staff=True)
    proposed = propose(double, into, coen)

    def approve(wait=0.0):
        time.sleep(wait)
        row = Intervention.objects.get(pk=proposed.pk)
        merging.approve(row, by=carla)

    return approve


def now(row):
    return type(row).objects.get(pk=row.pk)


def test_two_who_approve_at_once_merge_once():
    with racing(2) as race:
        for _ in range(ROUNDS):
            double, into, *_rest = pair()
            approve = approving(double, into)

            won = race.run(approve, approve, losing=intervening.InterventionEnded)

            assert sorted(won) == [False, True]
            assert now(double).merged_into == into


@pytest.mark.parametrize("whose", ["double", "into"])
def test_who_is_blocked_meanwhile_is_not_merged(monkeypatch, whose):
    tell = blocking.emails.blocked

    def late(organisation):
        time.sleep(0.4)
        tell(organisation)

    monkeypatch.setattr(blocking.emails, "blocked", late)
    double, into, *_rest = pair()
    approve, sara = approving(double, into), UserFactory(is_staff=True)
    organisation = {"double": double, "into": into}[whose]

    with racing(2) as race:
        won = race.run(
            lambda: blocking.block(organisation, reason="Misbruik", by=sara),
            lambda: approve(0.2),
            losing=merging.CannotMerge,
        )

    assert won == [True, False]
    assert now(double).merged_into is None


def test_two_doubles_of_one_organisation_go_there_at_once():
    with racing(2) as race:
        for _ in range(ROUNDS):
            (one, into, *_rest), (other, *_rest) = pair("los"), pair("ook")
            acts = [approving(one, into), approving(other, into)]

            assert race.run(*acts, losing=()) == [True, True]
            assert {*into.doubles.all()} == {one, other}


@pytest.mark.usefixtures("committed")
def test_a_contract_that_is_cancelled_meanwhile_ends_where_it_is():
    last = contracts.last_day(timezone.localdate())
    with racing(2) as race:
        for number in range(ROUNDS):
            contract = ApplicationFactory(status=Status.APPROVED).contract
            double, into = contract.organisation, OrganisationFactory()
            approve, alice = approving(double, into), double.memberships.get().user

            def cancel(contract=contract, alice=alice, pause=0.01 * (number % 4)):
                time.sleep(pause)
                contracts.cancel(contract, ends_on=last, by=alice)

            assert race.run(approve, cancel, losing=()) == [True, True]
            contract = now(contract)
            assert (contract.organisation, contract.ends_on) == (into, last)
            assert contract.api_key.expires_at


@pytest.mark.usefixtures("committed")
def test_a_contract_that_is_concluded_meanwhile_is_of_what_stays():
    """An application with the double's number: it goes along, or staff choose anew."""
    with racing(2) as race:
        for number in range(ROUNDS):
            double, into, *_rest = pair()
            application = ApplicationFactory(
                status=Status.CONTRACT_RETURNED, kvk_number=double.kvk_number
            )
            approve, carla = approving(double, into), UserFactory(is_staff=True)

            def conclude(one=application, join=double, by=carla, turn=number):
                time.sleep(0.01 * (turn % 4))
                handling.approve(one, by=by, join=join)

            merged, _approved = race.run(
                approve, conclude, losing=handling.OrganisationExists
            )

            assert merged
            assert not Contract.objects.filter(organisation=double).exists()
            assert not Membership.objects.filter(organisation=double).exists()


def test_a_key_that_is_rotated_meanwhile_can_be_read_where_it_is():
    with racing(2) as race:
        for number in range(ROUNDS):
            double, into, alice, key = pair()
            approve = approving(double, into)
            pause = 0.01 * (number % 4)

            def rotate(key=key, alice=alice, pause=pause):
                time.sleep(pause)
                apikeys.rotate(key, datetime.timedelta(days=1), by=alice)

            won = race.run(approve, rotate, losing=())

            assert won == [True, True]
            for secret in KeySecret.objects.filter(key=key):
                secrets.unseal(secret)
            assert now(key).organisation == into


def test_an_invitation_that_is_accepted_meanwhile_lets_in_where_it_is(monkeypatch):
    """Also after the members of the double went, and before its invitations do."""
    move = people._move_invitations

    def late(*args, **options):
        time.sleep(0.2)
        move(*args, **options)

    monkeypatch.setattr(people, "_move_invitations", late)
    with racing(2) as race:
        for number in range(ROUNDS):
            double, into, alice, _key = pair()
            invite = {"role": Role.DEVELOPER, "by": alice, "language": "nl"}
            inviting.invite(double, [f"nieuw-{number}@b.nl"], **invite)
            link = Invitation.objects.get(email=f"nieuw-{number}@b.nl")
            token = private_links.token("invitation", link.pk, link.link_version)
            user, approve = UserFactory(), approving(double, into)

            def join(token=token, user=user, pause=0.1 * (number % 4)):
                time.sleep(pause)
                inviting.join(token, user=user)

            assert race.run(approve, join, losing=()) == [True, True]
            assert Membership.objects.get(user=user).organisation == into


def test_who_is_let_in_meanwhile_does_not_stay_behind():
    """Staff give the double another key: it goes along, or is not given."""
    with racing(2) as race:
        for number in range(ROUNDS):
            double, into, *_rest = pair()
            approve, sara = approving(double, into), UserFactory(is_staff=True)

            def issue(double=double, sara=sara, pause=0.01 * (number % 4)):
                time.sleep(pause)
                apikeys.issue(double, products=[], name="Extra", by=sara)

            race.run(approve, issue, losing=PermissionDenied)

            assert not ApiKey.objects.filter(organisation=double).exists()


def test_calls_that_are_counted_meanwhile_are_counted_where_the_key_is():
    gateway = Gateway.objects.create(name="Gateway 1", token_digest="a")
    with racing(2) as race:
        for number in range(ROUNDS):
            double, into, _alice, key = pair()
            approve = approving(double, into)

            def report(number=number, key=key):
                line = Line(key.pk, "los", timezone.now(), 200)
                pieces = [(1, line)]
                usage.count(gateway, f"b-{number}", [b"x"], lambda _p: slowly(pieces))

            assert race.run(approve, report, losing=()) == [True, True]
            counted = UsageDay.objects.filter(api_key=key)
            assert [one.organisation for one in counted] == [into]


def test_calls_that_were_counted_and_not_committed_yet_go_along(monkeypatch):
    """Of another outcome, of a month that has its partition: else its rows hold it up."""
    gateway = Gateway.objects.create(name="Gateway 1", token_digest="a")
    double, into, _alice, key = pair()
    approve = approving(double, into)

    def report(status):
        line = Line(key.pk, "los", timezone.now(), status)
        usage.count(gateway, f"b-{status}", [b"x"], lambda _pieces: [(1, line)])

    report(200)
    note = usage._note

    def late(*counted):
        time.sleep(0.5)
        note(*counted)

    monkeypatch.setattr(usage, "_note", late)
    with racing(2) as race:
        race.run(lambda: report(500), lambda: approve(0.2), losing=())

    counted = UsageDay.objects.filter(api_key=key)
    assert [one.organisation for one in counted] == [into, into]


def slowly(pieces):
    """Read, and then wait a while before it is written."""
    yield from pieces
    time.sleep(0.1)


def test_a_month_that_is_closed_meanwhile_takes_nothing_back():
    with racing(2) as race:
        for _ in range(ROUNDS):
            double, into, _alice, _key = pair()
            month = timezone.localdate().replace(day=1)
            approve = approving(double, into)

            race.run(
                lambda approve=approve: approve(0.01),
                lambda one=double, month=month: statements.close(one, month),
                losing=merging.CannotMerge,
            )

            batches = StatementBatch.objects.filter(organisation=double)
            assert all(len(batch.lines) == 0 or batch.number == 1 for batch in batches)


def test_a_process_that_knows_the_key_is_told():
    """LISTEN hears it at once; nobody has to wait until what is known is old."""
    double, into, _alice, key = pair()
    approve = approving(double, into)
    heard = []
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {recent.CHANNEL}")
    approve()
    raw = connection.connection
    for told in raw.notifies(timeout=5, stop_after=1):
        heard.append(told.payload)

    assert f"{key.pk}" in heard


@pytest.mark.usefixtures("committed")
def test_an_application_of_the_double_that_is_approved_meanwhile_goes_along(
    monkeypatch,
):
    """Who approves holds the application, and then waits for the organisation."""
    move = merging._move_contracts

    def late(*both):
        time.sleep(0.4)
        move(*both)

    monkeypatch.setattr(merging, "_move_contracts", late)
    with racing(2) as race:
        for _ in range(2):
            double, into, alice, _key = pair()
            application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
            ours = {"customer": double, "applicant": alice}
            Application.objects.filter(pk=application.pk).update(**ours)
            approve, carla = approving(double, into), UserFactory(is_staff=True)

            def conclude(one=application, by=carla):
                time.sleep(0.2)
                handling.approve(now(one), by=by)

            assert race.run(approve, conclude, losing=()) == [True, True]
            assert Contract.objects.get(application=application).organisation == into

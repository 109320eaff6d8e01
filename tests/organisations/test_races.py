"""What two people do at the same moment, 200 times, and each guard by itself."""

from functools import partial
from itertools import chain, count, cycle, product

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts import services as accounts
from accounts.models import User, Username
from mail import private_links
from organisations.models import Invitation, Membership
from organisations.roles import Role
from organisations.services import inviting, members
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from tests.races import ROUNDS, racing

pytestmark = pytest.mark.django_db(transaction=True)
TOO_LATE = (
    members.LastAdministrator,
    IntegrityError,  # the trigger
    PermissionDenied,  # the other one took the right away
    Membership.DoesNotExist,  # or the place
)


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def leaves(mine, _other):
    members.remove_member(mine, by=mine.user)


def steps_down(mine, _other):
    members.change_role(mine, Role.DEVELOPER, by=mine.user)


def closes_the_account(mine, _other):
    members.close_account(mine.user)


def removes_the_other(mine, other):
    members.remove_member(other, by=mine.user)


def demotes_the_other(mine, other):
    members.change_role(other, Role.DEVELOPER, by=mine.user)


def is_deleted(mine, _other):
    Membership.objects.filter(pk=mine.pk).delete()


def is_disabled(mine, _other):
    User.objects.filter(pk=mine.user_id).update(is_active=False)


OWN = [leaves, steps_down, closes_the_account]
OTHERS = [removes_the_other, demotes_the_other]
PAST_THE_SERVICE = [is_deleted, is_disabled]
WAYS = {
    "both_guards": [*OWN, *OTHERS],
    "only_the_lock": [*OWN, *OTHERS],
    # two who take each other's place would wait for each other, without the lock
    "only_the_triggers": [*OWN, *PAST_THE_SERVICE],
}


LOSING = {
    "both_guards": TOO_LATE,
    "only_the_lock": TOO_LATE,
    # who waits for each other without the lock is told so by the database
    "only_the_triggers": (*TOO_LATE, OperationalError),
}


@pytest.fixture
def both_guards():
    """The service's lock, and the triggers of the database."""


@pytest.fixture
def only_the_lock():
    """Without the triggers that would catch what the service lets through."""
    switch("DISABLE")
    yield
    switch("ENABLE")


@pytest.fixture
def only_the_triggers(monkeypatch):
    """Without the lock: who is last is asked of rows that somebody else is changing."""

    def look(membership, **_by):
        membership.refresh_from_db()
        return membership.organisation

    monkeypatch.setattr(members, "_lock", look)
    monkeypatch.setattr(members, "require_administrator", lambda *_: None)


def switch(to):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE tgname LIKE '%keep%_an_administrator%'"
        )
        found = cursor.fetchall()
        assert {table for table, _ in found} == {
            "organisations_membership",
            "accounts_user",
        }
        for table, name in found:
            cursor.execute(f'ALTER TABLE "{table}" {to} TRIGGER "{name}"')


@pytest.mark.parametrize(
    "guards", ["both_guards", "only_the_lock", "only_the_triggers"]
)
def test_two_administrators_who_go_at_once_leave_one(guards, request):
    organisation = OrganisationFactory()
    users = [UserFactory(), UserFactory()]
    request.getfixturevalue(guards)
    ways = chain.from_iterable(cycle(product(WAYS[guards], repeat=2)))

    with racing(2) as race:
        for _round in range(ROUNDS):
            put_back(organisation, users)
            here, there = pages(organisation), pages(organisation)[::-1]
            done = race.run(
                partial(next(ways), *here),
                partial(next(ways), *there),
                losing=LOSING[guards],
            )
            assert any(done)
            assert organisation.memberships.administrators().count() == 1


def put_back(organisation, users):
    """Two administrators, whatever the round before did to them."""
    with transaction.atomic():
        organisation.memberships.all().delete()
        for number, user in enumerate(users):
            email = f"nummer-{number}@voorbeeld.example"
            User.objects.filter(pk=user.pk).update(is_active=True, email=email)
            MembershipFactory(organisation=organisation, user=user)


def pages(organisation):
    """The places of both, as somebody has them who opened the page a moment ago."""
    return [*organisation.memberships.select_related("user").order_by("user")]


def invited(*emails):
    """An invitation for each address, and the organisation's administrator."""
    alice = MembershipFactory(organisation=OrganisationFactory())
    inviting.invite(
        alice.organisation, [*emails], role=Role.DEVELOPER, by=alice.user, language="nl"
    )
    return alice.organisation, [*alice.organisation.invitations.order_by("email")]


def open_again(organisation):
    """As if nobody had accepted yet, with the same links."""
    joined = organisation.memberships.filter(role=Role.DEVELOPER)
    joined.delete()
    organisation.invitations.update(accepted_at=None, accepted_by=None)


def token(invitation):
    return private_links.token("invitation", invitation.pk, invitation.link_version)


def as_new(invitation, name):
    inviting.join_as_new(
        token(invitation), username=name, name="Bo", password="x", language="nl"
    )


def test_an_invitation_lets_one_in_however_many_tabs_press():
    organisation, (invitation,) = invited("bo@b.nl")
    people = [UserFactory() for _ in range(3)]
    names = (f"tab-{number}" for number in count())
    tabs = {
        "three people": lambda: [
            partial(inviting.join, token(invitation), user=one) for one in people
        ],
        "one person": lambda: [
            partial(inviting.join, token(invitation), user=people[0]) for _ in range(3)
        ],
        "new accounts": lambda: [
            partial(as_new, invitation, next(names)) for _ in range(3)
        ],
        "both": lambda: [
            partial(inviting.join, token(invitation), user=people[0]),
            partial(as_new, invitation, next(names)),
            partial(as_new, invitation, next(names)),
        ],
    }

    with racing(3) as race:
        for _round, press in zip(range(ROUNDS), cycle(tabs.values()), strict=False):
            open_again(organisation)
            before = User.objects.count()
            done = race.run(*press(), losing=inviting.InvitationUsed)
            assert sum(done) == 1
            joined = organisation.memberships.get(role=Role.DEVELOPER)
            assert Invitation.objects.get().accepted_by == joined.user
            assert User.objects.count() - before == (joined.user not in people)


def test_a_username_goes_to_one_of_two_who_ask_for_it():
    organisation, invitations = invited("bo@b.nl", "cas@b.nl")
    people = [UserFactory(), UserFactory()]
    roads = {
        "applying": lambda _number, name: accounts.reserve_username(name),
        "joining": lambda number, name: as_new(invitations[number], name),
        "changing": lambda number, name: accounts.change_username(people[number], name),
    }
    pairs = cycle(product(roads.values(), repeat=2))

    with racing(2) as race:
        for number in range(ROUNDS):
            open_again(organisation)
            name = f"race-{number}"
            acts = [partial(road, side, name) for side, road in enumerate(next(pairs))]
            done = race.run(*acts, losing=accounts.UsernameTaken)
            assert sum(done) == 1
            holder = Username.objects.get(name=name).held_by
            assert [*User.objects.filter(username=name)] == [holder] * bool(holder)
            for one in people:  # who lost holds the old name yet
                one.refresh_from_db()

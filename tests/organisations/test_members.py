import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.models import Event
from organisations.models import Membership
from organisations.roles import Role
from organisations.services import members
from tests.factories import PASSWORD, MembershipFactory, OrganisationFactory


@pytest.fixture
def organisation(db):
    return OrganisationFactory()


@pytest.fixture
def alice(organisation):
    """The administrator."""
    return MembershipFactory(organisation=organisation)


@pytest.fixture
def bob(organisation, alice):
    """A developer of the same organisation."""
    return MembershipFactory(organisation=organisation, role=Role.DEVELOPER)


def test_change_role_gives_the_rights_and_is_recorded(alice, bob):
    members.change_role(bob, Role.ADMINISTRATOR, by=alice.user)

    assert Membership.objects.get(pk=bob.pk).role == Role.ADMINISTRATOR
    event = Event.objects.latest("pk")
    assert (event.kind, event.by) == ("member.role_changed", alice.user)
    assert event.data == {
        "user": bob.user.pk,
        "was": "developer",
        "now": "administrator",
    }


def test_change_role_to_the_same_role_is_nothing(alice):
    before = Event.objects.count()

    members.change_role(alice, Role.ADMINISTRATOR, by=alice.user)

    assert Event.objects.count() == before


def test_remove_member_keeps_the_history(alice, bob, organisation):
    members.remove_member(bob, by=alice.user)

    assert [m.user for m in organisation.memberships.all()] == [alice.user]
    event = Event.objects.latest("pk")
    assert (event.kind, event.data["user"]) == ("member.removed", bob.user.pk)


def test_who_is_removed_is_out_at_the_next_click(alice, bob, organisation):
    browser = Client()
    browser.post("/account/login/", {"login": bob.user.username, "password": PASSWORD})
    address = f"/mijn/{organisation.slug}/"
    assert browser.get(address).status_code == 200

    members.remove_member(bob, by=alice.user)

    assert browser.get(address).headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    "act",
    [
        lambda m: members.change_role(m, Role.DEVELOPER, by=m.user),
        lambda m: members.remove_member(m, by=m.user),
    ],
)
def test_the_last_administrator_stays(alice, bob, act):
    with pytest.raises(members.LastAdministrator):
        act(alice)

    assert Membership.objects.get(pk=alice.pk).role == Role.ADMINISTRATOR


def test_an_administrator_who_cannot_sign_in_does_not_count(alice, organisation):
    MembershipFactory(organisation=organisation, user__is_active=False)

    with pytest.raises(members.LastAdministrator):
        members.remove_member(alice, by=alice.user)


@pytest.mark.parametrize(
    "act",
    [
        lambda m: Membership.objects.filter(pk=m.pk).update(role=Role.DEVELOPER),
        lambda m: Membership.objects.filter(pk=m.pk).delete(),
        lambda m: type(m.user).objects.filter(pk=m.user_id).update(is_active=False),
    ],
)
def test_the_database_keeps_an_administrator_whoever_writes(alice, act):
    with pytest.raises(IntegrityError, match="no administrator"):
        commit(act, alice)


@transaction.atomic
def commit(act, membership):
    act(membership)
    connection.check_constraints()  # as the commit does

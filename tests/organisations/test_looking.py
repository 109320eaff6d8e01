import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from organisations.models import LookAlong
from organisations.roles import Role
from organisations.services import looking
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return MembershipFactory(user__name="Alice Administrator")


@pytest.fixture
def sara():
    sara = UserFactory(name="Sara Support", is_staff=True)
    sara.groups.add(Group.objects.get(name="support"))
    return sara


@pytest.fixture
def as_sara(client, sara):
    client.force_login(sara)
    return client


def page(name, alice, **more):
    slug = alice.organisation.slug
    return reverse(name, kwargs={"slug": slug, **more})


def look(client, alice, role=Role.ADMINISTRATOR):
    url = reverse("admin:organisations_organisation_look", args=[alice.organisation.pk])
    form = {"role": role, "reason": "Belt: ziet geen keys."}
    return client.post(url, form, follow=True)


def test_support_looks_along_and_the_organisation_reads_why(as_sara, alice):
    assert as_sara.get(page("organisations:dashboard", alice)).status_code == 404

    seen = look(as_sara, alice)

    assert "mee bij" in seen.text
    assert as_sara.get(page("organisations:users", alice)).status_code == 200
    as_sara.force_login(alice.user)
    activity = as_sara.get(page("organisations:activity", alice)).text
    assert "kijkt mee als administrator: Belt: ziet geen keys." in activity


def test_who_looks_along_as_a_developer_sees_what_a_developer_sees(as_sara, alice):
    look(as_sara, alice, Role.DEVELOPER)

    assert as_sara.get(page("apikeys:list", alice)).status_code == 200
    assert as_sara.get(page("organisations:users", alice)).status_code == 403


def test_who_looks_along_changes_nothing_and_sees_no_secret(as_sara, alice):
    key = ApiKeyFactory(organisation=alice.organisation)
    look(as_sara, alice)

    for url in (
        page("apikeys:reveal", alice, key_id=key.pk),
        page("apikeys:block", alice, key_id=key.pk),
        page("organisations:invite", alice),
        page("organisations:remove", alice, member_id=alice.pk),
    ):
        answer = as_sara.post(url, {"reason": "x", "addresses": "x@b.nl"})
        assert answer.status_code == 403
        assert "Je kijkt alleen mee" in answer.text

    key.refresh_from_db()
    alice.refresh_from_db()
    assert key.blocked_at is None
    assert not alice.organisation.invitations.exists()


def test_it_ends_by_itself_and_when_one_stops(as_sara, alice, sara):
    look(as_sara, alice)
    LookAlong.objects.update(since=timezone.now() - datetime.timedelta(hours=1))
    LookAlong.objects.update(until=timezone.now())
    assert as_sara.get(page("organisations:dashboard", alice)).status_code == 404

    look(as_sara, alice)
    as_sara.post(
        reverse(
            "admin:organisations_organisation_stop_looking",
            args=[alice.organisation.pk],
        )
    )
    assert as_sara.get(page("organisations:dashboard", alice)).status_code == 404


@pytest.mark.parametrize("change", ["is_staff", "groups"])
def test_who_left_the_staff_looks_no_more(as_sara, alice, sara, change):
    look(as_sara, alice)

    if change == "groups":
        sara.groups.clear()
    else:
        sara.is_staff = False
        sara.save()

    assert as_sara.get(page("organisations:dashboard", alice)).status_code == 404


def test_one_looks_along_with_one_organisation_only(as_sara, alice):
    stranger = MembershipFactory()
    look(as_sara, alice)

    assert as_sara.get(page("organisations:dashboard", stranger)).status_code == 404


def test_who_belongs_to_it_comes_in_as_themselves(as_sara, alice, sara):
    MembershipFactory(organisation=alice.organisation, user=sara, role=Role.DEVELOPER)

    answer = look(as_sara, alice)

    assert "Je hoort bij deze organisatie" in answer.text
    assert not LookAlong.objects.exists()


@pytest.mark.parametrize("group", ["intake", "contracten", "toezicht"])
def test_other_groups_do_not_look_along(client, alice, group):
    other = UserFactory(is_staff=True)
    other.groups.add(Group.objects.get(name=group))
    client.force_login(other)

    assert look(client, alice).status_code == 403


def test_a_reason_is_asked(as_sara, alice):
    url = reverse("admin:organisations_organisation_look", args=[alice.organisation.pk])

    answer = as_sara.post(url, {"role": Role.ADMINISTRATOR, "reason": " "})

    assert "Leg uit waarom dit nodig is." in answer.text


def test_the_database_knows_no_looking_along_for_days(alice, sara):
    started = looking.start(
        alice.organisation, role=Role.DEVELOPER, reason="Vraag", by=sara
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        LookAlong.objects.filter(pk=started.pk).update(
            until=started.since + datetime.timedelta(days=2)
        )

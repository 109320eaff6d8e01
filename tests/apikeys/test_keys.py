"""What an organisation does with its keys: names, secrets, ends, blocks and limits."""

import datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apikeys import secrets, services
from apikeys.models import ApiKey, BlockedBy, KeySecret, KeyState, SpendingStop
from audit.models import Event
from mail.models import Message
from organisations.roles import Role
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db
WEEK = datetime.timedelta(days=7)


@pytest.fixture
def administrator():
    return MembershipFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def developer(administrator):
    organisation = administrator.organisation
    return MembershipFactory(organisation=organisation, role=Role.DEVELOPER)


@pytest.fixture
def key(administrator):
    return ApiKeyFactory(organisation=administrator.organisation, name="Website")


def mails():
    return [(mail.template.split("/")[-1], mail.to) for mail in Message.objects.all()]


def kinds():
    return [*Event.objects.exclude(kind="key.issued").values_list("kind", flat=True)]


def test_rename_keeps_what_the_key_was_called(key, developer):
    services.rename(key, "  Nieuwe   site ", by=developer.user)

    key.refresh_from_db()
    assert key.name == "Nieuwe site"
    event = Event.objects.get(kind="key.renamed")
    assert (event.data, event.by) == (
        {"old": "Website", "new": "Nieuwe site"},
        developer.user,
    )


def test_rename_to_the_same_name_writes_nothing(key, developer):
    services.rename(key, "Website", by=developer.user)

    assert not kinds()


def test_a_name_is_one_in_any_case_within_the_organisation(key, developer):
    other = ApiKeyFactory(organisation=key.organisation, name="App")

    with pytest.raises(services.NameTaken):
        services.rename(other, "WEBSITE", by=developer.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=other.pk).update(name="WEBSITE")
    elsewhere = ApiKeyFactory()
    services.rename(elsewhere, "Website", by=member_of(elsewhere))


def test_a_key_may_change_the_case_of_its_own_name(key, developer):
    services.rename(key, "WEBSITE", by=developer.user)

    assert ApiKey.objects.get(pk=key.pk).name == "WEBSITE"


def test_a_member_blocks_what_leaked_and_every_administrator_hears_of_it(
    key, administrator, developer
):
    services.block_as_leaked(key, by=developer.user)

    assert key.state == KeyState.BLOCKED
    assert key.blocked_by == BlockedBy.MEMBER
    assert mails() == [("key_blocked", administrator.user.email)]
    assert kinds() == ["key.blocked"]


def test_blocking_twice_mails_once(key, administrator, developer):
    services.block_as_leaked(key, by=developer.user)

    with pytest.raises(services.KeyBlocked):
        services.block_as_leaked(key, by=administrator.user)

    assert len(mails()) == 1


def test_an_administrator_lifts_what_a_member_blocked(key, administrator, developer):
    services.block_as_leaked(key, by=developer.user)

    services.unblock(key, by=administrator.user)

    assert key.state == KeyState.ACTIVE


def test_only_staff_lift_what_staff_blocked(key, administrator):
    services.block(key, by=UserFactory(is_staff=True), reason="Misbruik")

    with pytest.raises(services.OnlySupport):
        services.unblock(key, by=administrator.user)

    key.refresh_from_db()
    assert key.blocked_at


def test_rotate_gives_a_new_secret_and_lets_the_old_one_work_for_a_while(
    key, developer
):
    old = key.secrets.get()

    new = services.rotate(key, WEEK, by=developer.user)

    old.refresh_from_db()
    assert old.is_ending
    assert new.expires_at is None
    assert new.public_id in services.reveal(key, by=developer.user)
    assert set(KeySecret.objects.usable()) == {old, new}


def test_rotate_at_once_ends_the_old_secret(key, developer):
    old = key.secrets.get()

    new = services.rotate(key, datetime.timedelta(), by=developer.user)

    assert set(key.secrets.usable()) == {new}
    assert old.pk != new.pk


def test_rotate_refuses_a_key_that_opens_nothing(key, developer):
    services.block_as_leaked(key, by=developer.user)

    with pytest.raises(services.KeyBlocked):
        services.rotate(key, WEEK, by=developer.user)


def test_an_old_secret_may_work_longer_and_never_shorter_by_that(key, developer):
    old = key.secrets.get()
    services.rotate(key, WEEK, by=developer.user)
    old.refresh_from_db()
    was = old.expires_at

    with pytest.raises(services.NotLonger):
        services.extend_old_secret(old, datetime.timedelta(days=1), by=developer.user)
    assert old.expires_at == was
    services.extend_old_secret(old, datetime.timedelta(days=30), by=developer.user)
    assert old.expires_at > was


def test_an_old_secret_that_ended_never_works_again(key, developer):
    old = key.secrets.get()
    services.rotate(key, WEEK, by=developer.user)
    old.refresh_from_db()

    services.end_old_secret(old, by=developer.user)

    with pytest.raises(services.SecretOver):
        services.extend_old_secret(old, WEEK, by=developer.user)
    later = timezone.now() + WEEK
    for value in (None, later):
        with pytest.raises(DatabaseError, match="never works"), transaction.atomic():
            KeySecret.objects.filter(pk=old.pk).update(expires_at=value)


def test_the_secret_in_use_is_not_an_old_one(key, developer):
    for act in (services.end_old_secret, services.extend_old_secret):
        more = {"overlap": WEEK} if act is services.extend_old_secret else {}
        with pytest.raises(services.SecretOver):
            act(key.secrets.get(), **more, by=developer.user)


def test_the_database_keeps_one_secret_in_use(key):
    secret = KeySecret(
        key=key, public_id="00000000", digest=b"", ciphertext=b"", pepper_version=1
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        secret.save()


def test_a_key_ends_after_the_day_that_was_chosen(key, administrator):
    today = timezone.localdate()

    services.stop_after(key, today, by=administrator.user)

    assert key.chosen_last_day == today
    assert not key.is_over
    with pytest.raises(services.InThePast):
        services.stop_after(key, today - datetime.timedelta(days=1), by=UserFactory())


def test_to_lift_the_own_end_leaves_that_of_the_contract(key, administrator):
    last_day = timezone.localdate() + WEEK
    services.let_work_until(key, last_day, by=UserFactory())
    services.stop_after(key, timezone.localdate(), by=administrator.user)

    services.stop_after(key, None, by=administrator.user)

    assert key.last_day == last_day


@pytest.mark.parametrize(
    ("left", "sent"), [(31, 0), (30, 1), (29, 1), (7, 1), (1, 1), (0, 1)]
)
def test_reminders_go_out_once_at_30_7_and_1_days(key, administrator, left, sent):
    day = timezone.localdate() + datetime.timedelta(days=left)
    services.stop_after(key, day, by=administrator.user)

    services.remind_of_ends()
    services.remind_of_ends()

    assert mails() == [("key_ends", administrator.user.email)] * sent


def test_each_reminder_comes_at_its_own_day(key, administrator, monkeypatch):
    day = timezone.localdate() + datetime.timedelta(days=40)
    services.stop_after(key, day, by=administrator.user)
    now, sent = timezone.now(), []

    for passed in range(41):
        moment = now + datetime.timedelta(days=passed)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        before = len(mails())
        services.remind_of_ends()
        if len(mails()) > before:
            sent.append(40 - passed)

    assert sent == [30, 7, 1]


def test_another_day_reminds_anew(key, administrator):
    for days in (5, 6):
        day = timezone.localdate() + datetime.timedelta(days=days)
        services.stop_after(key, day, by=administrator.user)
        services.remind_of_ends()

    assert len(mails()) == 2


def test_restrict_keeps_a_key_to_some_of_its_apis(key, administrator):
    api = key.apis[0]

    services.restrict(
        key,
        networks=["192.0.2.0/24", "2001:db8::/48"],
        apis=[api],
        by=administrator.user,
    )

    fresh = ApiKey.objects.get(pk=key.pk)
    assert fresh.networks == ["192.0.2.0/24", "2001:db8::/48"]
    assert fresh.apis == [api]
    assert len(fresh.could_open) > 1


def test_the_database_refuses_what_is_no_network(key):
    for text in ("nonsense", "192.0.2.1/24"):
        with pytest.raises(DatabaseError), transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(networks=[text])


def test_a_canary_never_becomes_a_key(key):
    with pytest.raises(DatabaseError, match="another kind"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(canary=True)


def test_a_test_key_says_so_in_its_secret(administrator):
    key = ApiKeyFactory(organisation=administrator.organisation, environment="test")

    text = secrets.unseal(key.secrets.get())

    assert "_test_" in text
    assert "_test_" in key.masked
    assert secrets.public_id(text)


def test_keys_that_nobody_used_for_90_days_are_named(key):
    long_ago = timezone.now() - datetime.timedelta(days=91)
    ApiKey.objects.filter(pk=key.pk).update(created_at=long_ago)
    assert [*ApiKey.objects.unused()] == [key]

    key.secrets.update(last_used_at=long_ago)
    assert ApiKey.objects.with_last_use().get().is_unused

    key.secrets.update(last_used_at=timezone.now())
    assert not ApiKey.objects.unused()
    assert not ApiKey.objects.with_last_use().get().is_unused


@pytest.mark.parametrize(("days", "unused"), [(3, False), (60, False), (91, True)])
def test_what_a_gateway_only_reported_was_used_too(key, days, unused):
    long_ago = timezone.now() - datetime.timedelta(days=400)
    ApiKey.objects.filter(pk=key.pk).update(created_at=long_ago)
    count(key, timezone.now() - datetime.timedelta(days=days))

    assert ApiKey.objects.unused().exists() == unused
    assert ApiKey.objects.with_last_use().get().is_unused == unused


@pytest.mark.parametrize("state", KeyState)
def test_a_state_finds_the_keys_that_are_in_it(administrator, state):
    keys = {
        one: ApiKeyFactory(organisation=administrator.organisation) for one in KeyState
    }
    by = administrator.user
    services.rotate(keys[KeyState.ROTATING], WEEK, by=by)
    services.block(keys[KeyState.BLOCKED], by=by, reason="Gelekt")
    yesterday = timezone.now() - datetime.timedelta(days=1)
    ApiKey.objects.filter(pk=keys[KeyState.OVER].pk).update(stops_at=yesterday)
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    SpendingStop.objects.create(api_key=keys[KeyState.SPENT], until=tomorrow)
    SpendingStop.objects.create(api_key=keys[KeyState.ACTIVE], until=yesterday)

    [found] = ApiKey.objects.in_state(state)

    assert found == keys[state]
    assert found.state == state

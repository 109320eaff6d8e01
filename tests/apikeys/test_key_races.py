"""What two people do to one key at the same moment."""

import datetime
import itertools

import pytest
from django.utils import timezone

from apikeys import budgets, secrets, services
from apikeys.models import ApiKey, Budget, KeyRequest, KeySecret, Measure, Product
from audit.models import Event
from mail.models import Message
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20
WEEK = datetime.timedelta(days=7)


@pytest.fixture
def people():
    first = MembershipFactory()
    return first.user, MembershipFactory(organisation=first.organisation).user


@pytest.fixture
def key(people):
    return ApiKeyFactory(organisation=people[0].memberships.get().organisation)


def each(people, act):
    """The same act by each of them, on a key that each fetched."""
    return [lambda by=by: act(ApiKey.objects.get(), by) for by in people]


def test_two_who_rotate_at_once_make_one_secret(people, key):
    def rotates(seen):
        return lambda key, by: services.rotate(key, WEEK, by=by, seen=seen)

    with racing(2) as race:
        for _ in range(ROUNDS):
            seen = key.secrets.get(expires_at=None).public_id
            done = race.run(
                *each(people, rotates(seen)), losing=services.ChangedMeanwhile
            )
            assert sorted(done) == [False, True]

    assert key.secrets.count() == ROUNDS + 1


def test_two_who_block_at_once_mail_once(people, key):
    with racing(2) as race:
        for _ in range(ROUNDS):
            done = race.run(
                *each(people, lambda key, by: services.block_as_leaked(key, by=by)),
                losing=services.KeyBlocked,
            )
            assert sorted(done) == [False, True]
            services.unblock(ApiKey.objects.get(), by=people[0])

    assert Message.objects.count() == ROUNDS * 2  # administrators
    assert Event.objects.filter(kind="key.blocked").count() == ROUNDS


def test_two_who_take_one_name_get_it_once(people, key):
    other = ApiKeyFactory(organisation=key.organisation)

    with racing(2) as race:
        for number in range(ROUNDS):
            acts = [
                lambda pk=pk, by=by, name=f"Naam {number}": services.rename(
                    ApiKey.objects.get(pk=pk), name, by=by
                )
                for pk, by in zip((key.pk, other.pk), people, strict=True)
            ]
            done = race.run(*acts, losing=services.NameTaken)
            assert sorted(done) == [False, True]


def test_workers_at_once_remind_once(people, key):
    services.stop_after(
        key, timezone.localdate() + datetime.timedelta(days=6), by=people[0]
    )

    with racing(2) as race:
        race.run(*[services.remind_of_ends] * 2, losing=())

    assert Message.objects.count() == 2  # administrators


def test_ending_and_extending_at_once_agree(people, key):
    with racing(2) as race:
        for _ in range(ROUNDS):
            services.rotate(ApiKey.objects.get(), WEEK, by=people[0])
            old = key.secrets.exclude(expires_at=None).latest("expires_at").pk

            def end(old=old):
                services.end_old_secret(KeySecret.objects.get(pk=old), by=people[0])

            def extend(old=old):
                services.extend_old_secret(
                    KeySecret.objects.get(pk=old), WEEK * 2, by=people[1]
                )

            ended, _extended = race.run(end, extend, losing=services.SecretOver)
            assert ended
            assert not KeySecret.objects.get(pk=old).is_ending


def test_two_who_decide_at_once_give_one_key(people):
    organisation = people[0].memberships.get().organisation
    product = Product.objects.create(slug="los", name="Los", summary="", summary_en="")
    ApiKeyFactory(organisation=organisation, products=[product])
    deciders = [UserFactory(is_staff=True) for _ in range(2)]

    with racing(2) as race:
        for number in range(ROUNDS):
            asked = services.ask_for_key(
                organisation,
                product,
                name=f"Naam {number}",
                purpose="Voor de app",
                by=people[0],
            )
            grants = [
                lambda by=by, pk=asked.pk: services.grant_key(
                    KeyRequest.objects.get(pk=pk), by=by
                )
                for by in deciders
            ]
            done = race.run(*grants, losing=services.AlreadyDecided)
            assert sorted(done) == [False, True]

    assert organisation.api_keys.count() == ROUNDS + 1


def test_two_who_make_the_last_decoy_at_once_make_one(people, settings):
    settings.MOST_CANARIES = 1
    organisation = people[0].memberships.get().organisation

    def make(by):
        services.make_canary(organisation, name="Lok", by=by)

    with racing(2) as race:
        for _ in range(ROUNDS):
            acts = [lambda by=by: make(by) for by in people]
            done = race.run(*acts, losing=services.TooManyCanaries)
            assert sorted(done) == [False, True]
            canary = ApiKey.objects.get(canary=True, retired_at=None)
            services.retire_canary(canary, by=people[0])


def test_two_who_set_the_same_budget_at_once_make_one(people, key):
    def put(by):
        new = Budget(organisation=key.organisation, measure=Measure.CALLS, most=5)
        budgets.put(new, by=by)

    with racing(2) as race:
        for _ in range(ROUNDS):
            acts = [lambda by=by: put(by) for by in people]
            done = race.run(*acts, losing=budgets.AnotherBudget)
            assert sorted(done) == [False, True]
            budgets.remove(Budget.objects.get(), by=people[0])


LOSING = (
    services.ChangedMeanwhile,
    services.KeyBlocked,
    services.KeyNotBlocked,
    services.KeyOver,
    services.SecretOver,
    budgets.AnotherBudget,
)


def acts_on(key, text, by, name):
    """What people, scanners, gateways and time do to one key, each fetching it."""

    def fresh():
        return ApiKey.objects.get(pk=key.pk)

    def budget():
        new = Budget(organisation=key.organisation, api_key=key, most=5)
        new.measure = Measure.CALLS
        budgets.put(new, by=by)

    return {
        "rename": lambda: services.rename(fresh(), name, by=by),
        "rotate": lambda: services.rotate(fresh(), WEEK, by=by),
        "stop": lambda: services.stop_after(fresh(), datetime.date(2999, 1, 1), by=by),
        "restrict": lambda: services.restrict(fresh(), networks=[], apis=[], by=by),
        "block": lambda: services.block_as_leaked(fresh(), by=by),
        "unblock": lambda: services.unblock(fresh(), by=by),
        "leak": lambda: services.leaked(text, url="", scanner="een"),
        "budget": budget,
    }


def test_no_two_acts_on_a_key_wait_for_each_other(people, key):
    names = [*acts_on(key, "", people[0], "")]

    with racing(2) as race:
        for number, pair in enumerate(itertools.combinations(names, 2)):
            KeySecret.objects.update(leaked_at=None)
            text = secrets.unseal(key.secrets.get(expires_at=None))
            acts = [
                acts_on(key, text, by, f"Naam {number}")[name]
                for by, name in zip(people, pair, strict=True)
            ]
            race.run(*acts, losing=LOSING)  # a deadlock would be an OperationalError


def test_a_decoy_that_is_used_waits_for_no_budget(people):
    canary = services.make_canary(
        people[0].memberships.get().organisation, name="Lok", by=people[0]
    )

    def use():
        services.canary_used(canary.pk, network=None)

    def budget():
        new = Budget(organisation=canary.organisation, api_key=canary, most=5)
        new.measure = Measure.CALLS
        budgets.put(new, by=people[1])

    with racing(2) as race:
        for _ in range(ROUNDS):
            race.run(use, budget, losing=())
            ApiKey.objects.update(alerted_at=None)
            Budget.objects.all().delete()

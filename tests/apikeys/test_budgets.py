"""Budgets: told once a month and threshold, and a stop that holds until the month is over."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from apikeys import budgets
from apikeys.models import (
    Api,
    Budget,
    BudgetReached,
    Measure,
    Outcome,
    Product,
    SpendingStop,
)
from apikeys.models.budgets import next_month
from mail.models import Message
from organisations import activity
from organisations.roles import Role
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory
from tests.races import racing

TODAY = timezone.localdate()


@pytest.fixture
def administrator(db):
    return MembershipFactory()


@pytest.fixture
def key(administrator):
    api, _ = Api.objects.get_or_create(slug="zoeken")
    product, _ = Product.objects.get_or_create(slug="api-abonnement")
    product.apis.add(api)  # a test that commits begins without a catalogue
    return ApiKeyFactory(organisation=administrator.organisation, products=[product])


@pytest.fixture
def budget(administrator, key):
    budget = Budget(
        organisation=administrator.organisation,
        measure=Measure.CALLS,
        most=100,
        stops=True,
    )
    budgets.put(budget, by=administrator.user)
    return budget


def check(budget, today=TODAY):
    budgets.check(budget.organisation, today)


def subjects():
    return [
        *Message.objects.order_by("created_at").values_list("subject_line", flat=True)
    ]


def test_each_threshold_is_told_once(budget, key):
    told = []
    for calls in (49, 1, 20, 10, 20, 50):
        count(key, TODAY, calls)
        check(budget)
        check(budget)
        told.append(len(subjects()))

    assert told == [0, 1, 1, 2, 3, 3]
    assert [subject[:4] for subject in subjects()] == ["50 %", "80 %", "100 "]


def test_what_passes_several_at_once_is_one_mail(budget, key):
    count(key, TODAY, 150)

    check(budget)

    assert len(subjects()) == 1
    assert BudgetReached.objects.count() == 3


def test_a_next_month_is_told_anew(budget, key):
    following = next_month(TODAY)
    count(key, TODAY, 60)
    count(key, following, 60)

    check(budget)
    check(budget, following)

    assert len(subjects()) == 2


def test_every_administrator_is_told_and_no_developer(budget, key, administrator):
    MembershipFactory(organisation=administrator.organisation, role=Role.DEVELOPER)
    second = MembershipFactory(organisation=administrator.organisation)
    count(key, TODAY, 60)

    check(budget)

    told = set(Message.objects.values_list("to", flat=True))
    assert told == {administrator.user.email, second.user.email}


@pytest.mark.django_db(transaction=True)
def test_workers_that_count_at_once_tell_once(budget, key):
    count(key, TODAY, 60)
    losing = IntegrityError

    with racing(4) as race:
        for month in range(20):
            day = TODAY.replace(day=1) + datetime.timedelta(days=31 * month)
            count(key, day, 60)
            race.run(*[lambda day=day: check(budget, day)] * 4, losing=losing)

    months = BudgetReached.objects.filter(threshold=50).count()
    assert months == 20
    assert len(subjects()) == months


def stopped(key):
    return SpendingStop.objects.filter(api_key=key, until__gt=timezone.now()).exists()


def test_calls_that_were_held_back_use_up_nothing(budget, key):
    count(key, TODAY, 500, outcome=Outcome.LIMITED)

    assert budgets.share(budget, TODAY) == 0


def test_a_share_is_never_more_than_it_is(budget, key):
    budget.most = Decimal(1000)
    count(key, TODAY, 999)

    assert budgets.share(budget, TODAY) == 99


def test_a_budget_in_euro_counts_what_it_costs(administrator):
    key = ApiKeyFactory(organisation=administrator.organisation)
    basis = next(api for api in key.apis if api.slug == "basisprofiel")
    count(key, TODAY, 180, api=basis)
    budget = Budget(organisation=key.organisation, measure=Measure.AMOUNT, most=20)

    assert budgets.used(budget, TODAY) == Decimal("10.00")
    assert budgets.share(budget, TODAY) == 50


def test_a_used_up_budget_stops_its_keys_until_the_next_month(budget, key):
    count(key, TODAY, 100)
    assert not stopped(key)

    check(budget)

    assert stopped(key)
    until = timezone.localtime(SpendingStop.objects.get().until)
    assert (until.date(), until.hour) == (next_month(TODAY), 0)


def test_a_budget_of_one_key_stops_no_other(budget, key, administrator):
    other = ApiKeyFactory(organisation=administrator.organisation)
    budget.api_key = key
    budgets.put(budget, by=administrator.user)
    count(key, TODAY, 100)

    check(budget)

    assert stopped(key)
    assert not stopped(other)


@pytest.mark.parametrize("change", [{"most": 200}, {"stops": False}, None])
def test_what_lifts_a_budget_lifts_its_stop_at_once(budget, key, administrator, change):
    count(key, TODAY, 100)
    check(budget)

    if change is None:
        budgets.remove(budget, by=administrator.user)
    else:
        for name, value in change.items():
            setattr(budget, name, value)
        budgets.put(budget, by=administrator.user)

    assert not stopped(key)


def test_a_raised_budget_is_told_of_anew(budget, key, administrator):
    count(key, TODAY, 100)
    check(budget)
    told = len(subjects())

    budget.most = 160  # of which 62 % is used: 50 % was told
    budgets.put(budget, by=administrator.user)
    check(budget)
    assert len(subjects()) == told
    count(key, TODAY, 60)
    check(budget)

    assert len(subjects()) == told + 1
    assert stopped(key)


def test_what_a_budget_was_and_became_can_be_read_back(budget, administrator, key):
    budget.most, budget.stops, budget.api_key = 2500, False, key
    budgets.put(budget, by=administrator.user)
    budgets.remove(budget, by=administrator.user)

    organisation = administrator.organisation
    acts = activity.in_words(organisation, activity.events(organisation, topic="usage"))

    before = "100 bevragingen per maand, alle API-keys samen, stopt als het op is"
    now = f"2.500 bevragingen per maand, {key.name}, stopt niets"
    assert [act.what for act in acts] == [
        f"Een budget is weggehaald: {now}",
        f"Een budget is ingesteld: {now}",
        f"Een budget is ingesteld: {before}",
    ]
    with override("en"):
        (gone, *_) = activity.in_words(organisation, activity.events(organisation))
    assert gone.what == (
        f"A budget was taken away: 2,500 requests per month, {key.name}, stops nothing"
    )


def test_a_budget_that_does_not_stop_stops_nothing(budget, key, administrator):
    budget.stops = False
    budgets.put(budget, by=administrator.user)
    count(key, TODAY, 100)

    check(budget)

    assert not SpendingStop.objects.exists()


def test_the_database_knows_one_budget_of_a_kind(budget):
    with pytest.raises(IntegrityError):
        Budget.objects.create(
            organisation=budget.organisation, measure=Measure.CALLS, most=5
        )


@pytest.fixture
def signed_in(client, administrator):
    client.force_login(administrator.user)
    return client


def url(name, membership, *more):
    return reverse(f"apikeys:{name}", args=[membership.organisation.slug, *more])


def test_an_administrator_sets_changes_and_removes_one(signed_in, administrator, key):
    data = {"measure": "amount", "most": "1.250,50", "stops": "on", "api_key": key.pk}
    signed_in.post(url("add_budget", administrator), data)
    budget = Budget.objects.get()
    assert (budget.most, budget.api_key, budget.stops) == (
        Decimal("1250.50"),
        key,
        True,
    )
    assert "1.250,50" in signed_in.get(url("budgets", administrator)).text

    signed_in.post(
        url("change_budget", administrator, budget.pk), {**data, "most": "5"}
    )
    budget.refresh_from_db()
    assert budget.most == 5

    signed_in.post(url("remove_budget", administrator, budget.pk))
    assert not Budget.objects.exists()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"most": "0"}, "Vul meer dan nul in."),
        ({"most": ""}, "Vul een bedrag of een aantal in."),
        ({"most": "1,5", "measure": "calls"}, "Vul een heel aantal in."),
        ({"most": "5", "measure": "calls"}, "budget is er al."),
    ],
)
def test_what_makes_no_budget_is_told(signed_in, administrator, budget, data, error):
    data = {"measure": "amount", **data}

    assert error in signed_in.post(url("add_budget", administrator), data).text
    assert Budget.objects.count() == 1


def test_what_a_colleague_took_away_does_not_come_back(administrator, budget):
    stale = Budget.objects.get()
    budgets.remove(budget, by=administrator.user)

    with pytest.raises(budgets.AnotherBudget):
        budgets.put(stale, by=administrator.user)
    assert not Budget.objects.exists()


def test_a_key_of_another_gets_no_budget_here(signed_in, administrator):
    theirs = ApiKeyFactory()
    data = {"measure": "amount", "most": "5", "api_key": theirs.pk}

    signed_in.post(url("add_budget", administrator), data)

    assert not Budget.objects.exists()


def test_a_developer_reads_budgets_and_changes_none(client, administrator, budget):
    developer = MembershipFactory(
        organisation=administrator.organisation, role=Role.DEVELOPER
    )
    client.force_login(developer.user)

    assert "Budget toevoegen" not in client.get(url("budgets", developer)).text
    assert client.post(url("remove_budget", developer, budget.pk)).status_code == 403


def test_who_gets_mail_is_chosen_among_members(signed_in, administrator):
    stranger = MembershipFactory()
    page = url("usage_mail", administrator)

    signed_in.post(page, {"report_to": [administrator.user.pk], "alerts": ""})
    chosen = administrator.organisation.usage_mail
    assert [*chosen.report_to.all()] == [administrator.user]
    assert not chosen.alerts

    signed_in.post(page, {"report_to": [stranger.user.pk]})
    assert [*chosen.report_to.all()] == [administrator.user]

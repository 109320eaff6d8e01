"""A double organisation goes into the one that stays: what goes along, and what does not."""

import datetime
import json
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import Error, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys import budgets, secrets, statements
from apikeys import services as apikeys
from apikeys.models import (
    Api,
    ApiKey,
    Budget,
    KeyRequest,
    Notice,
    NoticeReader,
    Product,
    UsageDay,
)
from apikeys.reading import costs
from apikeys.reading.counting import Asked, calls_by_day
from apikeys.reading.periods import Period, months_before
from applications.models import Application, Status
from applications.services import billing, contracts, drafting, handling, merging
from audit.models import Event
from mail import private_links, rendering
from mail.models import Message
from organisations import activity
from organisations.models import (
    AdministratorRequest,
    Contact,
    Intervention,
    Invitation,
    Membership,
    Organisation,
)
from organisations.roles import Role
from organisations.services import asking, blocking, intervening, inviting, looking
from organisations.services.locking import OrganisationMerged
from tests.apikeys.conftest import *  # a gateway that asks
from tests.apikeys.counted import count
from tests.applications.merging import (
    carla,
    coen,
    contract,
    double,
    into,
    merge,
    propose,
    staff,
)
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    OrganisationFactory,
    OwnLoginFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
__all__ = ["carla", "coen", "double", "into"]
TODAY = timezone.localdate
MONTH = months_before(timezone.localdate(), 1)


def administrator(organisation):
    return organisation.memberships.get(role=Role.ADMINISTRATOR)


def refused(double, into):
    """Why it cannot be done now."""
    with pytest.raises(merging.CannotMerge) as refusal:
        propose(double, into, staff("contracten"))
    return " ".join(refusal.value.why)


# All that refers to an organisation


def test_all_that_refers_to_an_organisation_is_moved_or_said_to_stay():
    refers = {
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and merging.referring(model)
    }

    assert refers == {*merging.MOVES, *merging.STAYS}
    assert not set(merging.MOVES) & set(merging.STAYS)
    assert all(str(why) for why in [*merging.MOVES.values(), *merging.STAYS.values()])


def test_nothing_that_moves_is_left_behind(double, into):
    MembershipFactory(organisation=double, role=Role.DEVELOPER)
    extra = apikeys.make_canary(double, name="Lok", by=administrator(double).user)
    KeyRequest.objects.create(
        organisation=double, product=Product.objects.get(slug="los"), name="Nog een",
        purpose="Zo", asked_by=administrator(double).user,
    )  # fmt: skip
    count(double.api_keys.first(), TODAY(), 5)

    double, into = merge(double, into)

    left = {
        label
        for label in merging.MOVES
        for name in merging.referring(apps.get_model(label))[:1]
        if apps.get_model(label)._base_manager.filter(**{name: double}).exists()
    }
    assert left == set()
    extra.refresh_from_db()
    assert extra.organisation == into


# Keys and use


def test_a_caller_notices_nothing(double, into, ask, time_passes):
    key = double.api_keys.get()
    text = secrets.unseal(key.secrets.get())
    assert ask(text)["X-Organisation"] == double.slug

    double, into = merge(double, into)
    time_passes()  # what NOTIFY does, or VERIFY_SECONDS

    answer = ask(text)
    assert (answer.status_code, answer["X-Organisation"]) == (204, into.slug)
    assert answer["X-Api-Key-Id"] == str(key.pk)


def test_who_reveals_a_moved_key_reads_the_same_secret(double, into):
    key, alice = double.api_keys.get(), administrator(double).user
    text = secrets.unseal(key.secrets.get())
    apikeys.rotate(key, datetime.timedelta(days=1), by=alice)
    new = apikeys.reveal(key, by=alice)

    merge(double, into)

    key.refresh_from_db()
    assert apikeys.reveal(key, by=alice) == new
    assert secrets.unseal(key.secrets.exclude(expires_at=None).get()) == text


def test_a_name_that_is_there_already_gets_a_number(double, into):
    merge(double, into)

    names = [*into.api_keys.values_list("name", flat=True)]
    assert sorted(names) == ["Klantregistratie", "Klantregistratie 2"]


def test_a_key_goes_nowhere_else(double, into):
    with pytest.raises(Error, match="another kind"), transaction.atomic():
        double.api_keys.update(organisation=into)
    merge(double, into)
    with pytest.raises(Error, match="another kind"), transaction.atomic():
        into.api_keys.update(organisation=double)


def test_usage_goes_along_and_what_a_gateway_tells_later_too(double, into, send, line):
    key = double.api_keys.get()
    api = key.apis[0]
    count(key, TODAY(), 7)
    count(key, MONTH, 5)

    double, into = merge(double, into)
    assert send([line(apiKeyId=key.pk, api=api.slug)]).status_code == 200

    period = Period(MONTH, TODAY())
    assert sum(calls_by_day(Asked(into, key.pk), period).values()) == 13
    assert not UsageDay.objects.filter(organisation=double).exists()


@pytest.fixture
def paying(double, into):
    """The double, where it is the one whose product has a price; and its API that costs."""
    long_ago = timezone.make_aware(datetime.datetime(2025, 1, 1))
    ApiKey.objects.update(created_at=long_ago)
    return into, Api.objects.get(slug="basisprofiel")


def test_a_month_that_was_stated_is_not_charged_again(double, paying):
    (double, api), into = paying, double
    key = double.api_keys.get()
    count(key, MONTH.replace(day=9), 3, api=api)
    count(into.api_keys.get(), MONTH.replace(day=9), 4)
    for one in (double, into):
        statements.close(one, MONTH)
    billing.make(MONTH)

    merge(double, into)

    assert statements.close(into, MONTH) is None
    assert statements.close(double, MONTH) is None
    key.refresh_from_db()
    count(key, MONTH.replace(day=9), 10, api=api)
    late = statements.close(into, MONTH)
    assert [(one["unit"], one["count"]) for one in late.lines] == [("request", 10)]
    used = {"apiKeyId": key.pk, "api": api.slug, "calls": 10, "charged": 10}
    assert late.usage == [used]
    assert statements.amount([late]) == Decimal("0.20")


def test_what_comes_late_is_billed_on_the_contract_that_went_along(double, paying):
    (double, api), into = paying, double
    key, moved = double.api_keys.get(), double.contracts.get()
    count(key, MONTH.replace(day=9), 3, api=api)
    statements.close(double, MONTH)
    made = billing.make(MONTH)
    merge(double, into)
    key.refresh_from_db()
    count(key, MONTH.replace(day=9), 2, api=api)

    lines = billing.lines_of(statements.close(into, MONTH), made)

    assert [(one.contract, one.count) for one in lines] == [(moved, 2)]
    assert lines[0].corrects.organisation == double


def test_a_statement_names_the_reports_that_came_before_the_merge(
    double, into, send, line, check
):
    key = double.api_keys.get()
    send([line(apiKeyId=key.pk, api="los")], batch="eerder")
    double, into = merge(double, into)
    send([line(apiKeyId=key.pk, api="los")], batch="later")
    month = TODAY().replace(day=1)

    first = statements.close(into, month)
    named = [one["batchId"] for one in statements.reports(first)]
    assert sorted(named) == ["eerder", "later"]
    send([line(apiKeyId=key.pk, api="los")], batch="nog-later")
    second = statements.close(into, month)

    assert [one["batchId"] for one in statements.reports(second)] == ["nog-later"]
    assert statements.digest(first) == first.sha256
    check(json.dumps(statements.as_json([first, second])))


def test_the_month_that_runs_costs_the_same_in_one_statement(double, into):
    count(double.api_keys.get(), TODAY(), 7)
    count(into.api_keys.get(), TODAY(), 9)
    apart = sum(costs.so_far(one, TODAY()).amount for one in (double, into))

    double, into = merge(double, into)

    assert costs.so_far(into, TODAY()).amount == apart
    assert costs.so_far(double, TODAY()).amount == 0


def test_a_budget_of_one_key_goes_along_and_one_of_all_keys_ends(double, into):
    alice, key = administrator(double).user, double.api_keys.get()
    for of in (key, None):
        budget = Budget(organisation=double, api_key=of, measure="calls", most=10)
        budgets.put(budget, by=alice)

    double, into = merge(double, into)

    assert [one.api_key for one in into.budgets.all()] == [key]
    assert not double.budgets.exists()
    assert Event.objects.filter(organisation=double, kind="budget.removed").exists()
    budgets.check_all()


@pytest.mark.parametrize("whose", ["double", "into"])
def test_a_budget_that_would_stop_all_keys_is_seen_first(double, into, whose):
    organisation = {"double": double, "into": into}[whose]
    budget = Budget(organisation=organisation, measure="calls", most=10, stops=True)
    budgets.put(budget, by=administrator(organisation).user)
    count(double.api_keys.get(), TODAY(), 10)

    assert "Het budget van" in refused(double, into)


def test_who_read_a_notice_read_it_for_both(double, into):
    alice = administrator(double).user
    both, one = (
        Notice.objects.create(kind="price", title=title, title_en=title, text="T")
        for title in "AB"
    )
    for notice in (both, one):
        NoticeReader.objects.create(
            notice=notice, organisation=double, read_at=timezone.now(), read_by=alice
        )
    NoticeReader.objects.create(notice=both, organisation=into)

    double, into = merge(double, into)

    assert not double.notices.exists()
    assert [*into.notices.values_list("read_by", flat=True)] == [alice.pk, alice.pk]


def test_members_read_the_months_of_the_double_where_they_are_now(
    client, double, paying
):
    (double, _api), into = paying, double
    alice = administrator(into).user
    statements.close(double, MONTH)
    billing.make(MONTH)
    double, into = merge(double, into)
    client.force_login(alice)

    html = client.get(reverse("apikeys:months", args=[into.slug])).text
    assert f"{double} ({double.slug})" in html
    url = reverse("apikeys:statement_json", args=[into.slug, f"{MONTH:%Y-%m}"])
    assert f"{url}?van={double.slug}" in html
    stated = client.get(url, {"van": double.slug}).json()["statement"]
    assert {one["organisation"] for one in stated["batches"]} == {double.slug}
    assert client.get(url, {"van": OrganisationFactory().slug}).status_code == 404


# Contracts and applications


def test_a_contract_goes_along_and_ends_where_it_is(double, into):
    moved, alice = double.contracts.get(), administrator(double).user
    merge(double, into)

    last = contracts.last_day(TODAY())
    contracts.cancel(moved, ends_on=last, by=alice)  # the page was made before

    moved.refresh_from_db()
    assert (moved.organisation, moved.ends_on) == (into, last)
    assert moved.api_key.organisation == into


def test_an_application_under_way_is_of_what_stays(double, into):
    alice = administrator(double).user
    product = Product.objects.create(slug="ook", name="Ook")
    asked = {"products": [product.slug], "key_name": "Ook", "purpose": "Zo"}
    draft = drafting.begin_for(
        double, asked, by=alice, language="nl", from_address="ergens"
    )

    double, into = merge(double, into)

    draft.refresh_from_db()
    assert draft.customer == into
    with pytest.raises(Error, match="merged"), transaction.atomic():
        Application.objects.filter(pk=draft.pk).update(customer=double)


def test_who_applies_with_the_doubles_number_comes_to_what_stays(double, into):
    another = ApplicationFactory(
        status=Status.CONTRACT_RETURNED, kvk_number=double.kvk_number
    )
    double, into = merge(double, into)

    with pytest.raises(handling.OrganisationExists), transaction.atomic():
        handling.approve(another, by=UserFactory(is_staff=True))
    made = handling.approve(another, by=UserFactory(is_staff=True), join=into)

    assert made.organisation == into
    assert (double.kvk_number, double.name) == (another.kvk_number, "Donnald BV")


# People


def test_who_is_of_both_keeps_the_higher_role(double, into):
    both, one = UserFactory(), UserFactory()
    MembershipFactory(organisation=double, user=both, role=Role.ADMINISTRATOR)
    MembershipFactory(organisation=into, user=both, role=Role.DEVELOPER)
    MembershipFactory(organisation=double, user=one, role=Role.DEVELOPER)

    double, into = merge(double, into)

    roles = dict(into.memberships.values_list("user", "role"))
    assert (roles[both.pk], roles[one.pk]) == (Role.ADMINISTRATOR, Role.DEVELOPER)
    assert not double.memberships.exists()
    said = [one.what for one in activity.in_words(into, activity.events(into))]
    assert f"{one} hoort nu bij de organisatie, als ontwikkelaar" in said
    assert f"{both} is nu administrator en was ontwikkelaar" in said
    assert f"Organisatie {double.slug} is samengevoegd met deze organisatie" in said


def test_a_link_that_invites_works_on_unless_it_has_no_point(double, into):
    alice, member = administrator(double).user, administrator(into).user
    addresses = ["nieuw@b.nl", member.email, "beide@b.nl"]
    ask = {"role": Role.DEVELOPER, "language": "nl"}
    inviting.invite(double, addresses, by=alice, **ask)
    inviting.invite(into, ["beide@b.nl"], by=member, **ask)
    link = Invitation.objects.get(email="nieuw@b.nl")
    token = private_links.token("invitation", link.pk, link.link_version)

    double, into = merge(double, into)

    assert not double.invitations.filter(withdrawn_at=None).exists()
    joined = inviting.join(token, user=UserFactory(email="nieuw@b.nl"))
    assert joined.organisation == into


def test_the_doubles_contact_was_it_until_now(double, into):
    double, into = merge(double, into)

    assert not double.contacts.exists()
    kinds = into.contacts.current().values_list("kind", flat=True)
    assert sorted(kinds) == ["contract", "technical"]
    assert into.contacts.filter(replaced_at__isnull=False).count() == 2


def test_what_was_going_on_at_the_double_ends(double, into):
    developer = MembershipFactory(organisation=double, role=Role.DEVELOPER)
    Membership.objects.filter(pk=developer.pk).update(
        since=timezone.now() - datetime.timedelta(days=90)
    )
    asked = asking.ask(developer, reason="Ik doe alles al.")
    sara = staff("support")
    looking.start(double, role=Role.DEVELOPER, reason="Vraag", by=sara)

    merge(double, into)

    asked.refresh_from_db()
    assert asked.outcome == AdministratorRequest.Outcome.OVERTAKEN
    assert looking.going_on(sara, double.slug) is None


def test_everybody_of_both_reads_of_it_once(double, into, coen, carla):
    proposed = propose(double, into, coen)
    read(Message.objects.filter(template__endswith="merge_proposed"), double, into)
    Message.objects.all().delete()

    merging.approve(proposed, by=carla)

    mails = Message.objects.filter(template="organisations/emails/merged")
    read(mails, double, into)
    text = rendering.email(mails.first()).body
    assert "Donnald BV is samengevoegd met Donald BV" in text
    assert "API-keys werken door" in text


def read(mails, *both):
    wanted = {one.invoice_email for one in both}
    wanted |= {*Contact.objects.values_list("email", flat=True)}
    wanted |= {*Membership.objects.values_list("user__email", flat=True)}
    assert sorted(mails.values_list("to", flat=True)) == sorted(wanted)


# Afterwards


def test_a_member_who_opens_the_double_comes_to_what_stays(client, double, into):
    alice, key = administrator(double).user, double.api_keys.get()
    merge(double, into)
    client.force_login(alice)

    old = reverse("apikeys:reveal", args=[double.slug, key.pk])
    assert client.get(f"{old}?a=b").url == old.replace(double.slug, into.slug) + "?a=b"
    assert client.get(old, follow=True).status_code == 200
    dashboard = reverse("organisations:dashboard", args=[double.slug])
    new = reverse("organisations:dashboard", args=[into.slug])
    assert client.post(old, {"name": "Nieuw"}).url == new
    assert client.get(dashboard).url == new
    client.force_login(MembershipFactory().user)
    assert client.get(dashboard).status_code == 404


def test_nothing_new_is_made_at_the_double(double, into):
    key = double.api_keys.get()
    double, into = merge(double, into)
    sara = staff("support")

    with pytest.raises(OrganisationMerged):
        apikeys.issue(double, products=[], name="Nieuw", by=sara)
    with pytest.raises(OrganisationMerged):
        blocking.block(double, reason="Misbruik", by=sara)
    with pytest.raises(Error, match="merged"), transaction.atomic():
        MembershipFactory(organisation=double)
    apikeys.block(key, by=sara, reason="Gelekt")  # the page was made before
    assert key.organisation == into


def test_a_merge_is_not_undone_and_makes_no_chain(double, into):
    other = OrganisationFactory()
    double, into = merge(double, into)
    rows = Organisation.objects.filter

    for pk, where in [(double.pk, None), (double.pk, other), (into.pk, other)]:
        changed = {"merged_into": where, "merged_at": where and timezone.now()}
        with pytest.raises(Error), transaction.atomic():
            rows(pk=pk).update(**changed)
    with pytest.raises(Error, match="chain"), transaction.atomic():
        rows(pk=other.pk).update(merged_into=double, merged_at=timezone.now())
    assert "al samengevoegd" in refused(other, double)
    assert "al samengevoegd" in refused(double, other)
    assert "Zij moet blijven" in refused(into, other)
    merge(other, into)  # another double of the same one


# What prevents it


def test_a_subscription_that_both_have_is_ended_first(into):
    same = contract().organisation

    assert "Beide hebben abonnement API-abonnement" in refused(same, into)


@pytest.mark.parametrize("blocked", [0, 1])
def test_neither_is_blocked(double, into, blocked):
    one = [double, into][blocked]
    blocking.block(one, reason="Misbruik", by=staff("support"))

    assert f"{one} is geblokkeerd" in refused(double, into)


@pytest.mark.parametrize("about", [0, 1])
def test_no_other_intervention_is_open(double, into, about):
    one = [double, into][about]
    intervening.propose(
        one, Intervention.Kind.APPOINT, email="een@b.nl", reason="Weg",
        checked="Gebeld", by=staff("support"),
    )  # fmt: skip

    assert "Er is nog een ingreep open" in refused(double, into)


def test_their_own_logins_are_not_both_kept(double, into):
    OwnLoginFactory(organisation=double, domain="a.example")
    one = OwnLoginFactory(organisation=into, domain="b.example")
    assert "inloggen via de eigen organisatie" in refused(double, into)
    one.delete()

    double, into = merge(double, into)

    assert into.own_login.domain == "a.example"


def test_an_organisation_is_not_merged_with_itself(double):
    assert "dezelfde organisatie" in refused(double, double)


def test_a_statement_that_is_not_billed_is_billed_first(double, paying):
    (double, _api), into = paying, double
    statements.close(double, MONTH)
    assert "naar facturatie" in refused(double, into)

    billing.make(MONTH)

    merge(double, into)


def test_what_came_up_after_the_proposal_prevents_it_too(double, into, coen, carla):
    proposed = propose(double, into, coen)
    blocking.block(into, reason="Misbruik", by=staff("support"))

    with pytest.raises(merging.CannotMerge):
        merging.approve(proposed, by=carla)

    double.refresh_from_db()
    assert double.merged_into is None
    assert double.api_keys.exists()


def test_it_takes_two_who_do_not_belong_there(double, into, coen, carla):
    proposed = propose(double, into, coen)
    with pytest.raises(intervening.SamePerson):
        merging.approve(proposed, by=coen)
    with pytest.raises(intervening.WithoutTerm):
        intervening.approve(proposed, by=carla)
    MembershipFactory(organisation=into, user=carla)
    with pytest.raises(intervening.OwnInterest):
        merging.approve(proposed, by=carla)


@pytest.mark.parametrize("whose", [0, 1])
def test_an_administrator_of_either_can_object(client, double, into, coen, whose):
    proposed = propose(double, into, coen)
    organisation = [double, into][whose]
    alice = administrator(organisation).user

    intervening.object_to(proposed, by=alice)

    proposed.refresh_from_db()
    assert proposed.outcome == Intervention.Outcome.OBJECTED
    ended = Message.objects.filter(template="organisations/emails/merge_ended")
    assert {alice.email} <= {*ended.values_list("to", flat=True)}
    with pytest.raises(intervening.InterventionEnded):
        merging.approve(proposed, by=staff("contracten"))

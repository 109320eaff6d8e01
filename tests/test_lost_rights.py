"""Who lost the right between opening a page and pressing its button does nothing with it."""

import datetime

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apikeys import budgets
from apikeys import services as apikeys
from apikeys.budget_forms import UsageMailForm
from apikeys.models import Budget, KeyRequest, Measure, OnLeak, UsageMail
from applications.models import Status
from applications.services import bank, contracts
from audit.models import Event
from mail.models import Message
from organisations.models import (
    AdministratorRequest,
    ContactKind,
    Intervention,
    Membership,
    OwnLoginStatus,
)
from organisations.roles import Role
from organisations.services import (
    asking,
    details,
    intervening,
    lost_factor,
    own_login,
    second_factor,
)
from tests.applications.test_bank import DEBIT, HOLDER, NEW, PDF, token
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    OwnLoginFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return ApplicationFactory(status=Status.APPROVED, **DEBIT).contract


@pytest.fixture
def organisation(contract):
    return contract.organisation


@pytest.fixture
def alice(organisation):
    """The administrator who stays."""
    return long_since(MembershipFactory(organisation=organisation))


@pytest.fixture
def bob(organisation):
    """The administrator who is stopped being one, with a page still open."""
    return long_since(MembershipFactory(organisation=organisation)).user


@pytest.fixture
def carol(organisation):
    return MembershipFactory(organisation=organisation, role=Role.DEVELOPER)


def long_since(membership):
    since = timezone.now() - datetime.timedelta(days=30)
    Membership.objects.filter(pk=membership.pk).update(since=since)
    return membership


@pytest.fixture
def own(organisation):
    return OwnLoginFactory(organisation=organisation)


@pytest.fixture
def change(contract, alice):
    return bank.ask(contract, iban=NEW, account_holder=HOLDER, by=alice.user)


@pytest.fixture
def key(contract):
    return contract.api_key


@pytest.fixture
def canary(organisation, alice):
    return apikeys.make_canary(organisation, name="Lok", by=alice.user)


@pytest.fixture
def budget(organisation, alice):
    budget = Budget(organisation=organisation, measure=Measure.CALLS, most=5)
    budgets.put(budget, by=alice.user)
    return budget


@pytest.fixture
def make(request, contract, organisation, alice, carol):
    """What a row of the table needs, made as it is needed."""
    return request.getfixturevalue


def own_in(status):
    def act(do):
        def with_own(make, bob):
            own = make("own")
            own.status = status
            own.save()
            if status == OwnLoginStatus.TRIED:
                TOTP.activate(make("alice").user, generate_totp_secret())
            return lambda: do(own, by=bob)

        return with_own

    return act


def set_up(make, bob):
    facts = {"client_id": "x", "secret": "y", "domain": "elders.example"}
    issuer = "https://login.elders.example"
    organisation = make("organisation")
    return lambda: own_login.set_up(organisation, issuer=issuer, **facts, by=bob)


def try_out(make, bob):
    own = make("own")
    claims = {"email": bob.email, "email_verified": True}
    return lambda: own_login.tried(own, claims, by=bob)


def change_address(make, bob):
    organisation = make("organisation")
    seen = details.address(organisation)
    values = {**seen, "city": "Elders"}
    return lambda: details.change_address(organisation, values, seen=seen, by=bob)


def change_invoices(make, bob):
    organisation = make("organisation")
    seen = details.invoices(organisation)
    values = {**seen, "invoice_email": "x@elders.example"}
    return lambda: details.change_invoices(organisation, values, seen=seen, by=bob)


def change_contact(make, bob):
    organisation, kind = make("organisation"), ContactKind.CONTRACT
    seen = details.contact(organisation, kind)
    values = {**seen, "email": "x@elders.example"}
    return lambda: details.change_contact(
        organisation, values, kind=kind, seen=seen, by=bob
    )


def end_factor(make, bob):
    carol = make("carol")
    TOTP.activate(carol.user, generate_totp_secret())
    return lambda: lost_factor.end_of(carol, by=bob)


def request_of(carol):
    return AdministratorRequest.objects.create(
        organisation=carol.organisation,
        user=carol.user,
        reason="Omdat",
        falls_at=timezone.now() + datetime.timedelta(days=7),
    )


def grant(make, bob):
    asked = request_of(make("carol"))
    return lambda: asking.grant(asked, by=bob)


def refuse(make, bob):
    asked = request_of(make("carol"))
    return lambda: asking.refuse(asked, answer="Nee", by=bob)


def object_to(make, bob):
    proposed = intervening.propose(
        make("organisation"),
        Intervention.Kind.APPOINT,
        reason="Omdat",
        checked="Gebeld",
        by=UserFactory(is_staff=True),
        user=make("carol").user,
    )
    return lambda: intervening.object_to(proposed, by=bob)


def ask_second_factor(make, bob):
    day = timezone.localdate()
    return lambda: second_factor.require(
        make("organisation"), day, by=bob, has_one=True, seen=None
    )


def cancel(make, bob):
    last_day = contracts.last_day(timezone.localdate())
    return lambda: contracts.cancel(make("contract"), ends_on=last_day, by=bob)


def keep(make, bob):
    last_day = contracts.last_day(timezone.localdate())
    contracts.cancel(make("contract"), ends_on=last_day, by=make("alice").user)
    return lambda: contracts.take_back(make("contract"), by=bob)


def ask_bank(make, bob):
    return lambda: bank.ask(make("contract"), iban=NEW, account_holder=HOLDER, by=bob)


def agree(make, bob):
    change = bank.confirm(token(make("change")))
    return lambda: bank.agree(change, by=bob)


def hand_in(make, bob):
    change = bank.confirm(token(make("change")))
    staff = UserFactory(is_staff=True)
    bank.agree_as_staff(change, how_checked="Gebeld", by=staff)
    return lambda: bank.return_mandate(change, PDF, by=bob)


def stop(make, bob):
    change = make("change")
    return lambda: bank.stop(change, reason="Omdat", by=bob)


WEEK = datetime.timedelta(days=7)


def on(what, do, **more):
    """Do this, with what is said more, on a thing that is there already."""

    def act(make, bob):
        thing = make(what)
        return lambda: do(thing, **more, by=bob)

    return act


def unblock(make, bob):
    apikeys.block_as_leaked(make("key"), by=make("alice").user)
    return lambda: apikeys.unblock(make("key"), by=bob)


def old_secret(do, **more):
    def act(make, bob):
        apikeys.rotate(make("key"), WEEK, by=make("alice").user)
        old = make("key").secrets.exclude(expires_at=None).get()
        return lambda: do(old, **more, by=bob)

    return act


def ask_for_key(make, bob):
    organisation = make("organisation")
    product = apikeys.covered(organisation).first()
    return lambda: apikeys.ask_for_key(
        organisation, product, name="Extra", purpose="Voor de app", by=bob
    )


def set_budget(make, bob):
    budget = Budget(organisation=make("organisation"), measure=Measure.CALLS, most=5)
    return lambda: budgets.put(budget, by=bob)


def choose_readers(make, bob):
    organisation = make("organisation")
    form = UsageMailForm(
        {"report_to": [bob.pk]},
        instance=UsageMail(organisation=organisation),
        organisation=organisation,
    )
    assert form.is_valid()
    return lambda: budgets.choose_mail(form, by=bob)


ACTS = {
    "set up own login": set_up,
    "try own login": try_out,
    "switch on": own_in(OwnLoginStatus.TRIED)(own_login.switch_on),
    "enforce": own_in(OwnLoginStatus.ON)(own_login.enforce),
    "relax": own_in(OwnLoginStatus.ENFORCED)(own_login.relax),
    "switch off": own_in(OwnLoginStatus.ON)(own_login.switch_off),
    "remove own login": own_in(OwnLoginStatus.ON)(own_login.remove),
    "change the address": change_address,
    "change invoices": change_invoices,
    "change a contact": change_contact,
    "end a second factor": end_factor,
    "grant": grant,
    "refuse": refuse,
    "object": object_to,
    "require a second factor": ask_second_factor,
    "cancel": cancel,
    "take the cancelling back": keep,
    "ask another bank account": ask_bank,
    "agree with it": agree,
    "hand the mandate in": hand_in,
    "stop it": stop,
    "restrict a key": on("key", apikeys.restrict, networks=["192.0.2.0/24"], apis=[]),
    "give a key its last day": on(
        "key", apikeys.stop_after, last_day=datetime.date(2999, 12, 31)
    ),
    "unblock a key": unblock,
    "ask for a key": ask_for_key,
    "make a decoy": on("organisation", apikeys.make_canary, name="Lokkey"),
    "show a decoy": on("canary", apikeys.reveal),
    "retire a decoy": on("canary", apikeys.retire_canary),
    "choose what becomes of leaked keys": on(
        "organisation", apikeys.choose_policy, on_leak=OnLeak.TELL
    ),
    "set a budget": set_budget,
    "change a budget": on("budget", budgets.put),
    "remove a budget": on("budget", budgets.remove),
    "choose who reads the report": choose_readers,
}
ACTS_OF_MEMBERS = {
    "rename a key": on("key", apikeys.rename, name="Anders"),
    "show a key": on("key", apikeys.reveal),
    "rotate a key": on("key", apikeys.rotate, overlap=WEEK),
    "let an old secret work longer": old_secret(
        apikeys.extend_old_secret, overlap=2 * WEEK
    ),
    "end an old secret": old_secret(apikeys.end_old_secret),
    "block a key": on("key", apikeys.block_as_leaked),
}
GONE = [(act, True) for act in (ACTS | ACTS_OF_MEMBERS).values()]
LESS = [(act, False) for act in ACTS.values()]
NAMES = [
    *[f"{name}, removed" for name in ACTS | ACTS_OF_MEMBERS],
    *[f"{name}, demoted" for name in ACTS],
]


@pytest.mark.parametrize(("act", "removed"), GONE + LESS, ids=NAMES)
def test_a_right_that_was_lost_meanwhile_does_nothing(make, bob, act, removed):
    press = act(make, bob)
    if removed:
        bob.memberships.all().delete()
    else:
        bob.memberships.update(role=Role.DEVELOPER)
    before = Event.objects.count(), Message.objects.count()

    with pytest.raises(PermissionDenied):
        press()

    assert (Event.objects.count(), Message.objects.count()) == before


@pytest.mark.parametrize("act", ACTS_OF_MEMBERS.values(), ids=ACTS_OF_MEMBERS.keys())
def test_who_is_administrator_no_more_does_what_members_do(make, bob, act):
    press = act(make, bob)
    bob.memberships.update(role=Role.DEVELOPER)

    press()

    assert Event.objects.last().by == bob


def test_staff_act_on_keys_of_which_they_are_no_member(make, key):
    staff = UserFactory(is_staff=True)
    asked = ask_for_key(make, make("alice").user)()

    apikeys.block(key, by=staff, reason="Misbruik")
    apikeys.unblock(key, by=staff)
    apikeys.grant_key(asked, by=staff)

    assert KeyRequest.objects.get().api_key

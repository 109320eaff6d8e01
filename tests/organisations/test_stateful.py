"""Whatever people do with two organisations, in whatever order, some things stay true.

Hypothesis lets them invite, join, go and come back, with links that old tabs kept; a
small model says what each act must lead to.
"""

from dataclasses import dataclass, field
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts import services as accounts
from accounts.models import User, Username
from mail import private_links
from organisations import activity
from organisations.models import AdministratorRequest, Invitation, Membership
from organisations.roles import Role
from organisations.services import asking, inviting, members
from organisations.services.inviting import Outcome
from tests.factories import OrganisationFactory, UserFactory

ADMINISTRATOR, DEVELOPER = Role.ADMINISTRATOR, Role.DEVELOPER
NAMES = ["anna", "bram", "persoon-0", "persoon-1"]
ADDRESSES = [
    "nieuw@b.nl", "NIEUW@b.nl", "ander@b.nl", "nul@b.nl", "een@b.nl", "twee@b.nl"
]  # fmt: skip
OVER = (
    inviting.InvitationUnknown,
    inviting.InvitationUsed,
    inviting.InvitationWithdrawn,
    inviting.InvitationExpired,
)
some = st.integers(0, 20)  # the so-manieth of what there is
two = st.integers(0, 1)
roles = st.sampled_from(Role)


@dataclass
class Asked:
    """What the model knows of one invitation."""

    role: Role
    by: User
    state: str = "waiting"  # or "accepted", "withdrawn"
    expired: bool = False
    tokens: list[str] = field(default_factory=list)

    @property
    def open(self):
        return self.state == "waiting" and not self.expired


@dataclass
class Wanted:
    """What the model knows of one request to become administrator."""

    where: int  # the organisation
    user: int
    outcome: str = ""
    due: bool = False


class People(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.organisations = [OrganisationFactory() for _ in range(2)]
        self.people = [
            UserFactory(username=f"persoon-{n}", email=email)
            for n, email in enumerate(["nul@b.nl", "een@b.nl", "twee@b.nl"])
        ]
        self.names = {user.username: user.pk for user in self.people}
        self.places = {}  # (organisation, person) → role
        self.asked = {}  # (organisation, address) → Asked
        self.requests = {}  # AdministratorRequest → Wanted
        for number, which in enumerate(self.organisations):
            founder, colleague = self.people[number : number + 2]
            for user, role in ((founder, ADMINISTRATOR), (colleague, DEVELOPER)):
                place = members.add_member(which, user, role=role, by=founder)
                self.places[which.pk, user.pk] = role
            request = asking.ask(place, reason="Samen is veiliger.")
            self.requests[request.pk] = Wanted(which.pk, colleague.pk)

    def teardown(self):
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    # what people do

    @rule(which=two, by=some, address=st.sampled_from(ADDRESSES), role=roles)
    def invite(self, which, by, address, role):
        organisation, by = self.organisations[which], self.administrator(which, by)
        key, known = (organisation.pk, address.lower()), self.of_address(address)
        asked = self.asked.get(key)

        outcomes = inviting.invite(
            organisation, [address], role=role, by=by, language="nl"
        )

        if any((organisation.pk, user.pk) in self.places for user in known):
            assert outcomes == {address: Outcome.MEMBER}
        elif asked and asked.open:
            assert outcomes == {address: Outcome.WAITING}
        else:
            assert outcomes == {address: Outcome.INVITED}
            tokens = asked.tokens if asked else []
            self.asked[key] = Asked(role, by, tokens=tokens)
            self.keep_link(key)

    @rule(which=some, by=some)
    def resend(self, which, by):
        if not (found := self.invitation(which)):
            return
        key, asked, invitation = found
        by = self.administrator_of(key[0], by)
        try:
            inviting.resend(invitation, by=by, language="nl")
        except inviting.InvitationUsed:
            assert asked.state == "accepted"
        except inviting.InvitationWithdrawn:
            assert asked.state == "withdrawn"
        else:
            assert asked.state == "waiting"
            asked.by, asked.expired = by, False
            self.keep_link(key)

    @rule(which=some, by=some)
    def withdraw(self, which, by):
        if not (found := self.invitation(which)):
            return
        key, asked, invitation = found
        try:
            inviting.withdraw(invitation, by=self.administrator_of(key[0], by))
        except inviting.InvitationUsed:
            assert asked.state == "accepted"
        else:
            assert asked.state != "accepted"
            asked.state = "withdrawn"

    @rule(which=some)
    def let_time_pass(self, which):
        if found := self.invitation(which):
            _key, asked, invitation = found
            rows = Invitation.objects.filter(pk=invitation.pk)
            rows.update(expires_at=timezone.now())
            asked.expired = True

    @rule(link=some, who=some)
    def join(self, link, who):
        if not (found := self.link(link)):
            return
        key, asked, token, works = found
        user = self.person(who)
        try:
            inviting.join(token, user=user)
        except OVER:
            assert not works
        except inviting.AlreadyMember:
            assert works
            assert (key[0], user.pk) in self.places
        else:
            assert works
            assert (key[0], user.pk) not in self.places
            self.places[key[0], user.pk], asked.state = asked.role, "accepted"

    @rule(link=some, name=st.sampled_from(NAMES))
    def join_as_new(self, link, name):
        if not (found := self.link(link)):
            return
        key, asked, token, works = found
        try:
            place = inviting.join_as_new(
                token, username=name, name=name, password="x", language="nl"
            )
        except OVER:
            assert not works
        except accounts.UsernameTaken:
            assert works
            assert name in self.names
        else:
            assert works
            assert name not in self.names
            self.people.append(place.user)
            self.names[name] = place.user_id
            self.places[key[0], place.user_id], asked.state = asked.role, "accepted"

    @rule(which=two, who=some, by=some, role=roles)
    def change_role(self, which, who, by, role):
        place = self.place(which, who)
        last = self.is_last(place)
        try:
            members.change_role(place, role, by=self.administrator(which, by))
        except members.LastAdministrator:
            assert last
            assert role == DEVELOPER
        else:
            self.becomes(place, role)

    @rule(which=two, who=some, by=some, leaves=st.booleans())
    def remove(self, which, who, by, leaves):
        place = self.place(which, who)
        last, user = self.is_last(place), place.user
        by = user if leaves else self.administrator(which, by)
        try:
            members.remove_member(place, by=by)
        except members.LastAdministrator:
            assert last
        else:
            assert not last
            self.goes(place.organisation_id, user)

    @rule(which=two, mine=some, who=some)
    def hand_over(self, which, mine, who):
        user = self.administrator(which, mine)
        mine = user.memberships.get(organisation=self.organisations[which])
        colleague = self.place(which, who)
        if colleague != mine:
            members.hand_over(mine, colleague, by=user)
            self.becomes(colleague, ADMINISTRATOR)
            self.becomes(mine, DEVELOPER)

    @rule(which=two, who=some)
    def ask(self, which, who):
        place = self.place(which, who)
        key = place.organisation_id, place.user_id
        before = self.requests_of(*key)
        last = before[-1].outcome if before else "none"
        try:
            request = asking.ask(place, reason="Er is niemand meer.")
        except asking.MayNotAsk:
            assert self.places[key] == ADMINISTRATOR or last in ("", "refused")
        else:
            assert self.places[key] == DEVELOPER
            assert last not in ("", "refused")
            self.requests[request.pk] = Wanted(*key)

    @rule(which=some, by=some, way=st.sampled_from(["grant", "refuse", "withdraw"]))
    def answer(self, which, by, way):
        if not (found := self.request(which)):
            return
        wanted, request = found
        by = self.administrator_of(wanted.where, by)
        act, outcome = {
            "grant": (partial(asking.grant, by=by), "granted"),
            "refuse": (partial(asking.refuse, answer="Nee.", by=by), "refused"),
            "withdraw": (partial(asking.withdraw, by=request.user), "withdrawn"),
        }[way]
        try:
            act(request)
        except asking.RequestEnded:
            assert wanted.outcome
        else:
            assert not wanted.outcome
            wanted.outcome = outcome
            if way == "grant":
                self.places[wanted.where, wanted.user] = ADMINISTRATOR

    @rule(which=some)
    def the_time_of_a_request_comes(self, which):
        if (found := self.request(which)) and not found[0].outcome:
            wanted, request = found
            rows = AdministratorRequest.objects.filter(pk=request.pk)
            rows.update(falls_at=timezone.now())
            wanted.due = True

    @rule()
    def a_worker_tends(self):
        asking.tend_all()
        for wanted in self.requests.values():
            if wanted.due and not wanted.outcome:
                wanted.outcome = "passed"
                self.places[wanted.where, wanted.user] = ADMINISTRATOR

    @rule(who=some)
    def close_account(self, who):
        user = self.person(who)
        places = Membership.objects.filter(user=user)
        last = any(self.is_last(place) for place in places)
        try:
            members.close_account(user)
        except members.LastAdministrator:
            assert last
        else:
            assert not last
            for organisation in self.organisations:
                if (organisation.pk, user.pk) in self.places:
                    self.goes(organisation.pk, user)
            self.people = [one for one in self.people if one.pk != user.pk]

    @rule(who=some, name=st.sampled_from(NAMES))
    def change_username(self, who, name):
        user = self.person(who)
        try:
            accounts.change_username(user, name)
        except accounts.UsernameTaken:
            assert self.names[name] != user.pk
        else:
            assert self.names.setdefault(name, user.pk) == user.pk

    # what is true after each of it

    @invariant()
    def everybody_is_where_they_were_let_in(self):
        connection.check_constraints()
        found = Membership.objects.values_list("organisation", "user", "role")
        assert sorted(found) == sorted((*key, r) for key, r in self.places.items())

    @invariant()
    def somebody_runs_each_organisation(self):
        for organisation in self.organisations:
            assert organisation.memberships.administrators().exists()

    @invariant()
    def who_still_asks_is_no_administrator(self):
        asking_yet = [one for one in self.requests.values() if not one.outcome]
        for one in asking_yet:
            assert self.places[one.where, one.user] == DEVELOPER

    @invariant()
    def a_request_ends_once_and_as_the_model_says(self):
        found = AdministratorRequest.objects.values_list("pk", "outcome")
        assert dict(found) == {
            pk: wanted.outcome for pk, wanted in self.requests.items()
        }

    @invariant()
    def an_address_has_one_invitation(self):
        found = Invitation.objects.values_list("organisation", "email")
        assert sorted((pk, email.lower()) for pk, email in found) == sorted(self.asked)

    @invariant()
    def only_the_last_link_works_until_it_was_used(self):
        for asked in self.asked.values():
            for token in asked.tokens:
                works = asked.open and token == asked.tokens[-1]
                try:
                    inviting.open_invitation(token)
                except OVER:
                    assert not works
                else:
                    assert works

    @invariant()
    def a_username_stays_whose_it_was(self):
        found = Username.objects.exclude(held_by=None)
        assert dict(found.values_list("name", "held_by")) == self.names

    @invariant()
    def what_happened_can_be_read_back(self):
        for organisation in self.organisations:
            events = activity.events(organisation)[:4]  # the newest
            assert len(activity.in_words(organisation, events)) == len(events)

    # the model

    def person(self, which):
        """Somebody with an account, as a page that they open now has them."""
        return User.objects.get(pk=self.people[which % len(self.people)].pk)

    def of_address(self, address):
        return [one for one in self.people if one.email.lower() == address.lower()]

    def place(self, which, who):
        places = self.organisations[which].memberships.order_by("pk")
        return places[who % len(places)]

    def administrator(self, which, by):
        return self.administrator_of(self.organisations[which].pk, by)

    def administrator_of(self, organisation, by):
        found = sorted(
            user
            for (where, user), role in self.places.items()
            if where == organisation and role == ADMINISTRATOR
        )
        return User.objects.get(pk=found[by % len(found)])

    def is_last(self, place):
        running = [
            user
            for (where, user), role in self.places.items()
            if where == place.organisation_id and role == ADMINISTRATOR
        ]
        return running == [place.user_id]

    def becomes(self, place, role):
        self.places[place.organisation_id, place.user_id], was = (
            role,
            self.places[place.organisation_id, place.user_id],
        )
        if role != was:
            self.overtaken(place.organisation_id, place.user_id)
        if role == DEVELOPER != was:
            self.takes_back(place.organisation_id, place.user)

    def goes(self, organisation, user):
        del self.places[organisation, user.pk]
        self.overtaken(organisation, user.pk)
        self.takes_back(organisation, user)

    def takes_back(self, organisation, user):
        """Who goes leaves no way behind to let others in, or to come back by."""
        email = next(one.email for one in self.people if one.pk == user.pk)
        for (where, address), asked in self.asked.items():
            hangs = asked.by == user or address == email.lower()
            if where == organisation and asked.state == "waiting" and hangs:
                asked.state = "withdrawn"

    def request(self, which):
        """Some request that was ever made, as a page has it that was opened before."""
        if not self.requests:
            return None
        pk = sorted(self.requests)[which % len(self.requests)]
        return self.requests[pk], AdministratorRequest.objects.get(pk=pk)

    def requests_of(self, organisation, user):
        wanted = [self.requests[pk] for pk in sorted(self.requests)]
        return [one for one in wanted if (one.where, one.user) == (organisation, user)]

    def overtaken(self, organisation, user):
        """What somebody asked has no point once they got another role, or went."""
        for wanted in self.requests_of(organisation, user):
            wanted.outcome = wanted.outcome or "overtaken"

    def invitation(self, which):
        if not self.asked:
            return None
        key = sorted(self.asked)[which % len(self.asked)]
        row = Invitation.objects.get(organisation=key[0], email__iexact=key[1])
        return key, self.asked[key], row

    def keep_link(self, key):
        row = Invitation.objects.get(organisation=key[0], email__iexact=key[1])
        token = private_links.token("invitation", row.pk, row.link_version)
        assert token not in self.asked[key].tokens
        self.asked[key].tokens.append(token)

    def link(self, which):
        """Some link that was ever mailed, and whether it works."""
        links = [(key, token) for key in self.asked for token in self.asked[key].tokens]
        if not links:
            return None
        key, token = links[which % len(links)]
        asked = self.asked[key]
        return key, asked, token, asked.open and token == asked.tokens[-1]


@pytest.mark.django_db
def test_whatever_people_do_these_things_stay_true(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.INVITATIONS_PER_DAY = 1000
    settings.ADMINISTRATOR_WAIT_DAYS = 0  # nobody is a newcomer
    run_state_machine_as_test(
        People,
        settings=hypothesis_settings(max_examples=20, stateful_step_count=30),
    )

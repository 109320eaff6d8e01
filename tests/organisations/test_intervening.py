"""Staff help an organisation that cannot help itself: one proposes, another approves."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from mail import rendering
from mail.models import Message
from organisations import activity, tasks
from organisations.models import Intervention, Membership
from organisations.roles import Role
from organisations.services import intervening
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from tests.organisations.test_asking import role, signed_in

pytestmark = pytest.mark.django_db
Kind, Outcome = Intervention.Kind, Intervention.Outcome
TOLD = "organisations/emails/intervention"


def staff(group):
    person = UserFactory(is_staff=True, name=f"{group.title()} Medewerker")
    person.groups.add(Group.objects.get(name=group))
    return person


@pytest.fixture
def alice():
    """The only administrator, whom nobody can reach."""
    return MembershipFactory(user__name="Alice Admin")


@pytest.fixture
def bob(alice):
    """A developer of the same organisation."""
    return MembershipFactory(
        organisation=alice.organisation, role=Role.DEVELOPER, user__name="Bob Bouwer"
    )


@pytest.fixture
def sara():
    return staff("support")


@pytest.fixture
def coen():
    return staff("contracten")


def propose(organisation, by, kind=Kind.APPOINT, **whom):
    return intervening.propose(
        organisation,
        kind,
        reason="Alice is overleden.",
        checked="Gebeld met de directeur.",
        by=by,
        **whom,
    )


def over(intervention, days=4):
    """Its term ran out."""
    for name in ("proposed_at", "approved_at", "takes_effect_at"):
        moment = getattr(intervention, name)
        setattr(intervention, name, moment - datetime.timedelta(days=days))
    intervention.save()


def outcome(intervention):
    return Intervention.objects.get(pk=intervention.pk).outcome


def kinds(organisation):
    return [*activity.events(organisation).values_list("kind", flat=True)]


def test_a_proposal_tells_the_whole_organisation_and_changes_nothing(alice, bob, sara):
    proposed = propose(alice.organisation, sara, user=bob.user)

    told = {mail.to: mail for mail in Message.objects.filter(template=TOLD)}
    addresses = {alice.user.email, bob.user.email, alice.organisation.invoice_email}
    assert set(told) == addresses
    text = rendering.email(told[alice.user.email]).body
    assert "Bob Bouwer administrator maken" in text
    assert "Alice is overleden." in text
    assert "Gebeld met de directeur." not in text
    assert f"/organisatie/ingrepen/{proposed.pk}/" in text
    over_soon(proposed)
    assert role(bob) == Role.DEVELOPER


def over_soon(proposed):
    proposed.proposed_at -= datetime.timedelta(days=300)
    proposed.save()
    tasks.tend_administrators(0)


def test_approved_and_not_objected_to_it_is_done_after_its_term(alice, bob, sara, coen):
    proposed = propose(alice.organisation, sara, user=bob.user, replaces=alice.user)
    intervening.approve(proposed, by=coen)
    tasks.tend_administrators(0)
    assert role(bob) == Role.DEVELOPER

    over(proposed)
    tasks.tend_administrators(0)

    assert outcome(proposed) == Outcome.DONE
    assert (role(bob), role(alice)) == (Role.ADMINISTRATOR, Role.DEVELOPER)
    acts = activity.in_words(alice.organisation, activity.events(alice.organisation))
    assert acts[-1].what.startswith("Voorgesteld: Bob Bouwer administrator maken")


def test_somebody_who_is_no_member_is_invited(alice, sara, coen):
    proposed = propose(alice.organisation, sara, email="nieuw@b.nl")
    intervening.approve(proposed, by=coen)
    over(proposed)

    tasks.tend_administrators(0)

    invitation = alice.organisation.invitations.get()
    assert (invitation.email, invitation.role) == ("nieuw@b.nl", Role.ADMINISTRATOR)
    mail = Message.objects.get(to="nieuw@b.nl")
    assert "KVK nodigt je uit" in rendering.email(mail).body
    assert sara.name not in rendering.email(mail).body


def test_who_joined_meanwhile_becomes_administrator(alice, sara, coen):
    proposed = propose(alice.organisation, sara, email="nieuw@b.nl")
    intervening.approve(proposed, by=coen)
    joined = MembershipFactory(
        organisation=alice.organisation, role=Role.DEVELOPER, user__email="Nieuw@b.nl"
    )
    over(proposed)

    tasks.tend_administrators(0)

    assert role(joined) == Role.ADMINISTRATOR


def test_an_administrator_who_objects_ends_it(alice, bob, sara, coen):
    proposed = propose(alice.organisation, sara, user=bob.user)
    intervening.approve(proposed, by=coen)
    site = signed_in(alice)
    page = reverse(
        "organisations:intervention", args=[alice.organisation.slug, proposed.pk]
    )
    assert "Bezwaar maken" in site.get(page).text

    said = site.post(page, follow=True)
    over(Intervention.objects.get(pk=proposed.pk))
    tasks.tend_administrators(0)

    assert "Het gaat niet door." in said.text
    assert outcome(proposed) == Outcome.OBJECTED
    assert role(bob) == Role.DEVELOPER
    ended = Message.objects.filter(template="organisations/emails/intervention_ended")
    assert ended.count() == 3


def test_who_proposes_does_not_approve(alice, bob, sara):
    proposed = propose(alice.organisation, sara, user=bob.user)

    with pytest.raises(intervening.SamePerson):
        intervening.approve(proposed, by=sara)
    at = dict.fromkeys(["approved_at", "takes_effect_at"], timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Intervention.objects.update(approved_by=sara, **at)


def test_the_database_does_nothing_that_was_not_approved(alice, bob, sara):
    propose(alice.organisation, sara, user=bob.user)

    with pytest.raises(IntegrityError), transaction.atomic():
        Intervention.objects.update(outcome="done", ended_at=timezone.now())


def test_staff_do_not_act_where_they_belong_or_gain(alice, bob, sara, coen):
    proposed = propose(alice.organisation, sara, user=bob.user)
    MembershipFactory(organisation=alice.organisation, user=coen, role=Role.DEVELOPER)

    for act in (intervening.approve, intervening.stop):
        with pytest.raises(intervening.OwnInterest):
            act(proposed, by=coen)
    with pytest.raises(intervening.OwnInterest):
        propose(alice.organisation, coen, user=bob.user)
    with pytest.raises(intervening.OwnInterest):
        propose(alice.organisation, sara, email=sara.email.upper())


def test_the_same_is_not_proposed_twice(alice, bob, sara):
    propose(alice.organisation, sara, email="nieuw@b.nl")

    with pytest.raises(intervening.AlreadyProposed):
        propose(alice.organisation, sara, email="nieuw@b.nl")


def test_what_has_no_point_any_more_is_not_done(alice, bob, sara, coen):
    proposed = propose(alice.organisation, sara, user=bob.user)
    intervening.approve(proposed, by=coen)
    Membership.objects.filter(pk=bob.pk).delete()
    over(proposed)

    tasks.tend_administrators(0)

    assert outcome(proposed) == Outcome.OVERTAKEN
    assert kinds(alice.organisation)[0] == "intervention.overtaken"


@pytest.fixture
def lost(alice):
    """Alice lost her telephone, and works for another organisation too."""
    TOTP.activate(alice.user, generate_totp_secret())
    return MembershipFactory(user=alice.user)


def test_a_lost_second_factor_is_taken_away_by_two(alice, lost, sara, coen):
    proposed = propose(alice.organisation, sara, Kind.SECOND_FACTOR, user=alice.user)
    intervening.approve(proposed, by=coen)
    assert Authenticator.objects.exists()

    over(proposed)
    tasks.tend_administrators(0)

    assert not Authenticator.objects.exists()
    assert Message.objects.filter(template__endswith="second_factor_taken").count() == 1
    for organisation in (alice.organisation, lost.organisation):
        assert "member.second_factor_taken" in kinds(organisation)


def test_who_signs_in_meanwhile_has_the_second_factor(alice, lost, sara, coen):
    proposed = propose(alice.organisation, sara, Kind.SECOND_FACTOR, user=alice.user)
    intervening.approve(proposed, by=coen)
    over(proposed)
    type(alice.user).objects.filter(pk=alice.user.pk).update(last_login=timezone.now())

    tasks.tend_administrators(0)

    assert outcome(proposed) == Outcome.OVERTAKEN
    assert Authenticator.objects.exists()


def at_once(*acts):
    start = Barrier(len(acts))

    def run(act):
        try:
            start.wait()
            act()
        except (intervening.InterventionEnded, intervening.AlreadyApproved):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(run, act) for act in acts]]


def fresh(intervention):
    return Intervention.objects.get(pk=intervention.pk)


def people():
    """Made anew each round: a test that commits starts without groups."""
    alice = MembershipFactory()
    bob = MembershipFactory(organisation=alice.organisation, role=Role.DEVELOPER)
    return alice, bob, [UserFactory(is_staff=True) for _ in range(3)]


@pytest.mark.django_db(transaction=True)
def test_two_who_approve_at_once_approve_once():
    for _round in range(20):
        alice, bob, (sara, *two) = people()
        proposed = propose(alice.organisation, sara, user=bob.user)

        went = at_once(
            *[
                lambda p=proposed, by=by: intervening.approve(fresh(p), by=by)
                for by in two
            ]
        )

        assert sorted(went) == [False, True]
        approved = Event.objects.filter(
            kind="intervention.approved", organisation=alice.organisation
        )
        assert approved.count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_and_an_objection_at_once_agree_on_one_end():
    for _round in range(20):
        alice, bob, (sara, coen, _) = people()
        proposed = propose(alice.organisation, sara, user=bob.user)
        intervening.approve(proposed, by=coen)
        over(proposed)

        at_once(
            *[lambda p=proposed: intervening.carry_out(fresh(p))] * 2,
            lambda p=proposed, by=alice.user: intervening.object_to(fresh(p), by=by),
        )

        done = outcome(proposed) == Outcome.DONE
        assert (role(bob) == Role.ADMINISTRATOR) == done
        ends = Event.objects.filter(
            subject_id=proposed.pk, subject_type="organisations.intervention"
        )
        assert ends.count() == 3


def helping(organisation, kind="appoint"):
    return reverse(
        "admin:organisations_organisation_help", args=[organisation.pk, kind]
    )


def act(intervention, name):
    return reverse("admin:organisations_intervention_act", args=[intervention.pk, name])


WORDS = {"reason": "Alice is weg.", "checked": "Gebeld."}


def test_support_proposes_and_another_approves_in_the_admin(
    client, alice, bob, sara, coen
):
    client.force_login(sara)
    page = reverse(
        "admin:organisations_organisation_change", args=[alice.organisation.pk]
    )
    assert helping(alice.organisation) in client.get(page).text
    client.post(
        helping(alice.organisation),
        {**WORDS, "user": bob.user.pk, "replaces": alice.user.pk},
    )
    proposed = Intervention.objects.get()
    refused = client.post(act(proposed, "goedkeuren"), follow=True)
    assert "Een ander moet het goedkeuren." in refused.text

    client.force_login(coen)
    assert "Gebeld." in client.get(act(proposed, "goedkeuren")).text
    said = client.post(act(proposed, "goedkeuren"), follow=True)

    assert "Gedaan: Goedkeuren." in said.text
    assert fresh(proposed).approved_by == coen
    assert act(proposed, "goedkeuren") not in said.text


@pytest.mark.parametrize("group", ["intake", "contracten"])
def test_only_support_proposes(client, alice, bob, group):
    client.force_login(staff(group))

    answer = client.post(helping(alice.organisation), {**WORDS, "user": bob.user.pk})

    assert answer.status_code == 403
    assert not Intervention.objects.exists()


def test_intake_does_not_approve(client, alice, bob, sara):
    proposed = propose(alice.organisation, sara, user=bob.user)
    client.force_login(staff("intake"))

    assert client.post(act(proposed, "goedkeuren")).status_code == 403


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Kies een lid, of vul een e-mailadres in."),
        ({"email": "bob@b.nl"}, "Dit is een lid."),
        ({"email": "nieuw@b.nl", "checked": ""}, "Leg vast hoe dit is nagegaan."),
    ],
)
def test_a_proposal_that_is_not_whole_says_what_is_missing(
    client, alice, sara, typed, says
):
    MembershipFactory(organisation=alice.organisation, user__email="bob@b.nl")
    client.force_login(sara)

    assert says in client.post(helping(alice.organisation), {**WORDS, **typed}).text
    assert not Intervention.objects.exists()


def test_a_proposal_knows_nobody_of_another_organisation(client, alice, sara):
    stranger = MembershipFactory(
        organisation=OrganisationFactory(), role=Role.DEVELOPER
    )
    client.force_login(sara)

    client.post(helping(alice.organisation), {**WORDS, "user": stranger.user.pk})

    assert not Intervention.objects.exists()

"""What staff see of one organisation, and what that costs."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apikeys import partitions, secrets
from apikeys import services as apikeys
from apikeys.models import Api, UsageDay
from apikeys.models.usage import SUMS
from applications.models import Status
from mail.models import Message
from organisations.models import Invitation
from organisations.roles import Role
from tests.factories import (
    ApiKeyFactory,
    ApplicationFactory,
    MembershipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
MOST = 17  # it is no list: ten sections' worth of facts, in whole sentences


@pytest.fixture
def organisation():
    contract = ApplicationFactory(status=Status.APPROVED).contract
    return contract.organisation


def staff(*groups):
    person = UserFactory(is_staff=True)
    person.groups.set(Group.objects.filter(name__in=groups))
    return person


@pytest.fixture
def page(client):
    def shown(organisation, *groups):
        client.force_login(staff(*groups))
        url = reverse("admin:organisations_organisation_change", args=[organisation.pk])
        return client.get(url)

    return shown


def titles(answer):
    return [section.title for section in answer.context["sections"]]


def used(key, day, calls):
    partitions.ensure(day, day)
    UsageDay.objects.create(
        organisation=key.organisation,
        api_key=key,
        api=Api.objects.first(),
        day=day,
        outcome=2,
        **{**dict.fromkeys(SUMS, 0), "calls": calls},
    )


def invite(organisation, number):
    now = timezone.now()
    Invitation.objects.create(
        organisation=organisation,
        email=f"gast-{number}@voorbeeld.example",
        role=Role.DEVELOPER,
        invited_by=organisation.members.first(),
        invited_at=now,
        expires_at=now + datetime.timedelta(days=7),
        link_digest=f"{organisation.pk}-{number}",
    )


def test_support_sees_all_of_it_on_one_page(page, organisation):
    key = organisation.api_keys.get()
    today = timezone.localdate()
    used(key, today, 1234)
    used(key, today.replace(day=1) - datetime.timedelta(days=1), 987)
    invite(organisation, 1)

    html = page(organisation, "support").text

    for told in (
        organisation.members.get().username, "gast-1@voorbeeld.example",
        "wacht op antwoord", key.name, "Actief", "1.234", "987",
    ):  # fmt: skip
        assert told in html
    assert f"/apikeys/apikey/?organisation={organisation.pk}" in html


def test_a_group_sees_what_it_may(page, organisation):
    assert titles(page(organisation, "intake")) == [
        "Gebruikers", "Uitnodigingen", "Contactpersonen", "Mails aan gebruikers",
        "Activiteit",
    ]  # fmt: skip
    assert "Overeenkomsten" in titles(page(organisation, "contracten"))
    assert "API-keys" not in titles(page(organisation, "contracten"))
    assert {"API-keys", "Verbruik"} <= {*titles(page(organisation, "support"))}
    assert "/accounts/user/" not in page(organisation, "intake").text


def test_no_secret_stands_there_nor_the_masked_one(page, organisation):
    key = organisation.api_keys.get()
    [secret] = key.secrets.all()

    html = page(organisation, "support", "contracten", "toezicht").text

    assert secrets.unseal(secret) not in html
    assert secret.public_id not in html


def test_a_key_has_its_own_state(page, organisation):
    blocked = ApiKeyFactory(organisation=organisation)
    apikeys.block(blocked, by=staff("support"), reason="Gelekt")
    turning = ApiKeyFactory(organisation=organisation)
    apikeys.rotate(turning, datetime.timedelta(days=7), by=staff("support"))

    answer = page(organisation, "support")
    [keys] = [one for one in answer.context["sections"] if one.title == "API-keys"]

    states = {row[0].text: row[2].text for row in keys.rows}
    assert states[blocked.name] == "Geblokkeerd"
    assert states[turning.name] == "Wordt vernieuwd"


def test_it_costs_as_much_for_who_has_much_as_for_who_has_little(client, organisation):
    client.force_login(staff("support", "contracten", "toezicht", "intake"))
    url = reverse("admin:organisations_organisation_change", args=[organisation.pk])
    client.get(url)  # once for a session, once for a process
    asked = []
    for rows in (1, 20):
        for number in range(rows):
            member = MembershipFactory(organisation=organisation, role=Role.DEVELOPER)
            invite(organisation, f"{rows}-{number}")
            used(ApiKeyFactory(organisation=organisation), timezone.localdate(), 1)
            Message.objects.create(to=member.user.email, template="x", context={})
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        asked.append(len(captured))
    assert asked[1] <= asked[0] <= MOST


LISTS = [
    "accounts_user", "organisations_invitation", "apikeys_apikey", "mail_message",
    "audit_event", "applications_contract",
]  # fmt: skip


@pytest.mark.parametrize("model", LISTS)
def test_the_full_lists_hold_what_is_of_this_organisation(client, organisation, model):
    other = ApplicationFactory(status=Status.APPROVED).contract.organisation
    for one in (organisation, other):
        invite(one, 1)
    client.force_login(staff("support", "contracten", "toezicht"))
    url = reverse(f"admin:{model}_changelist")

    ours = client.get(url, {"organisation": organisation.pk})
    every = client.get(url, {"organisation": "geen getal"})

    assert (
        0 < ours.context["cl"].queryset.count() < every.context["cl"].queryset.count()
    )
    assert organisation.name in ours.text

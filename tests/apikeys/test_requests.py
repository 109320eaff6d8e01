"""One more key under a contract that runs: a member asks, staff decide."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys import examples, services
from apikeys.models import (
    ApiKey,
    Environment,
    KeyRequest,
    KeyRequestStatus,
    Product,
)
from applications.models import Contract, Status
from applications.services import contracts
from mail.models import Message
from organisations.models import Organisation
from tests.factories import (
    ApiKeyFactory,
    ApplicationFactory,
    MembershipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return MembershipFactory()


@pytest.fixture
def key(administrator):
    return ApiKeyFactory(organisation=administrator.organisation, name="Website")


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


def ask(administrator, name="App", product=None, **more):
    return services.ask_for_key(
        administrator.organisation,
        product or Product.objects.first(),
        name=name,
        purpose="Voor de app",
        by=administrator.user,
        **more,
    )


def test_a_test_key_is_given_where_it_was_asked(administrator, key, staff):
    request = ask(administrator, environment=Environment.TEST)

    extra = services.grant_key(request, by=staff)

    assert extra.environment == Environment.TEST
    assert "_test_" in extra.masked
    assert all("/test/api" in one.code for one in examples.of(extra))
    assert not any("/test/api" in one.code for one in examples.of(key))


def test_a_granted_key_falls_under_the_contract_that_runs(administrator, key, staff):
    request = ask(administrator)

    extra = services.grant_key(request, by=staff)

    assert extra.name == "App"
    assert [*extra.subscriptions.all()] == [*key.subscriptions.all()]
    assert extra.extra_of == key
    mail = Message.objects.get(template="apikeys/emails/key_request_decided")
    assert (mail.to, mail.context["granted"]) == (administrator.user.email, True)


def test_a_refused_key_is_not_made_and_the_reason_is_mailed(administrator, key, staff):
    request = ask(administrator)

    services.refuse_key(request, reason="Niet betaald", by=staff)

    assert ApiKey.objects.count() == 1
    assert Message.objects.get().context["reason"] == "Niet betaald"
    with pytest.raises(services.AlreadyDecided):
        services.grant_key(request, by=staff)


def test_what_no_contract_covers_takes_an_application(administrator, key):
    other = Product.objects.exclude(pk__in=services.covered(key.organisation)).first()

    with pytest.raises(services.NotCovered):
        ask(administrator, product=other)


def test_a_contract_that_ended_meanwhile_gives_no_key(administrator, key, staff):
    request = ask(administrator)
    ApiKey.objects.update(expires_at=timezone.now())

    with pytest.raises(services.NotCovered):
        services.grant_key(request, by=staff)


@pytest.mark.parametrize("name", ["App", "APP"])
def test_one_name_is_asked_for_once(administrator, key, name):
    ask(administrator)

    with pytest.raises(services.AlreadyAsked):
        ask(administrator, name)
    with pytest.raises(services.NameTaken):
        ask(administrator, "WEBSITE")


def test_nobody_decides_for_an_own_organisation(administrator, key, staff):
    request = ask(administrator)
    MembershipFactory(organisation=administrator.organisation, user=staff)

    with pytest.raises(services.OwnRequest):
        services.grant_key(request, by=staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        KeyRequest.objects.update(
            status=KeyRequestStatus.REFUSED,
            reason="x",
            decided_at=timezone.now(),
            decided_by=administrator.user,
        )


def test_an_extra_key_ends_with_the_contract():
    application = ApplicationFactory(status=Status.APPROVED)
    contract = Contract.objects.get(application=application)
    organisation = contract.organisation
    by = organisation.memberships.get()
    request = ask(by, product=contract.api_key.subscriptions.get().product)
    extra = services.grant_key(request, by=UserFactory(is_staff=True))

    last_day = contracts.last_day(timezone.localdate())
    contracts.cancel(contract, ends_on=last_day, by=by.user)

    extra.refresh_from_db()
    assert extra.last_day == last_day
    services.end_subscriptions(contract.api_key, last_day)
    assert not organisation.subscriptions.filter(ends_on=None).exists()

    contracts.take_back(contract, by=by.user)
    extra.refresh_from_db()
    assert extra.expires_at is None


def test_a_key_that_comes_after_cancelling_ends_as_the_contract(
    administrator, key, staff
):
    request = ask(administrator)
    last_day = timezone.localdate() + datetime.timedelta(days=40)
    services.let_work_until(key, last_day, by=staff)

    assert services.grant_key(request, by=staff).last_day == last_day


def test_an_administrator_asks_on_the_page(client, administrator, key):
    client.force_login(administrator.user)
    page = reverse("apikeys:ask", args=[key.organisation.slug])
    assert key.organisation.name in client.get(page).text

    product = services.covered(key.organisation).get()
    wrong = {"product": product.pk, "name": "website", "purpose": "x"}
    wrong["environment"] = "test"
    assert "Zo heet al een key" in client.post(page, wrong).text
    assert "Vul een naam in." in client.post(page, {"product": product.pk}).text
    good = wrong | {"name": "App"}
    html = client.post(page, good, follow=True).text
    assert "Je wacht op <strong>App</strong>" in html
    assert KeyRequest.objects.get().environment == Environment.TEST


def test_who_comes_back_from_a_new_contract_finds_what_was_typed(
    client, administrator, key
):
    client.force_login(administrator.user)
    page = reverse("apikeys:ask", args=[key.organisation.slug])
    product = Product.objects.exclude(pk__in=services.covered(key.organisation)).first()
    typed = {"product": product.pk, "name": "App", "purpose": "Klanten nazoeken"}
    typed["environment"] = "test"
    assert "Nieuwe overeenkomst nodig" in client.post(page, typed).text

    form = client.post(page, typed | {"back": "1"}).context["form"]

    assert {name: str(form[name].value()) for name in typed} == {
        name: str(value) for name, value in typed.items()
    }
    assert not form.is_bound


def test_staff_decide_in_the_admin(client, administrator, key):
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="contracten"))
    client.force_login(person)
    page = "admin:apikeys_keyrequest_change"

    url = reverse(page, args=[ask(administrator, "Een").pk])
    assert "Vul in waarom niet." in client.post(url, {"decision": "refuse"}).text
    client.post(url, {"decision": "refuse", "why_not": "Niet nu"})
    client.post(reverse(page, args=[ask(administrator).pk]), {"decision": "grant"})

    found = {one.name: one.status for one in KeyRequest.objects.all()}
    assert found == {"Een": "refused", "App": "approved"}
    assert Organisation.objects.get().api_keys.count() == 2


def test_support_sees_requests_and_does_not_decide(client, administrator, key):
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="support"))
    client.force_login(person)
    url = reverse("admin:apikeys_keyrequest_change", args=[ask(administrator).pk])

    assert client.get(url).status_code == 200
    assert client.post(url, {"decision": "grant"}).status_code == 403

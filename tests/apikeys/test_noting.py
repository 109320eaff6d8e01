"""What gateways ask, noted without a write per call, and what the pages make of it."""

import datetime

import pytest
from django.db import DatabaseError, IntegrityError
from django.utils import timezone

from apikeys import gateways, overview, secrets, services
from apikeys.gateway import canaries, noting, recent
from apikeys.models import ApiKey, Gateway, KeySecret, RefusedCalls, SecretUse
from apikeys.services import forgetting
from audit.models import Event
from mail.models import Message
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db
WEEK = datetime.timedelta(days=7)


@pytest.fixture(autouse=True)
def nothing_noted():
    """Each test begins with nothing in mind."""
    noting.notes.take()
    canaries._told.clear()
    recent.recent.forget(lambda _answer: True)


@pytest.fixture
def administrator():
    return MembershipFactory()


@pytest.fixture
def key(administrator):
    return ApiKeyFactory(organisation=administrator.organisation)


@pytest.fixture
def secret(key):
    return secrets.unseal(key.secrets.get())


@pytest.fixture
def ask(client):
    token = gateways.renew_token(Gateway(name="Gateway 1"), by=UserFactory())

    def asked(apikey, address="192.0.2.7", api="", **headers):
        sent = {"Authorization": f"Bearer {token}", "apikey": apikey, "X-Api": api}
        sent["X-Caller-Address"] = address
        return client.get("/gateway/v1/verify", headers=sent | headers)

    return asked


def changed(key):
    """This process hears of it, as in production through NOTIFY."""
    recent.recent.forget(lambda _answer: True)


def refusal(response):
    return response.status_code, response["X-Refusal"]


def test_a_call_costs_no_write(ask, secret, django_assert_num_queries):
    ask(secret)

    with django_assert_num_queries(0):
        for _ in range(100):
            ask(secret)


def test_a_use_is_kept_with_api_network_and_time(ask, key, secret):
    for _ in range(3):
        ask(secret, "192.0.2.7", key.apis[0].slug)
    ask(secret, "2001:db8:1:2::3")

    noting.write()

    kept = {(use.api, use.network): use.asked for use in SecretUse.objects.all()}
    assert kept == {
        (key.apis[0], "192.0.2.0/24"): 3,
        (None, "2001:db8:1::/48"): 1,
    }
    assert ApiKey.objects.with_last_use().get().last_used_at
    assert overview.last_use(key).network == "2001:db8:1::/48"


def test_what_is_written_adds_up(ask, secret):
    for _ in range(2):
        ask(secret)
        noting.write()

    assert SecretUse.objects.get().asked == 2


def test_what_cannot_be_written_is_kept_for_later(ask, secret, monkeypatch):
    def away(*_sums):
        raise DatabaseError

    ask(secret)
    with monkeypatch.context() as patch:
        patch.setattr(noting, "_write", away)
        noting.write()
    ask(secret)

    noting.write()

    assert SecretUse.objects.get().asked == 2


def test_an_address_that_is_none_is_no_network(ask, secret):
    ask(secret, "nonsense")

    noting.write()

    assert SecretUse.objects.get().network is None


def test_the_old_secret_is_watched_until_it_is_safe_to_end(ask, key, secret):
    ask(secret)
    noting.write()
    services.rotate(key, WEEK, by=member_of(key))
    key = ApiKey.objects.with_details().get(pk=key.pk)
    [old] = overview.old_secrets(key)
    assert (old.asked, old.last, old.is_safe_to_end) == (0, None, False)

    ask(secret)
    noting.write()
    [old] = overview.old_secrets(key)
    assert (old.asked, old.last.network, old.is_safe_to_end) == (
        1,
        "192.0.2.0/24",
        False,
    )

    two_days_ago = timezone.now() - datetime.timedelta(days=2)
    SecretUse.objects.update(last_at=two_days_ago)
    KeySecret.objects.filter(expires_at=None).update(created_at=two_days_ago)
    old.secret.created_at = two_days_ago - WEEK
    old.secret.save()
    [old] = overview.old_secrets(ApiKey.objects.with_details().get(pk=key.pk))
    assert old.is_safe_to_end


@pytest.mark.parametrize(
    ("address", "passes"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::1", True),
        ("198.51.100.1", False),
        ("2001:db9::1", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_a_key_works_from_its_networks_only(ask, key, secret, address, passes):
    networks = ["192.0.2.0/24", "2001:db8::/48"]
    services.restrict(key, networks=networks, apis=[], by=member_of(key))
    changed(key)

    response = ask(secret, address)

    assert (response.status_code == 204) == passes
    if not passes:
        assert refusal(response) == (403, "address")


def test_of_a_list_of_addresses_the_first_counts(ask, key, secret, settings):
    settings.CALLER_HEADER = "X-Forwarded-For"
    services.restrict(key, networks=["192.0.2.0/24"], apis=[], by=member_of(key))
    forwarded = {"X-Forwarded-For": "192.0.2.7, 198.51.100.1"}

    assert ask(secret, "198.51.100.1", **forwarded).status_code == 204


def test_a_key_opens_no_api_that_it_is_kept_from(ask, key, secret):
    allowed, other = key.apis[:2]
    services.restrict(key, networks=[], apis=[allowed], by=member_of(key))
    changed(key)

    assert ask(secret, api=allowed.slug).status_code == 204
    assert refusal(ask(secret, api=other.slug)) == (403, "wrong-api")


def test_a_key_for_tests_opens_nothing_in_production(ask, administrator):
    key = ApiKeyFactory(organisation=administrator.organisation, environment="test")
    text = secrets.unseal(key.secrets.get())

    assert refusal(ask(text)) == (403, "environment")
    assert ask(text, **{"X-Environment": "test"}).status_code == 204


def test_a_key_for_production_opens_nothing_in_the_test_environment(ask, secret):
    assert refusal(ask(secret, **{"X-Environment": "test"})) == (403, "environment")


def test_the_end_that_an_administrator_chose_counts_at_the_gateway(ask, key, secret):
    yesterday = timezone.now() - datetime.timedelta(days=1)
    ApiKey.objects.filter(pk=key.pk).update(stops_at=yesterday)
    changed(key)

    assert refusal(ask(secret)) == (401, "ended")


def test_the_old_secret_passes_until_its_end(ask, key, secret):
    new = services.rotate(key, WEEK, by=member_of(key))
    changed(key)
    assert ask(secret).status_code == 204
    assert ask(secrets.unseal(new)).status_code == 204

    services.end_old_secret(key.secrets.exclude(pk=new.pk).get(), by=member_of(key))
    changed(key)
    assert refusal(ask(secret)) == (401, "expired")
    assert ask(secrets.unseal(new)).status_code == 204


def test_refused_calls_are_summed_by_reason_and_hour(ask, key, secret):
    services.block(key, by=UserFactory(), reason="Gelekt")
    changed(key)
    for _ in range(3):
        ask(secret, api=key.apis[0].slug)
    ask(secret[:-1])  # a typing error: told by the part that is public

    noting.write()

    found = {one.reason: (one.asked, one.label) for one in overview.refused(key)}
    assert found == {"blocked": (3, "Key geblokkeerd"), "unknown": (1, "Onbekende key")}
    hours = [*overview.refused_hours(key)]
    assert {hour.api for hour in hours} == {key.apis[0], None}


def test_refused_calls_of_nobodys_key_are_not_kept(ask):
    ask(secrets.new("00000000"))
    ask("nonsense")

    noting.write()

    assert not RefusedCalls.objects.exists()


def test_nothing_of_a_call_is_kept_but_its_sums(ask, secret):
    ask(secret[:-1])

    assert secret[:-1] not in str(noting.notes.refused)


def test_what_was_asked_is_forgotten_in_time(ask, key, secret):
    ask(secret)
    ask(secret[:-1])
    noting.write()
    forgetting.forget()
    assert SecretUse.objects.count() == RefusedCalls.objects.count() == 1

    long_ago = timezone.now() - datetime.timedelta(days=91)
    SecretUse.objects.update(last_at=long_ago)
    RefusedCalls.objects.update(hour=timezone.now() - datetime.timedelta(days=31))
    forgetting.forget()
    assert not SecretUse.objects.exists()
    assert not RefusedCalls.objects.exists()


@pytest.fixture
def canary(administrator):
    return services.make_canary(
        administrator.organisation, name="Lok", by=administrator.user
    )


def test_a_canary_is_answered_as_what_is_unknown(ask, canary):
    decoy = secrets.unseal(canary.secrets.get())

    answers = [ask(decoy), ask(decoy), ask(secrets.new("00000000"))]

    assert {refusal(answer) for answer in answers} == {(401, "unknown")}
    assert len({answer["Cache-Control"] for answer in answers}) == 1
    assert len({answer.content for answer in answers}) == 1


def test_a_canary_that_is_used_alerts_once_an_hour(ask, canary, administrator):
    decoy = secrets.unseal(canary.secrets.get())
    for _ in range(3):
        ask(decoy)
        canaries._told.clear()  # as another process

    mail = Message.objects.get(template="apikeys/emails/canary_used")
    assert mail.to == administrator.user.email
    assert mail.context["network"] == "192.0.2.0/24"
    assert Event.objects.filter(kind="key.canary_used").count() == 1


def test_a_canary_that_was_retired_alerts_nobody(ask, canary, administrator):
    decoy = secrets.unseal(canary.secrets.get())
    for _ in range(2):
        services.retire_canary(canary, by=administrator.user)

    assert refusal(ask(decoy)) == (401, "unknown")
    assert services.leaked(decoy, url="https://code.example", scanner="een")

    assert not Message.objects.exists()
    assert Event.objects.filter(kind="key.canary_retired").count() == 1
    with pytest.raises(services.KeyOver):
        services.reveal(canary, by=administrator.user)


def test_an_organisation_has_so_many_canaries_and_no_more(
    canary, administrator, settings
):
    settings.MOST_CANARIES = 1

    with pytest.raises(services.TooManyCanaries):
        services.make_canary(canary.organisation, name="Lok", by=administrator.user)
    services.retire_canary(canary, by=administrator.user)
    services.make_canary(canary.organisation, name="Lok", by=administrator.user)


def test_the_database_retires_no_key(key):
    with pytest.raises(IntegrityError):
        ApiKey.objects.filter(pk=key.pk).update(retired_at=timezone.now())


def test_a_guess_at_a_canary_alerts_nobody(ask, canary):
    ask(secrets.new(canary.secrets.get().public_id))

    assert not Message.objects.exists()


def test_an_alert_that_fails_costs_no_answer(ask, canary, monkeypatch):
    def away(*_arguments, **_more):
        raise DatabaseError

    monkeypatch.setattr(services, "canary_used", away)

    assert ask(secrets.unseal(canary.secrets.get())).status_code == 401

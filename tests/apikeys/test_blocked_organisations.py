"""What gateways are answered about the keys of an organisation that staff blocked."""

import pytest

from apikeys import secrets
from apikeys import services as apikeys
from apikeys.gateway import recent
from apikeys.models import ApiKey
from organisations.services import blocking
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sara():
    return UserFactory(name="Sara Support", is_staff=True)


def secret_of(key):
    return secrets.unseal(key.secrets.get())


def test_no_key_works_and_the_client_reads_that_it_is_not_the_key(ask, key, sara):
    assert ask(secret_of(key)).status_code == 204

    blocking.block(key.organisation, reason="Misbruik", by=sara)
    recent.recent.forget(recent.meant_by(f"of {key.organisation.slug}"))

    answer = ask(secret_of(key))
    assert (answer.status_code, answer["X-Refusal"]) == (403, "organisation")
    assert "Your organisation is blocked" in answer.json()["detail"]


def test_what_is_told_of_one_organisation_is_forgotten_of_no_other(ask, key):
    ask(secret_of(key))
    kept = dict(recent.recent.kept)

    recent.recent.forget(recent.meant_by("of nobody"))
    assert recent.recent.kept.keys() == kept.keys()
    recent.recent.forget(recent.meant_by(f"of {key.organisation.slug}"))
    assert len(recent.recent.kept) == len(kept) - 1


def test_unblocking_restores_the_keys_that_were_fine_and_no_other(ask, key, sara):
    fine, stopped = (ApiKeyFactory(organisation=key.organisation) for _ in range(2))
    apikeys.block(stopped, by=sara, reason="Gelekt")
    before = list(ApiKey.objects.order_by("pk").values())

    blocking.block(key.organisation, reason="Misbruik", by=sara)
    blocking.unblock(key.organisation, reason="Opgelost", by=sara)

    assert list(ApiKey.objects.order_by("pk").values()) == before
    assert ask(secret_of(fine)).status_code == 204
    assert ask(secret_of(stopped))["X-Refusal"] == "blocked"

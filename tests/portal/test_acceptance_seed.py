import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import User
from applications.models import Status
from portal.management import marked
from tests.walk import tell_ids_apart

pytestmark = pytest.mark.django_db


def printed(seed):
    """What the command says on an empty database; nothing of it stays."""
    out = io.StringIO()
    with transaction.atomic():
        tell_ids_apart()
        call_command("acceptance_seed", seed=seed, stdout=out)
        transaction.set_rollback(True)
    return out.getvalue()


def settled(text):
    """The same without what VARIES says, which is random by nature."""
    world = json.loads(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text))
    world.pop("gateways")
    for one in world["organisations"].values():
        one["ids"].pop("code")
    return world, [one.pop("random") for one in world["organisations"].values()]


def test_the_same_seed_makes_the_same_world(monkeypatch):
    monkeypatch.setattr(marked, "LETTERS", "a")

    (first, random), (again, _), (other, _) = map(
        settled, [printed(5), printed(5), printed(6)]
    )

    assert first == again
    assert first["organisations"]["a"]["slug"] != other["organisations"]["a"]["slug"]
    people = first["organisations"]["a"]["people"]
    assert [one["role"] for one in people.values()] == [
        "administrator", "administrator", "developer", "developer", None, "developer"
    ]  # fmt: skip
    assert [bool(one["totp"]) for one in people.values()] == [
        False, True, False, True, False, False
    ]  # fmt: skip
    assert set(first["organisations"]["a"]["applications"]) == {
        *Status.values, "approved_2"
    }  # fmt: skip
    assert len(random[0]["recovery_codes"]["administrator_2"]) == 10


def test_it_is_made_once(monkeypatch):
    monkeypatch.setattr(marked, "LETTERS", "a")
    call_command("acceptance_seed", stdout=io.StringIO())

    with pytest.raises(CommandError, match="here already"):
        call_command("acceptance_seed")


def test_it_refuses_in_production(settings):
    settings.DEVELOPMENT = False

    with pytest.raises(CommandError, match="production"):
        call_command("acceptance_seed")
    assert not User.objects.exists()

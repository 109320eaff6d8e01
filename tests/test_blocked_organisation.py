"""Members of an organisation that staff blocked read, and change nothing."""

import pytest

from organisations.models import Organisation
from organisations.roles import Permission
from portal.management.commands.permissions import every_url, mark, methods
from tests.walk import address

pytestmark = pytest.mark.django_db
WHILE_BLOCKED = {"organisations:intervention"}


def test_no_address_of_an_organisation_takes_anything_from_its_members(world):
    """Whatever is sent, by htmx or not; but who staff mean to replace can object."""
    organisation = Organisation.objects.get(slug=world.ids["a"]["slug"][0])
    Organisation.objects.filter(pk=organisation.pk).update(
        blocked_at="2026-01-01T00:00Z", blocked_reason="Misbruik"
    )
    alice = world.people["administrator of a"]
    taken, asked = [], 0
    for name, view, pattern, _path in every_url():
        if not isinstance(mark(name, view), Permission) or "POST" not in methods(view):
            continue
        url = address(name, world.values(name, pattern, "a"))
        asked += 1
        if world.ask(alice, "post", url).status != 403:
            taken.append(name)

    assert asked > 25
    assert set(taken) == WHILE_BLOCKED

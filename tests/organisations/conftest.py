import pytest

from tests.factories import MembershipFactory, OwnLoginFactory
from tests.hostile_provider import HostileProvider


@pytest.fixture
def provider(settings):
    """A provider on this machine that says what the test wants."""
    settings.OWN_LOGIN_PRIVATE_ADDRESSES = True
    provider = HostileProvider()
    yield provider
    provider.stop()


@pytest.fixture
def own(provider, db):
    return OwnLoginFactory(issuer=provider.url)


@pytest.fixture
def jan(own):
    return MembershipFactory(
        organisation=own.organisation,
        role="developer",
        user__name="Jan",
        user__email="jan@voorbeeld.example",
    )

import pytest

from tests.applications.filling import fill_in_all


@pytest.fixture
def filled_in(client):
    """A browser in which everything was filled in, and nothing sent."""
    fill_in_all(client)
    return client

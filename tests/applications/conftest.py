import importlib

import pgtrigger
import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from apikeys.models import Product
from applications.models import DocumentTemplate
from tests.applications.filling import fill_in_all
from tests.factories import PASSWORD


@pytest.fixture
def filled_in(client):
    """A browser in which everything was filled in, and nothing sent."""
    fill_in_all(client)
    return client


@pytest.fixture
def committed(transactional_db):
    """What is written is seen by other connections; with what migrations put there, which
    an earlier test of this kind has emptied.
    """
    if not Product.objects.exists():
        old_prices = pgtrigger.ignore("apikeys.Price:stays_what_it_was")
        with transaction.atomic(), old_prices:
            for name, step in [
                ("apikeys.migrations.0003_catalogue", "add"),
                ("applications.migrations.0002_first_document_templates", "create"),
                ("applications.migrations.0009_mandate_1_1", "create"),
            ]:
                getattr(importlib.import_module(name), step)(apps, None)
        DocumentTemplate.objects.filter(published_at=None).update(
            published_at=timezone.now()
        )


@pytest.fixture
def sign_in(client):
    """Let a person type the password in this browser, a moment ago."""

    def sign_in(person):
        client.post("/account/login/", {"login": person.username, "password": PASSWORD})
        client.post("/account/reauthenticate/", {"password": PASSWORD})

    return sign_in

"""Two that are one organisation: a double with another product, and who may merge them."""

import pytest
from django.contrib.auth.models import Group

from apikeys.models import Api, Product
from applications.models import Status
from applications.services import merging
from organisations.models import Organisation
from tests.factories import ApplicationFactory, UserFactory


def staff(group):
    person = UserFactory(is_staff=True, name=f"{group.title()} Medewerker")
    person.groups.add(Group.objects.get_or_create(name=group)[0])
    return person


def another_product():
    product, _ = Product.objects.get_or_create(
        slug="los", defaults={"name": "Los", "calls_per_month": 1000}
    )
    product.apis.add(Api.objects.get_or_create(slug="los", defaults={"name": "Los"})[0])
    return product


def contract(**answers):
    return ApplicationFactory(status=Status.APPROVED, **answers).contract


@pytest.fixture
def into(db):
    """The one that stays."""
    return contract(name="Donald BV").organisation


@pytest.fixture
def double(db):
    another_product()
    return contract(name="Donnald BV", products=["los"]).organisation


@pytest.fixture
def coen():
    return staff("contracten")


@pytest.fixture
def carla():
    return staff("contracten")


def propose(double, into, by):
    return merging.propose(
        double, into, reason="Typefout in het nummer.", checked="Gebeld.", by=by
    )


def merge(double, into):
    """One proposes and another approves; gives both as they are then."""
    proposed = propose(double, into, staff("contracten"))
    merging.approve(proposed, by=staff("contracten"))
    return [Organisation.objects.get(pk=one.pk) for one in (double, into)]

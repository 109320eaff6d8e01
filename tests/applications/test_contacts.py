"""Whom we write to about an organisation: from its application, also for older ones."""

import importlib

import pytest
from django.apps import apps

from applications.models import Status
from organisations.models import Contact
from organisations.services import details
from tests.factories import ApplicationFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

TECHNICAL = {
    "technical_same": False,
    "technical_name": "Tom Techniek",
    "technical_function": "Bouwer",
    "technical_email": "tom@bedrijf.example",
    "technical_phone": "+31205551234",
}


def migration(name, step):
    return getattr(importlib.import_module(name), step)


def named(organisation):
    return {one.kind: one.name for one in organisation.contacts.current()}


def test_approval_makes_the_contacts_that_were_asked_for():
    contract = ApplicationFactory(status=Status.APPROVED, **TECHNICAL).contract

    assert named(contract.organisation) == {
        "contract": "Katrijn Inkoop",
        "technical": "Tom Techniek",
    }


def test_approval_keeps_the_postal_address_in_parts():
    contract = ApplicationFactory(
        status=Status.APPROVED,
        postal_same=False,
        postal_street="Postbus 1",
        postal_postcode="1234 AB",
        postal_city="Ergens",
    ).contract

    assert details.address(contract.organisation)["postal_street"] == "Postbus 1"
    assert details.address(contract.organisation)["postal_same"] is False


def test_organisations_that_existed_get_the_contacts_of_their_contract():
    contract = ApplicationFactory(status=Status.APPROVED, **TECHNICAL).contract
    Contact.objects.all().delete()
    give = migration(
        "applications.migrations.0007_contacts_of_customers", "give_contacts"
    )

    give(apps, None)
    give(apps, None)

    assert named(contract.organisation) == {
        "contract": "Katrijn Inkoop",
        "technical": "Tom Techniek",
    }


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("Postbus 1, 1234 AB, Ergens", ["Postbus 1", "1234 AB", "Ergens"]),
        ("Huis A, laan 2, 1234 AB, Ergens", ["Huis A, laan 2", "1234 AB", "Ergens"]),
        ("", ["", "", ""]),
    ],
)
def test_a_postal_address_of_one_line_is_split(line, parts):
    organisation = OrganisationFactory(postal_address=line)

    migration("organisations.migrations.0009_postal_address_in_parts", "split")(
        apps, None
    )

    organisation.refresh_from_db()
    assert [getattr(organisation, name) for name in details.POSTAL] == parts

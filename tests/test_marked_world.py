"""The world of the proof has of everything one for each organisation, or the walk walks past it."""

import pytest
from django.apps import apps

from accounts.models import User
from organisations.models import Organisation
from portal.management import marked

pytestmark = pytest.mark.django_db

OWNERS = {Organisation, User}
WITHOUT_A_ROW = {
    "account.emailconfirmation": "allauth's; a new address waits in accounts.EmailChange",
    "accounts.rightsreview": "one of the operator's people signs for the others",
    "accounts.user_groups": "only the operator's people are in a group",
    "accounts.user_user_permissions": "nobody has rights of their own beside a group's",
    "applications.documenttemplate": "the operator's texts",
    "applications.termsround": "the operator asks everybody the same",
    "admin.logentry": "of what staff did in the admin; the seed uses no admin",
    "applications.billingmonth": "a month goes to billing of all together",
    "applications.directdebit": "one file collects a month of all together",
    "socialaccount.socialtoken": "what a provider gives is not kept",
    "usersessions.usersession": "who signs in makes it: tests/walk.py has everybody do so",
}


def targets(model):
    return {
        each.related_model for each in model._meta.concrete_fields if each.remote_field
    }


def is_somebodys(model):
    """Whether its rows lead to an organisation or a person, at once or by one step."""
    led_to = targets(model)
    return bool(OWNERS & led_to) or any(OWNERS & targets(next_) for next_ in led_to)


def test_every_organisation_has_a_row_of_all_that_can_be_somebodys():
    made = marked.build(seed=1)["organisations"]
    somebodys = {
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and is_somebodys(model)
    }

    lacking = {
        letter: sorted(somebodys - WITHOUT_A_ROW.keys() - one["rows"].keys())
        for letter, one in made.items()
    }

    assert lacking == {letter: [] for letter in made}
    assert WITHOUT_A_ROW.keys() <= somebodys

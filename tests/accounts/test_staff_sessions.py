import time

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.staff_sessions import LAST_ACT
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
START = "/beheer/"


@pytest.fixture
def staff():
    staff = UserFactory(is_staff=True)
    staff.groups.add(Group.objects.get(name="support"))
    rights = Permission.objects.filter(codename__in=["view_user", "change_user"])
    staff.user_permissions.set(rights)
    return staff


def left_alone(client, *, minutes, signed_in_hours=0):
    """As if the last act was that long ago."""
    session, then = client.session, time.time() - minutes * 60
    session[LAST_ACT] = then
    session["account_authentication_methods"] = [
        {"method": "password", "at": then - signed_in_hours * 3600}
    ]
    session.save()


def is_asked(answer):
    return answer.headers.get("Location", "").startswith("/account/reauthenticate/")


def test_who_goes_on_working_is_not_asked(staff):
    client = signed_in(staff)
    left_alone(client, minutes=29)

    assert client.get(START).status_code == 200
    assert time.time() - client.session[LAST_ACT] < 60


def test_who_left_the_desk_proves_anew_who_they_are(staff):
    client = signed_in(staff)
    left_alone(client, minutes=31)

    asked = client.get(START)
    assert is_asked(asked)
    assert is_asked(client.get(START))  # and cannot go on without
    back = client.post(asked["Location"], {"password": PASSWORD, "next": START})

    assert back["Location"] == START
    assert client.get(START).status_code == 200


def test_what_was_typed_before_is_not_lost(staff):
    client, person = signed_in(staff), UserFactory(name="Jan")
    page = reverse("admin:accounts_user_change", args=[person.pk])
    left_alone(client, minutes=31)
    form = {"name": "Jan Jansen", "email": person.email, "language": "nl"}

    asked = client.post(page, {**form, "is_active": "on"})
    person.refresh_from_db()
    assert person.name == "Jan"
    client.post(asked["Location"], {"password": PASSWORD, "next": page})

    person.refresh_from_db()
    assert person.name == "Jan Jansen"


def test_a_day_ends(staff):
    client = signed_in(staff)
    left_alone(client, minutes=1, signed_in_hours=12)

    answer = client.get(START, follow=True)

    assert answer.redirect_chain[-1][0].startswith("/account/login/")
    assert "_auth_user_id" not in client.session


def test_members_go_on(settings):
    member = MembershipFactory()
    client = signed_in(member.user)
    left_alone(client, minutes=300)

    assert client.get(f"/mijn/{member.organisation.slug}/").status_code == 200

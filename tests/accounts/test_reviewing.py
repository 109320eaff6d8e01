import datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import ProgrammingError, transaction
from django.urls import reverse

from accounts import reviewing
from accounts.models import RightsReview
from audit.models import Event
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = reverse("admin:accounts_rightsreview_now")
TAKE = reverse("admin:accounts_rightsreview_take_away")


def one_of(group, **fields):
    person = UserFactory(is_staff=True, **fields)
    person.groups.add(Group.objects.get(name=group))
    return person


@pytest.fixture
def tara():
    return one_of("toezicht", name="Tara Toezicht")


@pytest.fixture
def inge():
    return one_of("intake", name="Inge Intake")


def sign(client, **answers):
    seen = client.get(NOW).context["form"]["seen"].value()
    return client.post(NOW, {"seen": seen, **answers}, follow=True)


def test_the_list_says_who_may_what(client, tara, inge):
    UserFactory(name="Een Klant")
    one_of("support", name="Wie Weg", is_active=False)
    client.force_login(tara)

    page = client.get(NOW).text

    assert "Inge Intake" in page
    assert "Tara Toezicht" in page
    assert "Een Klant" not in page
    assert "Wie Weg" not in page


def test_two_sign_for_a_quarter(client, tara, inge):
    assert reviewing.is_due()
    client.force_login(tara)
    assert "Getekend." in sign(client, remark="Inge is terug van verlof.").text
    assert reviewing.is_due()
    assert "voor dit kwartaal al getekend" in sign(client).text

    client.force_login(one_of("toezicht"))
    sign(client)

    assert not reviewing.is_due()
    first = RightsReview.objects.get(signed_by=tara)
    assert [one["groups"] for one in first.seen] == [["toezicht"], ["intake"]]
    assert Event.objects.filter(kind="rights.reviewed").count() == 2
    shown = client.get(reverse("admin:accounts_rightsreview_change", args=[first.pk]))
    assert "Inge Intake" in shown.text


def test_nobody_signs_for_other_rights_than_were_shown(client, tara, inge):
    client.force_login(tara)
    seen = client.get(NOW).context["form"]["seen"].value()
    inge.groups.add(Group.objects.get(name="contracten"))

    answer = client.post(NOW, {"seen": seen}, follow=True)

    assert "Er is iets veranderd." in answer.text
    assert not RightsReview.objects.exists()


def test_a_right_that_nobody_needs_is_taken_away(client, tara, inge):
    client.force_login(tara)

    client.post(TAKE, {"person": inge.pk, "group": "intake"})

    assert not inge.groups.exists()
    event = Event.objects.get(kind="rights.taken_away")
    assert (event.by, event.data) == (tara, {"group": "intake"})


def test_ones_own_rights_are_taken_away_by_another(client, tara):
    client.force_login(tara)

    answer = client.post(TAKE, {"person": tara.pk, "group": "toezicht"}, follow=True)

    assert "Je eigen rechten neemt een ander af." in answer.text
    assert tara.groups.exists()


@pytest.mark.parametrize("group", ["intake", "contracten", "support"])
def test_other_groups_do_not_judge(client, inge, group):
    client.force_login(one_of(group))

    assert client.get(NOW).status_code == 403
    assert client.post(TAKE, {"person": inge.pk, "group": "intake"}).status_code == 403


def test_what_was_signed_stays(tara):
    review = reviewing.sign(reviewing.digest(reviewing.lines()), remark="", by=tara)

    for change in (
        lambda rows: rows.update(remark="Anders"),
        lambda rows: rows.delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change(RightsReview.objects.filter(pk=review.pk))


@pytest.mark.parametrize(
    ("day", "first"),
    [
        ("2026-01-01", "2026-01-01"),
        ("2026-11-28", "2026-10-01"),
        ("2026-06-30", "2026-04-01"),
    ],
)
def test_a_quarter_begins_on_its_first_day(day, first):
    found = reviewing.quarter(datetime.date.fromisoformat(day))

    assert found == datetime.date.fromisoformat(first)


def test_the_list_takes_as_many_queries_whatever_its_length(
    client, tara, django_assert_max_num_queries
):
    for _each in range(20):
        one_of("support").user_permissions.add(Permission.objects.first())
    client.force_login(tara)
    client.get(NOW)  # the first page of a visit notes that it began

    with django_assert_max_num_queries(12):
        client.get(NOW)

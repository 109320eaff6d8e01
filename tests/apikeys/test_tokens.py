"""Personal tokens: shown once, good for what their person may read, over at once."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts import services as accounts
from accounts.models import User
from apikeys import tokens
from apikeys.models import Outcome, PersonalToken
from apikeys.views import tokens as views_tokens
from audit.models import Event
from organisations.models import OwnLogin, OwnLoginStatus
from organisations.roles import Role
from organisations.services import members
from portal.management.world import PASSWORD
from tests.apikeys.counted import count
from tests.factories import (
    ApiKeyFactory,
    MembershipFactory,
    OwnLoginFactory,
    UserFactory,
)

MINE = reverse("apikeys:tokens")


@pytest.fixture
def member(db):
    return MembershipFactory(role=Role.DEVELOPER)


@pytest.fixture
def token(member):
    return tokens.make(member.user, name="Maandrapport")


@pytest.fixture
def read(client, token):
    def get(organisation, shown=None, **query):
        url = reverse("apikeys:usage_json", args=[organisation.slug])
        headers = {"Authorization": f"Bearer {shown or token}"}
        return client.get(url, query, headers=headers)

    return get


@pytest.fixture
def signed_in(client, member):
    client.force_login(member.user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_a_script_reads_the_numbers_of_the_page(read, member):
    key = ApiKeyFactory(organisation=member.organisation, name="Website")
    basis = next(api for api in key.apis if api.slug == "basisprofiel")
    count(key, timezone.now(), 90, api=basis)
    count(key, timezone.now(), 10, api=basis, outcome=Outcome.LIMITED)

    answer = read(member.organisation, period="7").json()

    assert answer["total"]["calls"] == 100
    assert answer["total"]["outcomes"]["limited"] == 10
    assert len(answer["moments"]) == 7
    assert answer["apis"][0]["api"] == "basisprofiel"
    assert answer["keys"][0]["name"] == "Website"
    assert answer["costs"]["soFar"] == "8.20"
    assert answer["quotas"][0]["used"] == 90


def test_a_question_that_makes_no_sense_is_told_what_is_wrong(read, member):
    response = read(member.organisation, period="eigen", first="gisteren", key="999")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    names = {one["name"] for one in response.json()["invalidParams"]}
    assert names == {"first", "last", "key"}


@pytest.mark.parametrize("shown", ["pt_geraden", "x"])
def test_a_token_that_is_none_opens_nothing(read, member, shown):
    response = read(member.organisation, shown=shown)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_token(client, member):
    client.force_login(member.user)

    url = reverse("apikeys:usage_json", args=[member.organisation.slug])
    assert client.get(url).status_code == 401


def test_another_organisation_is_not_there(read):
    other = MembershipFactory()

    assert read(other.organisation).status_code == 404


def test_who_is_removed_reads_nothing_from_then_on(read, member):
    administrator = MembershipFactory(organisation=member.organisation)
    assert read(member.organisation).status_code == 200

    members.remove_member(member, by=administrator.user)

    assert read(member.organisation).status_code == 404


def test_a_closed_account_has_no_tokens(read, member):
    organisation = member.organisation
    accounts.close(member.user)

    assert read(organisation).status_code == 401


def test_an_ended_token_opens_nothing(read, member):
    tokens.end(PersonalToken.objects.get(), by=member.user)

    assert read(member.organisation).status_code == 401


def test_a_second_factor_that_all_need_is_needed_by_tokens_too(read, member):
    member.organisation.second_factor_from = timezone.localdate()
    member.organisation.save()

    assert read(member.organisation).status_code == 403


def test_a_token_does_not_go_round_the_own_login_of_an_organisation(read, member):
    User.objects.filter(pk=member.user_id).update(email="jan@voorbeeld.example")
    own = OwnLoginFactory(organisation=member.organisation)
    assert read(member.organisation).status_code == 200
    OwnLogin.objects.filter(pk=own.pk).update(status=OwnLoginStatus.ENFORCED)

    answer = read(member.organisation)

    assert answer.status_code == 403
    assert "own login" in answer.json()["detail"]


def test_guessing_is_stopped(read, member, monkeypatch):
    monkeypatch.setattr(views_tokens, "GUESSES", limits.Limit("personal_token", 2))
    for _ in range(3):
        response = read(member.organisation, shown="pt_x")

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_reading_has_its_measure_and_counts_no_guess(read, member, monkeypatch):
    monkeypatch.setattr(views_tokens, "GUESSES", limits.Limit("personal_token", 1))
    monkeypatch.setattr(views_tokens, "READS", limits.Limit("usage_json", 2, 60))

    statuses = [read(member.organisation).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_a_token_is_kept_as_a_digest_and_shown_once(signed_in, member):
    html = signed_in.post(MINE, {"name": "Server"}).text

    made = PersonalToken.objects.get(user=member.user)
    shown = html.split("pt_")[1][:43]
    assert made.digest not in html
    assert f"pt_{shown}" not in signed_in.get(MINE).text
    assert tokens.recognise(f"Bearer pt_{shown}") == made
    assert shown not in str(list(Event.objects.values_list("data", flat=True)))


def test_making_one_asks_for_the_password_first(client, member):
    client.force_login(member.user)

    response = client.post(MINE, {"name": "Server"})

    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert not PersonalToken.objects.exists()


def test_a_name_is_used_once_at_a_time(signed_in, member, token):
    html = signed_in.post(MINE, {"name": "Maandrapport"}).text
    assert "Je hebt al een token met deze naam." in html

    tokens.end(PersonalToken.objects.get(), by=member.user)
    assert "pt_" in signed_in.post(MINE, {"name": "Maandrapport"}).text


def test_one_ends_ones_own_and_nobody_elses(signed_in, member, token):
    tokens.make(UserFactory(), name="Van een ander")
    own, other = (
        PersonalToken.objects.get(user=member.user),
        PersonalToken.objects.exclude(user=member.user).get(),
    )

    signed_in.post(reverse("apikeys:end_token", args=[own.pk]))
    response = signed_in.post(reverse("apikeys:end_token", args=[other.pk]))

    own.refresh_from_db()
    other.refresh_from_db()
    assert own.ended_at
    assert response.status_code == 404
    assert other.ended_at is None


def test_when_it_was_used_is_noted_once_a_minute(read, member):
    read(member.organisation)
    first = PersonalToken.objects.get().last_used_at
    read(member.organisation)

    assert first
    assert PersonalToken.objects.get().last_used_at == first
    assert first > timezone.now() - datetime.timedelta(minutes=1)

import datetime
import re

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from apikeys import gateways
from apikeys.models import Gateway
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "/beheer/apikeys/gateway/"


@pytest.fixture
def operator(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def token_in(response):
    return re.search(r"gw_[\w-]{43}", response.text)[0]


def opened_by(token):
    return gateways.recognise(f"Bearer {token}")


def test_a_new_gateway_gets_a_token_that_is_shown_once(operator):
    response = operator.post(f"{LIST}add/", {"name": "Gateway 1"})

    gateway = Gateway.objects.get()
    token = token_in(response)
    assert opened_by(token) == gateway
    assert token not in operator.get(f"{LIST}{gateway.pk}/change/").text
    assert not any(token in str(each.get_decoded()) for each in Session.objects.all())


def test_another_token_ends_the_one_before(operator):
    before = token_in(operator.post(f"{LIST}add/", {"name": "Gateway 1"}))
    change = f"{LIST}{Gateway.objects.get().pk}/change/"

    after = token_in(operator.post(change, {"name": "Gateway 1", "_renew": "1"}))

    assert opened_by(before) is None
    assert opened_by(after)


def test_a_stopped_gateway_comes_back_with_another_token(operator):
    before = token_in(operator.post(f"{LIST}add/", {"name": "Gateway 1"}))
    change = f"{LIST}{Gateway.objects.get().pk}/change/"

    operator.post(change, {"name": "Gateway 1", "_stop": "1"})
    assert opened_by(before) is None

    after = token_in(operator.post(change, {"name": "Gateway 1", "_renew": "1"}))
    assert opened_by(after)


def test_the_token_is_not_kept_readable(operator):
    token = token_in(operator.post(f"{LIST}add/", {"name": "Gateway 1"}))

    assert token not in str(Gateway.objects.values_list())


def test_the_list_tells_who_lags_and_who_was_never_seen(operator):
    now = timezone.now()
    Gateway.objects.create(
        name="Laat",
        token_digest="a",
        last_seen_at=now - datetime.timedelta(minutes=3),
        reported_until=now - datetime.timedelta(hours=5),
    )
    Gateway.objects.create(name="Nieuw", token_digest="b")
    Gateway.objects.create(name="Bij", token_digest="c", reported_until=now)

    page = operator.get(LIST).text.replace("\xa0", " ")

    assert "3 minuten geleden" in page
    assert "5 uur" in page
    assert "nog nooit" in page
    assert "nog niets gemeld" in page
    assert page.count(">geen<") == 1


def test_a_probe_address_is_asked_for_and_kept(operator):
    operator.post(
        f"{LIST}add/",
        {"name": "Gateway 1", "probe_address": "https://gw.example/probe/x"},
    )

    assert Gateway.objects.get().probe_address == "https://gw.example/probe/x"

"""A gateway reports what was used: counted once, all or nothing, in the right hour."""

import datetime
import gzip
import json
import threading

import pytest
from django.db import connection
from django.utils import timezone

from apikeys import gateways, reports, usage
from apikeys.models import Api, Outcome, UsageBatch, UsageDay, UsageHour
from tests.factories import UserFactory


def calls():
    return {
        (counter.hour, Outcome(counter.outcome)): counter.calls
        for counter in UsageHour.objects.all()
    }


def test_calls_land_in_their_hour_by_outcome(send, line):
    at = (timezone.now() - datetime.timedelta(days=2)).replace(
        minute=30, second=0, microsecond=0
    )
    statuses = [200, 204, 302, 404, 429, 500]

    response = send([line(at=at.isoformat(), status=status) for status in statuses])

    hour = at.replace(minute=0)
    assert response.status_code == 200
    assert response.json()["calls"] == 6
    assert calls() == {
        (hour, Outcome.OK): 3,
        (hour, Outcome.CLIENT_ERROR): 1,
        (hour, Outcome.LIMITED): 1,
        (hour, Outcome.SERVER_ERROR): 1,
    }


def test_bytes_and_latencies_are_summed(send, line):
    send(
        [line(bytes=100, latencyMs=9), line(bytes=50, latencyMs=10), line(latencyMs=11)]
    )
    send([line(bytes=1, latencyMs=10001, calls=4)], batch="b-2")

    counter = UsageHour.objects.get()
    assert (counter.calls, counter.bytes_sent) == (7, 151)
    assert (counter.within_10, counter.within_25, counter.slower) == (2, 1, 4)


def test_a_day_is_the_operators_and_an_hour_is_the_worlds(send, line):
    today = timezone.localdate()
    midnight = timezone.make_aware(
        datetime.datetime.combine(today, datetime.time())
    ) - datetime.timedelta(days=3)
    before = midnight - datetime.timedelta(seconds=1)

    send([line(at=before.isoformat()), line(at=midnight.isoformat())])

    days = UsageDay.objects.order_by("day").values_list("day", "calls")
    assert list(days) == [
        (today - datetime.timedelta(days=4), 1),
        (today - datetime.timedelta(days=3), 1),
    ]


def test_the_same_batch_again_is_answered_as_the_first_time_and_counts_once(send, line):
    body = json.dumps(line()).encode()

    first, second = (
        send(body),
        send(gzip.compress(body), **{"Content-Encoding": "gzip"}),
    )

    assert second.status_code == 200
    assert second.json() == first.json()
    assert sum(calls().values()) == 1


def test_another_body_under_the_same_id_is_refused(send, line):
    send([line()])

    response = send([line(), line()])

    assert response.status_code == 409
    assert sum(calls().values()) == 1


def test_every_bad_line_is_named_and_nothing_is_counted(send, line):
    long_ago = timezone.now() - datetime.timedelta(days=36)
    soon = timezone.now() + datetime.timedelta(minutes=10)
    body = [
        line(),
        line(status="200"),
        line(apiKeyId=999999),
        line(api="nergens"),
        line(at=long_ago.isoformat()),
        line(at=soon.isoformat()),
        line(at="2026-11-01T10:00:00"),
        line(secret="kvk_live_x"),
    ]

    response = send(body)

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [fault["line"] for fault in response.json()["errors"]] == [
        2,
        3,
        4,
        5,
        6,
        7,
        8,
    ]
    assert not UsageHour.objects.exists()
    assert not UsageBatch.objects.exists()


def test_a_batch_that_was_bad_can_be_mended_and_sent_under_its_id(send, line):
    send([line(status=0)])

    assert send([line()]).status_code == 200


def test_a_gateway_tells_only_of_the_apis_that_it_guards(
    send, line, gateway, key, token
):
    gateway.apis.set([Api.objects.exclude(pk=key.apis[0].pk).first()])

    assert send([line()]).status_code == 400


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Authorization": "Bearer nonsense"}, 401),
        (b"{}", {"Authorization": ""}, 401),
        (b"{}", {"Batch-Id": ""}, 400),
        (b"{}", {"Batch-Id": "x" * 101}, 400),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}\n" * 9, mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400),
        (b"x" * 3000, {}, 413),
        (b"{}", {"Transfer-Encoding": "chunked"}, 411),
        (b"\xff\xfe", {}, 400),
        (b"[" * 1500, {}, 400),
    ],
)
def test_what_is_no_report_is_refused_in_words(send, body, headers, status):
    response = send(body, **headers)

    assert response.status_code == status
    assert response.json()["status"] == status
    assert response["API-Version"] == "1.0.0"


def test_a_gateway_that_was_stopped_is_not_heard(send, line, gateway, token):
    gateways.stop(gateway, by=UserFactory())

    assert send([line()]).status_code == 401


def test_what_unpacks_to_too_much_is_stopped(send, monkeypatch):
    monkeypatch.setattr(reports, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b"\n" * 2_000_000)

    assert send(bomb, **{"Content-Encoding": "gzip"}).status_code == 413


def test_more_lines_than_a_batch_holds_are_refused(send, line, monkeypatch):
    monkeypatch.setattr(reports, "MOST_LINES", 3)

    assert send([line()] * 3).status_code == 200
    assert send([line()] * 4, batch="b-2").status_code == 413


def test_many_counters_go_through_the_temporary_table(send, line, monkeypatch):
    monkeypatch.setattr(usage, "AT_ONCE", 2)
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    hours = [hour_ago - datetime.timedelta(hours=n % 5) for n in range(20)]

    send([line(at=hour.isoformat()) for hour in hours])

    assert list(calls().values()) == [4] * 5


def test_the_gateway_is_seen_and_how_far_it_reported(send, line, gateway):
    send([line()])

    gateway.refresh_from_db()
    assert gateway.last_seen_at > timezone.now() - datetime.timedelta(minutes=1)
    assert gateway.reported_until == UsageHour.objects.get().hour


@pytest.mark.django_db(transaction=True)
def test_two_batches_over_the_same_hours_at_once_lose_nothing(send, line):
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    hours = [hour_ago - datetime.timedelta(hours=n) for n in range(24)]
    orders = [hours, hours[::-1]] * 10
    statuses = []

    def one(number, order):
        body = [line(at=hour.isoformat()) for hour in order]
        statuses.append(send(body, batch=f"b-{number}").status_code)
        connection.close()

    threads = [
        threading.Thread(target=one, args=[number, order])
        for number, order in enumerate(orders)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert statuses == [200] * 20
    assert list(calls().values()) == [20] * 24

"""The same report as one JSON document: a list, or an object with a list `lines`."""

import gzip
import json
import tracemalloc

import pytest

from apikeys import reports
from apikeys.models import UsageHour


@pytest.fixture
def send_json(send):
    def report(body, **options):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return send(body, content_type="application/json", **options)

    return report


def faults(response):
    assert response.status_code == 400
    assert not UsageHour.objects.exists()
    return [fault["line"] for fault in response.json()["errors"]]


def test_a_list_and_an_object_with_a_list_count_alike(send_json, line):
    assert send_json([line(), line(calls=2)]).json()["calls"] == 3
    assert send_json({"lines": [line()]}, batch="b-2").json()["lines"] == 1
    assert send_json([], batch="b-3").json()["calls"] == 0

    assert UsageHour.objects.get().calls == 4


def test_json_may_be_packed_and_counts_once(send_json, line):
    body = json.dumps([line()]).encode()

    first = send_json(gzip.compress(body), **{"Content-Encoding": "gzip"})
    second = send_json(body)

    assert (second.status_code, second.json()) == (200, first.json())
    assert UsageHour.objects.get().calls == 1


def test_every_bad_line_of_a_list_is_named_at_once(send_json, line):
    body = [line(), line(status="200"), 5, [line()], line(secret="kvk_live_x"), line()]

    assert faults(send_json(body)) == [2, 3, 4, 5]


def test_where_it_stops_being_json_is_the_last_fault(send_json, line):
    bad, good = json.dumps(line(status=0)).encode(), json.dumps(line()).encode()

    assert faults(send_json(b"[" + bad + b"," + good + b"," + bad + b" oops]")) == [
        1, 3, 4,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"5",
        b"null",
        b"{}",
        b"[1e999]",
        b"[NaN]",
        b'["\xff"]',
        b"[" * 100_000,
        b'{"lines": {}}',
        b'{"other": []}',
        b'{"lines": [], "other": 1}',
        b'{"lines": [], "lines": []}',
        b"[] []",
    ],
)
def test_what_is_no_list_of_lines_is_refused(send_json, body):
    response = send_json(body)

    assert response.status_code in {400, 413}
    assert response["Content-Type"] == "application/problem+json"


def test_a_fault_repeats_nothing_of_what_was_sent(send_json):
    response = send_json(b'[{"x": "kvk_live_secret"} kvk_live_secret')

    assert "secret" not in response.text


def test_however_many_lines_are_bad_each_is_named(send_json, line):
    response = send_json([line(status=0)] * reports.MOST_LINES)

    assert faults(response) == [*range(1, reports.MOST_LINES + 1)]
    assert "100000 bad lines" in response.json()["detail"]


def test_a_line_and_a_list_have_bounds(send_json, line, monkeypatch):
    assert send_json([{"x": [0] * 100_000}]).status_code == 413
    monkeypatch.setattr(reports, "MOST_LINES", 3)
    assert send_json([line()] * 3).status_code == 200
    assert send_json([line()] * 4, batch="b-2").status_code == 413


@pytest.mark.parametrize(
    ("read", "begin", "between", "end"),
    [(reports.from_json, b"[", b",", b"]"), (reports.from_ndjson, b"", b"\n", b"")],
)
def test_a_hundred_thousand_lines_take_no_more_memory_than_a_few(
    read, begin, between, end
):
    one = b'{"apiKeyId":7,"api":"x","at":"2026-11-24T10:00:00Z","status":200}'

    def pieces():
        yield begin
        for number in range(1000):
            yield between * bool(number) + between.join([one] * 100)
        yield end

    tracemalloc.start()
    try:
        assert sum(1 for _line in read(pieces())) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()

"""Whatever breaks while usage is reported, every count is exact to the call.

A connection that is cut mid-batch: tests/browser/test_gateway.py, with a real web server.
"""

import datetime
import json
import multiprocessing
import random
import time
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from apikeys.models import UsageDay, UsageHour
from apikeys.reading import counting
from apikeys.reading.counting import Asked
from apikeys.reading.periods import Period, Step
from tests.apikeys import killed

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SUNDAY = datetime.date(2026, 10, 25)  # it has 25 hours
KILLS = 100


def counted():
    """The calls of hours, and of days."""
    return [
        counters.objects.aggregate(calls=Sum("calls"))["calls"] or 0
        for counters in (UsageHour, UsageDay)
    ]


@pytest.mark.django_db(transaction=True)
def test_one_batch_sent_a_thousand_times_at_once_counts_once(send, line):
    body = [line(calls=number) for number in range(1, 11)]

    def one(_number):
        response = send(body)
        connection.close()  # back to the pool
        return response.status_code, tuple(sorted(response.json().items()))

    with ThreadPoolExecutor(16) as gateways:
        answers = set(gateways.map(one, range(1000)))

    [(status, _answer)] = answers
    assert status == 200
    assert counted() == [55, 55]


@pytest.fixture
def process():
    """Start some work in a process of its own: it can be killed as a worker can."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.apikeys.killed"])

    def start(work, *arguments):
        ours, theirs = context.Pipe(duplex=False)
        name = connection.settings_dict["NAME"]
        process = context.Process(
            target=killed.in_database, args=[name, theirs, work, *arguments]
        )
        process.start()
        theirs.close()
        with ours:
            assert ours.recv() == "begun"
        return process

    return start


@pytest.mark.django_db(transaction=True)
def test_who_is_killed_while_counting_leaves_all_of_a_batch_or_nothing(
    process, gateway, token, key, line, tmp_path
):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # pytest shows it where the test fails
    chance, calls, unfinished = random.Random(seed), 0, 0
    took = {killed.count: [], killed.import_log: []}
    for number in range(KILLS + 6):
        lines = chance.randrange(200, 400)
        work, arguments = (
            (killed.count, batch_of(number, lines, line)),
            (killed.import_log, log_of(number, lines, key, tmp_path)),
        )[number % 2]
        worker = process(work, gateway.pk, *arguments)
        if number < 6:  # how long it takes when nobody interferes
            began = time.perf_counter()
            worker.join()
            took[work].append(time.perf_counter() - began)
            assert worker.exitcode == 0
        else:
            time.sleep(chance.uniform(0, min(took[work])))
            worker.kill()
            worker.join()
            unfinished += worker.exitcode != 0
        assert counted()[0] == counted()[1]

        work(gateway.pk, *arguments)  # whoever takes it up, from the start

        calls += lines
        assert counted() == [calls, calls]
    assert unfinished > KILLS / 4


def lines_until(moment, number, line):
    """A call of each minute before it, by the clock on the wall and how far that is off."""
    one, minute = line(), datetime.timedelta(minutes=1)
    ats = (moment - (back + 1) * minute for back in range(number))
    return [one | {"at": at.astimezone(AMSTERDAM).isoformat()} for at in ats]


def batch_of(number, lines, line):
    written = lines_until(timezone.now(), lines, line)
    return f"b-{number}", b"\n".join(json.dumps(one).encode() for one in written)


def log_of(number, lines, key, directory):
    now = timezone.now()
    facts = {"api": key.apis[0].slug, "key": str(key.pk), "publicId": "", "status": 200}
    written = (
        {
            "time": (now - datetime.timedelta(minutes=minute)).isoformat(),
            "id": f"{number}-{minute}", "bytes": 1, "seconds": 0.01, **facts,
        }
        for minute in range(lines)
    )  # fmt: skip
    log = directory / f"usage-{number}.log"
    log.write_text("".join(json.dumps(one) + "\n" for one in written))
    return [str(log)]


@pytest.fixture
def clock(monkeypatch):
    """Let it be that moment here."""

    def is_at(*moment):
        now = datetime.datetime(*moment, tzinfo=datetime.UTC)
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    return is_at


def test_the_hour_that_comes_twice_is_two_hours_of_one_day(send, line, key, clock):
    now = clock(2026, 10, 26, 1)
    body = lines_until(now, 27 * 60, line)
    assert len({one["at"][:16] for one in body}) < len(body)  # the clock reads the same

    assert send(body).json()["calls"] == 27 * 60

    sunday, asked = Period(SUNDAY, SUNDAY), Asked(key.organisation)
    assert counting.used(asked, sunday, Step.HOUR).line() == [60] * 25
    assert counting.used(asked, sunday, Step.DAY).line() == [1500]
    assert counted() == [27 * 60, 27 * 60]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_gateway_whose_clock_is_an_hour_off_loses_and_doubles_nothing(
    send, line, clock, hours
):
    """Ahead, it is refused until what it says can be true; behind, it is believed."""
    now = clock(2026, 10, 25, 1, 30)
    wrong = now + datetime.timedelta(hours=hours)
    body = lines_until(wrong, 90, line)

    first = send(body).status_code
    assert (first, counted()) == ((200, [90, 90]) if hours < 0 else (400, [0, 0]))
    clock(2026, 10, 25, 2, 30)

    assert send(body).status_code == 200
    assert counted() == [90, 90]

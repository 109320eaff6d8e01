import datetime
import functools
import gzip
import io
import json
import os
import re

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone
from tqdm import tqdm

from apikeys import gateways
from apikeys.management.commands import import_nginx_log
from apikeys.models import Gateway, Outcome, UsageHour
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gateway():
    gateway = Gateway(name="Gateway 1")
    gateways.renew_token(gateway, by=UserFactory())
    return gateway


@pytest.fixture
def key():
    return ApiKeyFactory()


@pytest.fixture
def line(key):
    """One line as deploy/nginx/nginx.conf writes it; each has an id of its own."""
    numbers = iter(range(1_000_000))

    def made(**facts):
        written = {
            "time": timezone.localtime().replace(microsecond=0).isoformat(),
            "id": f"{next(numbers):032x}",
            "api": "zoeken",
            "key": str(key.pk),
            "publicId": key.secrets.get().public_id,
            "status": 200,
            "bytes": 10,
            "seconds": 0.012,
            "refusal": "",
            **facts,
        }
        return json.dumps(written) + "\n"

    return made


@pytest.fixture
def count(capsys):
    """What the command says when it is given these logs."""

    def run(*logs):
        call_command("import_nginx_log", "--gateway", "Gateway 1", *map(str, logs))
        return capsys.readouterr().out

    return run


def calls():
    return UsageHour.objects.aggregate(calls=Sum("calls"))["calls"] or 0


def test_lines_are_counted_with_their_latency_and_bytes(tmp_path, line, count):
    (log := tmp_path / "usage.log").write_text(line() + line(status=500))

    assert "2 calls counted" in count(log)
    good = UsageHour.objects.get(outcome=Outcome.OK)
    assert (good.calls, good.bytes_sent, good.within_25) == (1, 10, 1)


def test_a_log_that_grew_is_counted_from_where_it_was(tmp_path, line, count):
    (log := tmp_path / "usage.log").write_text(line() + line())
    count(log)
    with log.open("a") as file:
        file.write(line())

    assert "1 calls counted" in count(log)
    assert calls() == 3


def test_who_looks_sees_how_far_it_is(tmp_path, line, count, monkeypatch):
    (log := tmp_path / "usage.log").write_text(first := line() + line())
    count(log)
    with log.open("a") as file:
        file.write(line())
    shown = io.StringIO()
    shown.isatty = lambda: True
    monkeypatch.setattr(
        import_nginx_log, "tqdm", functools.partial(tqdm, file=shown, mininterval=0)
    )

    count(log)

    steps = re.findall(r"usage.log: +(\d+)%", shown.getvalue())
    begun = round(100 * len(first) / log.stat().st_size)
    assert (int(steps[0]), int(steps[-1])) == (begun, 100)


def test_half_a_line_waits_until_nginx_has_finished_it(tmp_path, line, count):
    last = line()
    (log := tmp_path / "usage.log").write_text(line() + last[:20])
    assert "1 calls counted" in count(log)
    with log.open("a") as file:
        file.write(last[20:])

    assert "1 calls counted" in count(log)
    assert calls() == 2


def test_a_log_that_was_renamed_and_compressed_is_known_again(tmp_path, line, count):
    (log := tmp_path / "usage.log").write_text(text := line() + line())
    count(log)
    log.unlink()
    (old := tmp_path / "usage.log.1.gz").write_bytes(gzip.compress(text.encode()))
    log.write_text(line())
    os.utime(old, (0, 0))

    assert "1 calls counted" in count(log, old)
    assert calls() == 3


def test_an_import_that_was_cut_off_goes_on_without_loss(
    tmp_path, line, count, monkeypatch
):
    from apikeys import nginx_log

    monkeypatch.setattr(nginx_log, "AT_ONCE", 2)
    (log := tmp_path / "usage.log").write_text("".join(line() for _ in range(5)))
    gateway = Gateway.objects.get()
    with log.open("rb") as file:
        known = nginx_log.fingerprint(file)
        nginx_log.import_some(gateway, file, known)

    assert "3 calls counted" in count(log)
    assert calls() == 5


def test_what_cannot_be_counted_is_said_and_stops_nothing(tmp_path, line, count):
    long_ago = timezone.now() - datetime.timedelta(days=40)
    log = tmp_path / "usage.log"
    log.write_text(
        "no json\n"
        + line(key="", status=401)
        + line(api="")
        + line(time=long_ago.isoformat())
        + line()
    )

    said = count(log)

    assert "1 calls counted" in said
    assert "1 lines skipped: cannot be read" in said
    assert "1 lines skipped: shows no key that we know" in said
    assert "1 lines skipped: More than 35 days ago" in said


@pytest.mark.parametrize("refusal", ["quota", "budget"])
def test_a_call_that_the_portal_held_back_is_its_keys(tmp_path, line, count, refusal):
    held = {"key": "", "status": 429, "refusal": refusal}
    log = tmp_path / "usage.log"
    log.write_text(line(**held) + line(**held, publicId="none"))

    count(log)

    assert UsageHour.objects.get().outcome == Outcome.LIMITED
    assert calls() == 1


def test_who_knows_a_public_id_has_no_call_counted_under_that_key(
    tmp_path, line, count
):
    (log := tmp_path / "usage.log").write_text(line(key="", status=429))

    assert "0 calls counted" in count(log)


def test_a_call_that_nginx_held_back_is_its_keys(tmp_path, line, count):
    (log := tmp_path / "usage.log").write_text(line(status=429))

    count(log)

    assert UsageHour.objects.get().outcome == Outcome.LIMITED


def test_an_empty_log_is_no_fault(tmp_path, count):
    (log := tmp_path / "usage.log").touch()

    assert "0 calls counted" in count(log)

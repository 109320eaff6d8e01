"""A statement names the reports of gateways that it was made of, and comes to the same."""

import csv
import datetime
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from apikeys import nginx_log, statements
from apikeys.models import BatchShare, StatementBatch, UsageBatch
from tests.factories import ApiKeyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def month():
    """Of the calls that `line` makes."""
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    return timezone.localdate(hour_ago).replace(day=1)


@pytest.fixture
def close(key, month):
    return lambda: statements.close(key.organisation, month)


@pytest.fixture
def written(key, month):
    """The whole statement, as its reader gets it."""

    def read():
        batches = list(statements.of_month(key.organisation, month))
        return json.dumps(statements.as_json(batches))

    return read


def body_of(*lines):
    return b"\n".join(json.dumps(line).encode() for line in lines)


def used(batch):
    return [(one["api"], one["calls"], one["charged"]) for one in batch.usage]


def reported(batch):
    return [
        (one["batchId"], one["calls"], one["charged"])
        for one in statements.reports(batch)
    ]


def test_what_was_used_is_what_was_reported_and_of_nobody_else(
    send, line, key, close, written, documented, check
):
    other = ApiKeyFactory(products=[key.subscriptions.get().product])
    zoeken, basis = (api.slug for api in key.apis[:2])
    body = body_of(
        line(api=zoeken, calls=5),
        line(api=basis, calls=7),
        line(api=basis, calls=2, status=404),
        line(apiKeyId=other.pk, calls=1000),
    )
    send(body, batch="a")
    send([line(apiKeyId=other.pk)], batch="b")
    send([line(api=zoeken)], batch="c")

    batch = close()

    assert used(batch) == [(basis, 9, 7), (zoeken, 6, 6)]
    assert reported(batch) == [("a", 14, 12), ("c", 1, 1)]
    assert statements.reports(batch)[0]["sha256"] == hashlib.sha256(body).hexdigest()
    counts = {one["api"]: one["count"] for one in batch.lines if one["api"]}
    assert counts == {zoeken: 6, basis: 7}
    check(written())
    documented["adds_up"](written())


def test_what_comes_late_is_named_in_the_correction(
    send, line, close, written, documented, check
):
    send([line(calls=5)], batch="a")
    close()
    send([line(calls=2)], batch="b")
    send([line(status=500)], batch="c")

    batch = close()

    assert used(batch) == [(line()["api"], 3, 2)]
    assert reported(batch) == [("b", 2, 2), ("c", 1, 0)]
    assert close() is None
    check(written())
    documented["adds_up"](written())


def test_a_log_that_was_imported_is_a_report_too(gateway, token, key, close, tmp_path):
    now = timezone.now() - datetime.timedelta(hours=1)
    one = {
        "time": now.isoformat(), "api": key.apis[0].slug, "key": str(key.pk),
        "publicId": "", "status": 200, "bytes": 1, "seconds": 0.1,
    }  # fmt: skip
    (log := tmp_path / "log").write_bytes(body_of(one, one) + b"\n")
    with log.open("rb") as file:
        known = nginx_log.fingerprint(file)
        nginx_log.import_some(gateway, file, known)

    assert reported(close()) == [(f"log/{known[:16]}/0", 2, 2)]


def test_a_batch_over_the_end_of_a_month_is_in_both(send, line, key, monkeypatch):
    now = datetime.datetime(2026, 4, 1, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    minutes = ["2026-04-01T00:00:00+02:00", "2026-03-31T23:59:59+02:00"]
    send([line(at=minutes[0], calls=2), line(at=minutes[1], calls=3)])

    shares = BatchShare.objects.order_by("month").values_list("month", "calls")
    assert [(f"{month:%m}", calls) for month, calls in shares] == [("03", 3), ("04", 2)]


def test_the_csv_has_the_counts_and_the_reports(send, line, key, close):
    send(body := body_of(line(calls=5)), batch="a")

    written = "".join(statements.as_csv([close()]))

    rows = {row["kind"]: row for row in csv.DictReader(io.StringIO(written))}
    assert rows["usage"]["api_key_id"] == str(key.pk)
    assert (rows["usage"]["calls"], rows["usage"]["count"]) == ("5", "5")
    assert rows["report"]["report"] == "a"
    assert rows["report"]["report_sha256"] == hashlib.sha256(body).hexdigest()


def test_what_was_reported_cannot_be_changed(send, line):
    send([line()])

    for act in (
        lambda: BatchShare.objects.update(calls=9),
        lambda: BatchShare.objects.all().delete(),
    ):
        with pytest.raises(Error, match="Cannot"), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_is_made_while_gateways_report_adds_up(
    send, line, close, written, documented, check
):
    lines = [line()] * 5

    def report(number):
        assert send(lines, batch=f"b-{number}").status_code == 200
        connection.close()

    with ThreadPoolExecutor(6) as gateways:
        reports = [gateways.submit(report, number) for number in range(120)]
        while not all(one.done() for one in reports):
            close()
    [one.result() for one in reports]
    close()

    assert UsageBatch.objects.count() == 120
    assert StatementBatch.objects.count() > 2
    check(written())
    documented["adds_up"](written())


def test_the_statements_of_the_demo_add_up(settings, documented, check):
    settings.DEMO = True
    call_command("demo")

    organisation = StatementBatch.objects.first().organisation
    months = set(organisation.statement_batches.values_list("month", flat=True))
    assert len(months) == 4
    for month in months:
        batches = list(statements.of_month(organisation, month))
        text = json.dumps(statements.as_json(batches))
        assert statements.reports(batches[0])
        documented["adds_up"](text)
        check(text)


def test_who_adds_up_reads_which_batch_differs_and_why_it_may(
    key, close, written, documented, send, line
):
    send([line(calls=5)])
    close()
    signed = json.loads(written())
    del signed["statement"]["batches"][0]["reports"]

    with pytest.raises(AssertionError, match="batch 1: 5 calls were used and 0"):
        documented["adds_up"](json.dumps(signed))

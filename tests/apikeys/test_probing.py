"""After a block each gateway is asked with the dead key until it refuses it."""

import contextlib
import datetime
import http.server
import logging
import threading

import pytest
from django.core.exceptions import ValidationError
from procrastinate.contrib.django.models import ProcrastinateJob

from apikeys import gateways, probing, secrets, services
from apikeys.models import Gateway
from audit.models import Event
from organisations import activity
from tests.factories import UserFactory


class Asked(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.headers["apikey"])
        status = (
            server.statuses.pop(0) if len(server.statuses) > 1 else server.statuses[0]
        )
        if status == "hangs up":
            return
        self.send_response(status)
        if reason := server.reasons.get(status):
            self.send_header("X-Refusal", reason)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/other")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def serve(monkeypatch):
    """A gateway that answers these statuses, the last one for ever."""
    monkeypatch.setattr(probing, "AGAIN", 0.01)
    with contextlib.ExitStack() as stack:

        def served(*statuses):
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
            server.asked, server.statuses = [], list(statuses)
            server.reasons = {403: "blocked", 401: "unknown"}
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            gateway = Gateway(
                name=f"Gateway {server.server_port}",
                probe_address=f"http://127.0.0.1:{server.server_port}/probe/api",
            )
            gateways.renew_token(gateway, by=UserFactory())
            return server, gateway

        yield served


@pytest.fixture
def block(key):
    def blocked():
        services.block(key, by=UserFactory(), reason="Gelekt")
        return key

    return blocked


def probe(key, gateway):
    probing.probe(key.pk, gateway.pk, key.blocked_at)


def test_a_gateway_is_asked_until_it_refuses_and_the_seconds_are_told(
    serve, block, secret
):
    server, gateway = serve(200, "hangs up", 302, 500, 429, 401, 403)
    key = block()

    probe(key, gateway)

    assert server.asked == [secret] * 7
    event = Event.objects.get(kind="key.block_heard")
    assert event.data["gateway"] == gateway.name
    assert 0 <= event.data["measured"] < 10
    [act, *_] = activity.in_words(key.organisation, [event])
    assert "seconden na de blokkade" in act.what


def test_never_less_is_told_than_what_callers_may_be_answered_from_memory(
    serve, block, settings
):
    settings.VERIFY_SECONDS = 7
    _server, gateway = serve(403)

    probe(block(), gateway)

    data = Event.objects.get(kind="key.block_heard").data
    assert data["measured"] < data["seconds"] == 7


@pytest.mark.parametrize("reason", ["", "address", "wrong-api", "expired"])
def test_a_key_that_is_refused_for_another_reason_proves_no_block(
    serve, block, monkeypatch, reason
):
    server, gateway = serve(403)
    server.reasons = {403: reason}
    key = block()
    monkeypatch.setattr(probing, "TOGETHER", 0.05)

    with pytest.raises(probing.StillOpen):
        probe(key, gateway)


@pytest.mark.django_db(transaction=True)
def test_the_worker_asks_because_of_a_block(serve, block, run_jobs):
    server, _gateway = serve(403)

    block()
    run_jobs()

    assert len(server.asked) == 1
    assert Event.objects.filter(kind="key.block_heard").count() == 1


def test_the_secret_is_in_no_job_no_log_and_no_event(serve, block, secret, caplog):
    caplog.set_level(logging.DEBUG)
    _server, gateway = serve("hangs up", 403)

    probe(block(), gateway)

    kept = [*ProcrastinateJob.objects.values_list("args", flat=True)]
    kept += [*Event.objects.values_list("data", flat=True)]
    assert kept
    assert secret not in f"{kept}{caplog.text}"


def test_a_gateway_that_does_not_refuse_is_tried_again_and_at_last_told(
    serve, block, monkeypatch
):
    _server, gateway = serve(200)
    key = block()
    monkeypatch.setattr(probing, "TOGETHER", 0.05)
    with pytest.raises(probing.StillOpen):
        probe(key, gateway)
    monkeypatch.setattr(probing, "PATIENCE", datetime.timedelta())

    probe(key, gateway)

    assert Event.objects.get(kind="key.block_not_heard").data["gateway"] == gateway.name


def test_a_job_that_is_done_twice_tells_once(serve, block):
    _server, gateway = serve(403)
    key = block()

    probe(key, gateway)
    probe(key, gateway)

    assert Event.objects.filter(kind="key.block_heard").count() == 1


def test_who_was_let_in_again_or_stopped_is_not_asked(serve, block):
    server, gateway = serve(200)
    key = block()
    blocked_at = key.blocked_at
    services.unblock(key, by=UserFactory(is_staff=True))
    probing.probe(key.pk, gateway.pk, blocked_at)
    block()
    gateways.stop(gateway, by=UserFactory())
    probe(key, gateway)

    assert server.asked == []


def test_gateways_without_an_address_are_not_asked(gateway, token, block):
    block()

    assert not ProcrastinateJob.objects.filter(
        task_name="apikeys.tasks.probe_blocked_key"
    ).exists()


def test_a_key_travels_over_tls_alone(db, settings):
    settings.DEVELOPMENT = False
    gateway = Gateway(name="x", probe_address="http://gateway.example/probe")

    with pytest.raises(ValidationError, match="https"):
        gateway.full_clean()


def test_what_was_shown_is_the_newest_secret(serve, block, key):
    server, gateway = serve(403)

    probe(block(), gateway)

    assert server.asked == [secrets.unseal(key.secrets.latest("created_at"))]

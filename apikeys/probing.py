"""After a block: asking each gateway with the dead key until it refuses, and how long that took.

Told is never less than what gateways may keep an answer for: the portal calls from an address
of its own, for which they keep one apart (deploy/nginx), so what it sees is not what callers
see before that time is over.

The address is set by staff alone and may lie inside; redirects are not followed, and nothing
of the answer is kept but the reason that it names. The secret is deciphered in the worker when it is sent:
no job, log or event holds it.
"""

import datetime
import logging
import time

import requests
from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from procrastinate.contrib.django import app

from audit.models import Event
from audit.services import record

from . import secrets
from .models import ApiKey, Gateway

logger = logging.getLogger(__name__)

SECONDS = (2, 5)  # to connect, to answer
AGAIN = 0.5  # seconds between two questions
TOGETHER = 10.0  # seconds of questions in one job, so that others get their turn
PATIENCE = datetime.timedelta(minutes=5)
REFUSED = "blocked"  # any other reason would be one without a block too


class StillOpen(Exception):
    """The gateway did not refuse yet, or did not answer."""


def start(key: ApiKey) -> None:
    """Have every gateway that can be asked asked, once the caller's transaction commits."""
    for gateway in Gateway.objects.running().exclude(probe_address=""):
        app.configure_task("apikeys.tasks.probe_blocked_key").defer(
            key_id=key.pk,
            gateway_id=gateway.pk,
            blocked_at=str(key.blocked_at),
        )


def probe(key_id: int, gateway_id: int, blocked_at: datetime.datetime) -> None:
    """Ask until it refuses, and record how long that took; raises StillOpen to be tried again."""
    key = ApiKey.objects.select_related("organisation").get(pk=key_id)
    gateway = Gateway.objects.running().filter(pk=gateway_id).first()
    if key.blocked_at != blocked_at or gateway is None:
        return  # lifted since, or nobody to ask any more
    began = time.monotonic()
    while True:
        if _refuses(gateway, key):
            return _tell(key, gateway, "key.block_heard")
        if timezone.now() - blocked_at > PATIENCE:
            logger.error("gateway %s never said: %s is blocked", gateway, key.pk)
            return _tell(key, gateway, "key.block_not_heard")
        if time.monotonic() - began > TOGETHER:
            raise StillOpen(f"{gateway} {key.pk}")
        time.sleep(AGAIN)


@sensitive_variables()
def _refuses(gateway: Gateway, key: ApiKey) -> bool:
    newest = key.secrets.latest("created_at")
    with requests.Session() as asking:
        asking.trust_env = False  # no proxy and no .netrc
        try:
            answer = asking.get(
                gateway.probe_address,
                headers={"apikey": secrets.unseal(newest)},
                timeout=SECONDS,
                allow_redirects=False,
                stream=True,  # its body is not read
            )
        except requests.RequestException as error:
            logger.warning("gateway %s: %s", gateway, type(error).__name__)
            return False
        answer.close()
        return answer.headers.get("X-Refusal") == REFUSED


def _tell(key: ApiKey, gateway: Gateway, kind: str) -> None:
    blocked_at: datetime.datetime = key.blocked_at  # type: ignore[assignment]
    about = {"gateway": gateway.name, "blocked_at": str(blocked_at)}
    told = Event.objects.filter(kind=kind, subject_id=str(key.pk), data__contains=about)
    if not told.exists():  # a job that died after this is done again
        measured = round((timezone.now() - blocked_at).total_seconds(), 1)
        record(
            kind,
            subject=key,
            by=None,
            organisation=key.organisation,
            seconds=max(measured, settings.VERIFY_SECONDS),
            measured=measured,
            **about,
        )

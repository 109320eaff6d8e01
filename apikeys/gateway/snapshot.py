"""All keys that may pass, for a gateway that asks nothing per call: signed, and its own.

docs/gateway-snapshot.md has the format. A digest is made under a key that follows from the
gateway's token, which only the gateway knows: what one gateway lost tells nothing of
another's, nor does it open anything.
"""

import datetime
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import parse_etags
from django.views.decorators.debug import sensitive_variables

from accounts.encryption import NotDecryptable

from .. import gateways, jwk, secrets
from ..models import Gateway, KeySecret
from . import deciding, quotas
from .answers import WHO_ASKS, answer, machine, problem
from .recent import recent

logger = logging.getLogger(__name__)

FORMAT = "portal-snapshot-1"
AT_ONCE = 500  # secrets that are deciphered together
LOOK_AGAIN = 60.0  # seconds; for what is not told of: the catalogue, used-up quotas
TOLD = {None, deciding.Refusal.BUDGET}  # a key that a budget stopped is read as used up
Row = tuple[int, dict[str, Any]]  # a secret's pk, and what is told of it


class Made(NamedTuple):
    """What this process made for a gateway, and when."""

    head: dict[str, Any]
    tag: str
    epoch: int
    at: float


_made: dict[str, Made] = {}


@sensitive_variables("authorization", "token")
@machine("GET", "HEAD")
def snapshot(request: HttpRequest) -> HttpResponseBase:
    """Every key that opens the gateway's APIs; 304 while nothing changed."""
    authorization = request.headers.get("Authorization", "")
    gateway = gateways.recognise(authorization)
    if gateway is None:
        detail = "The header Authorization holds no token of a gateway."
        return problem(401, "Unauthorized", detail, headers=WHO_ASKS)
    if settings.SNAPSHOT_KEY is None:
        return problem(404, "Not found", "This portal hands out no snapshots.")
    head = _head(gateway)
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    known = _unchanged(gateway, head)
    if known and known in asked:
        return answer(HttpResponse(status=304), _headers(known))
    epoch, rows = recent.epoch, _rows(gateway)
    tag = _tag(gateway, head, rows)
    _made[gateway.token_digest] = Made(head, tag, epoch, time.monotonic())
    if tag in asked or "*" in asked:
        return answer(HttpResponse(status=304), _headers(tag))
    token = gateways.token_of(authorization) or ""
    body = _signed(_lines(head, rows, token)) if request.method == "GET" else []
    return answer(
        StreamingHttpResponse(body, content_type="application/x-ndjson"), _headers(tag)
    )


def _headers(tag: str) -> dict[str, str]:
    stands = f"private, max-age={settings.VERIFY_SECONDS}"
    return {"ETag": tag, "Cache-Control": stands}


def _unchanged(gateway: Gateway, head: dict[str, Any]) -> str | None:
    """The tag made last, while this process would have heard of a change to any key."""
    made = _made.get(gateway.token_digest)
    if made is None or not recent.hears or made.epoch != recent.epoch:
        return None
    fresh = time.monotonic() - made.at < LOOK_AGAIN
    return made.tag if fresh and made.head == head else None


def _head(gateway: Gateway) -> dict[str, Any]:
    """The same for a while, so that what did not change has the same tag."""
    period = max(60, settings.VERIFY_GRACE_SECONDS)
    issued = int(timezone.now().timestamp()) // period * period
    return {
        "format": FORMAT,
        "gateway": gateway.name,
        "issuedAt": _iso(issued),
        "validUntil": _iso(issued + 2 * period),
        "keyId": jwk.public(settings.SNAPSHOT_KEY)["kid"],
    }


def _rows(gateway: Gateway) -> list[Row]:
    """What is told of each key, without its digest: that costs deciphering the secret."""
    asker = deciding.Asker(
        gateway.pk, frozenset(gateway.apis.values_list("slug", flat=True))
    )
    found = []
    provable = deciding.readable().filter(pepper_version__in=settings.KEY_PEPPERS)
    for secret in provable.order_by("pk").iterator():
        facts = deciding.facts_of(secret)
        if facts.canary:
            continue
        apis = sorted(facts.apis & asker.apis if asker.apis else facts.apis)
        if apis and deciding.closed(facts) in TOLD:
            found.append((secret.pk, facts, apis))
    reported = quotas.reported({q.organisation for _, f, _ in found for q in f.quotas})
    return [(pk, _told(facts, apis, reported)) for pk, facts, apis in found]


def _told(facts: deciding.Facts, apis: list[str], reported: dict) -> dict[str, Any]:
    return {
        "apiKeyId": facts.key_id,
        "organisation": facts.organisation,
        "expiresAt": facts.expires_at and _iso(facts.expires_at.timestamp()),
        "environment": facts.environment,
        "networks": [str(one) for one in facts.networks],
        "apis": [_limits(facts, api, reported) for api in apis],
    }


def _limits(facts: deciding.Facts, api: str, reported: dict) -> dict[str, Any]:
    quota = quotas.most_generous(facts.quotas, api)
    used = reported.get(quotas.whose(quota), 0) if quota else 0
    month = quota.month if quota else None
    stopped = deciding.closed(facts) is deciding.Refusal.BUDGET
    return {
        "api": api,
        "callsPerMonth": month,
        "callsPerSecond": quota.second if quota else None,
        "usedUp": stopped or (month is not None and used >= month),
    }


def _tag(gateway: Gateway, head: dict[str, Any], rows: list[Row]) -> str:
    about = _json([gateway.pk, gateway.token_digest, head, rows])
    return f'"{hashlib.sha256(about).hexdigest()}"'


@sensitive_variables()
def _lines(head: dict[str, Any], rows: list[Row], token: str) -> Iterator[bytes]:
    yield _json(head)
    key = hmac.digest(token.encode(), FORMAT.encode(), hashlib.sha256)
    kept = KeySecret.objects.using(deciding.DATABASE).select_related("key")
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        sealed = kept.in_bulk([pk for pk, _told in some])
        for pk, told in some:
            try:
                text = secrets.unseal(sealed[pk])
            except NotDecryptable:
                logger.error("secret %s cannot be read, and is in no snapshot", pk)
                continue
            digest = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
            yield _json({"digest": digest, **told})


def _signed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, and a last one that proves them and that nothing is missing."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line + b"\n")
        yield line + b"\n"
    signature = _key().sign(f"{FORMAT} {digest.hexdigest()}".encode())
    yield (
        _json({"sha256": digest.hexdigest(), "signature": jwk.base64url(signature)})
        + b"\n"
    )


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(settings.SNAPSHOT_KEY)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat().replace("+00:00", "Z")

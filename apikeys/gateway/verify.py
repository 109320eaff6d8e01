"""The question that is asked on every call of an API: may this key pass?"""

import logging
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from . import canaries, noting, quotas, recent
from .answers import WHO_ASKS, answer, machine, problem
from .deciding import Call, Decision, Facts, GatewayUnknown, Refusal, decide

logger = logging.getLogger(__name__)

AGAIN = 60.0  # seconds in which a gateway that is not known is not logged once more
_logged_at = -AGAIN

WORDS = {  # status, title, detail: for the developer who made the call
    Refusal.UNKNOWN: (
        401,
        "Unknown API key",
        "Send your API key in the header `apikey`. This one was not issued here.",
    ),
    Refusal.EXPIRED: (
        401,
        "Replaced API key",
        "This value of the API key was replaced. Use the newest one of the portal.",
    ),
    Refusal.ENDED: (
        401,
        "API key ended",
        "The end date of this API key or its contract is past. The portal says which.",
    ),
    Refusal.BLOCKED: (
        403,
        "Blocked API key",
        "This API key was blocked. The portal says by whom and why.",
    ),
    Refusal.ORGANISATION: (
        403,
        "Blocked organisation",
        "Your organisation is blocked, so none of its keys work. The portal says why.",
    ),
    Refusal.ADDRESS: (
        403,
        "Network not allowed",
        "This API key works from certain networks only. The portal says which.",
    ),
    Refusal.ENVIRONMENT: (
        403,
        "Other environment",
        "A key for tests opens nothing in production, nor the reverse.",
    ),
    Refusal.WRONG_API: (
        403,
        "API not in the subscription",
        "This API key does not open the API that you called.",
    ),
    Refusal.QUOTA: (
        429,
        "Quota used up",
        "Your subscription's calls of this month are used. Retry-After says for how long.",
    ),
    Refusal.BUDGET: (
        429,
        "Budget used up",
        "Your organisation chose to stop when its budget is used up. It is.",
    ),
}


@machine("GET", "HEAD", "POST")
def verify(request: HttpRequest) -> HttpResponse:
    presented = request.headers.get("apikey", "")
    call = _call(request)
    try:
        decision = decide(request.headers.get("Authorization", ""), presented, call)
    except GatewayUnknown:
        _log_unknown_gateway()
        detail = "The header Authorization holds no token of a gateway."
        return problem(401, "Unauthorized", detail, headers=WHO_ASKS)
    except recent.Away:
        detail = "Nobody can say at the moment whether this key may pass."
        return problem(503, "Service unavailable", detail, headers={"Retry-After": "1"})
    noting.note(decision, presented, call)
    if decision.facts and decision.facts.canary:
        canaries.report(decision.facts.key_id, call.address)
    return _passed(decision) if decision.refusal is None else _refused(decision)


def _log_unknown_gateway() -> None:
    """For the operator: all calls through that gateway fail, and no caller can tell why."""
    global _logged_at
    if time.monotonic() - _logged_at > AGAIN:
        _logged_at = time.monotonic()
        logger.warning("asked by a gateway whose token is wrong, renewed or stopped")


def _call(request: HttpRequest) -> Call:
    """What the gateway tells of the call; it is believed, because it shows its token."""
    told = request.headers
    return Call(
        api=told.get("X-Api", ""),
        address=told.get(settings.CALLER_HEADER, "").split(",")[0].strip(),
        environment=told.get("X-Environment", "live"),
    )


def _passed(decision: Decision) -> HttpResponse:
    return answer(
        HttpResponse(status=204),
        {
            "X-Organisation": decision.facts.organisation,  # type: ignore[union-attr]
            "X-Api-Key-Id": str(decision.facts.key_id),  # type: ignore[union-attr]
            "Cache-Control": _cacheable(decision),
            **quotas.headers(decision.standing),
        },
    )


def _refused(decision: Decision) -> HttpResponse:
    refusal: Refusal = decision.refusal  # type: ignore[assignment]
    status, title, detail = WORDS[refusal]
    headers = {
        "X-Refusal": refusal.value,
        "Cache-Control": _cacheable(decision),
        **quotas.headers(decision.standing),
    }
    if status == 429:
        headers["Retry-After"] = str(_seconds_to_wait(decision))
    if status == 401:
        headers["WWW-Authenticate"] = "ApiKey"
    return problem(status, title, detail, headers=headers, type=_type(refusal))


def _seconds_to_wait(decision: Decision) -> int:
    facts: Facts = decision.facts  # type: ignore[assignment]
    if decision.refusal is Refusal.BUDGET and facts.stopped_until:
        left = (facts.stopped_until - timezone.now()).total_seconds()
        return max(1, int(left))
    return decision.standing.seconds  # type: ignore[union-attr]


def _cacheable(decision: Decision) -> str:
    """How long a gateway may use this answer again: what is left of the promised time.

    One second less, because caches count in whole ones: what may be kept for four seconds
    nginx forgets before the fifth is over.
    """
    left = int(settings.VERIFY_SECONDS - 1 - decision.age)
    return f"max-age={left}" if left > 0 else "no-store"


def _type(refusal: Refusal) -> str:
    return f"{settings.BASE_URL}/gateway/v1/openapi.json#/x-refusals/{refusal.value}"

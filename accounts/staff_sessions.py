"""The sessions of the operator's staff are short, and end with their working day."""

import time

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest
from django.urls import reverse

LAST_ACT = "staff_at"  # in the session: when this session was used in /beheer/, roughly
EVERY = 60  # seconds between two notes of it


def short_for_staff(get_response):
    """Who left their desk proves anew who they are, and loses nothing that was typed.

    After a working day one signs in again. Source: BIO2 8.05 (secure authentication).
    """

    def middleware(request):
        in_beheer = request.path.startswith(reverse("admin:index"))
        if in_beheer and request.user.is_staff:
            now = time.time()
            since, last = _moments(request, now)
            if now - since > settings.STAFF_SESSION_HOURS * 3600:
                logout(request)
            elif now - last > settings.STAFF_IDLE_MINUTES * 60:
                methods = get_adapter().get_reauthentication_methods(request.user)
                if methods:  # else the provider of an organisation asked
                    return suspend_request(request, methods[0]["url"])
            elif now - request.session.get(LAST_ACT, 0) > EVERY:
                request.session[LAST_ACT] = now
        return get_response(request)

    return middleware


def _moments(request: HttpRequest, now: float) -> tuple[float, float]:
    """Since when this is a session, and when its owner last acted or proved who they are."""
    proofs = [one["at"] for one in get_authentication_records(request, request.user)]
    last_act = request.session.get(LAST_ACT, now if not proofs else 0)
    return min(proofs, default=now), max([*proofs, last_act])

"""Whether a visit is by somebody with a second factor; and the way to setting one up."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from . import elsewhere
from .models import User

WANTED = "second_factor_for"  # in the session: where the person was going
FACTORS = [
    kind for kind in Authenticator.Type if kind != Authenticator.Type.RECOVERY_CODES
]
ELSEWHERE = (
    "second_factor_elsewhere"  # a method of authentication, as allauth notes them
)


def met(request: HttpRequest) -> bool:
    """Whether this visit counts as one with a second factor: the one place that says so."""
    return was_elsewhere(request, request.user) or is_mfa_enabled(  # type: ignore[arg-type]
        request.user,  # type: ignore[arg-type]
        FACTORS,
    )


def set_up(request: HttpRequest) -> HttpResponse:
    """Lead to setting one up; the pages there then show the way to where one was going."""
    if request.method == "GET":
        request.session[WANTED] = request.get_full_path()
    return redirect("mfa_activate_totp")


def was_elsewhere(request: HttpRequest, user: User) -> bool:
    """Whether the person's organisation vouched for a second factor in this session.

    Looked at anew each time: they may belong to another organisation by now.
    """
    return any(
        one.get("method") == ELSEWHERE
        and elsewhere.vouches_for(user, one.get("provider", ""))
        for one in get_authentication_records(request, user)
    )


class Stage(AuthenticateStage):
    """Asks for a person's own second factor, unless one was asked for elsewhere just now."""

    def _should_handle(self, request):
        return super()._should_handle(request) and not was_elsewhere(
            request, self.login.user
        )

"""Whether a visit is by somebody with a second factor; and the way to setting one up."""

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

WANTED = "second_factor_for"  # in the session: where the person was going
FACTORS = [
    kind for kind in Authenticator.Type if kind != Authenticator.Type.RECOVERY_CODES
]


def met(request: HttpRequest) -> bool:
    """Whether this visit counts as one with a second factor: the one place that says so."""
    return is_mfa_enabled(request.user, FACTORS)  # type: ignore[arg-type]


def set_up(request: HttpRequest) -> HttpResponse:
    """Lead to setting one up; the pages there then show the way to where one was going."""
    if request.method == "GET":
        request.session[WANTED] = request.get_full_path()
    return redirect("mfa_activate_totp")

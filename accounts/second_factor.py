"""Whether a visit is by somebody with a second factor."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

from .models import User

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


def was_elsewhere(request: HttpRequest, user: User) -> bool:
    """Whether the person's organisation vouched for a second factor in this session."""
    records = get_authentication_records(request, user)
    return any(one.get("method") == ELSEWHERE for one in records)


class Stage(AuthenticateStage):
    """Asks for a person's own second factor, unless one was asked for elsewhere just now."""

    def _should_handle(self, request):
        return super()._should_handle(request) and not was_elsewhere(
            request, self.login.user
        )

"""Letting gateways in: each has a token of its own, of which only a digest is kept."""

import datetime
import secrets

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record
from mail.private_links import digest

from .models import Gateway

SEEN_EVERY = datetime.timedelta(minutes=1)


@transaction.atomic
def renew_token(gateway: Gateway, *, by: User) -> str:
    """Give a gateway another token, shown this once; the one before opens nothing more."""
    token = f"gw_{secrets.token_urlsafe(32)}"
    gateway.token_digest, gateway.stopped_at = digest(token), None
    gateway.save()
    record("gateway.token_renewed", subject=gateway, by=by)
    return token


@transaction.atomic
def stop(gateway: Gateway, *, by: User) -> None:
    """Close the portal to a gateway, from its next question on."""
    gateway.stopped_at = timezone.now()
    gateway.save(update_fields=["stopped_at"])
    record("gateway.stopped", subject=gateway, by=by)


@sensitive_variables("authorization", "token")
def recognise(authorization: str) -> Gateway | None:
    """The gateway that shows this header, if it is running; notes that it was seen."""
    token = token_of(authorization)
    if token is None:
        return None
    gateway = Gateway.objects.running().filter(token_digest=digest(token)).first()
    if gateway:
        see(gateway)
    return gateway


@sensitive_variables("authorization", "token")
def token_of(authorization: str) -> str | None:
    """The token in `Bearer …` (RFC 6750), or None."""
    scheme, _space, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def see(gateway: Gateway) -> None:
    """Note that a gateway is there, once a minute at most."""
    now = timezone.now()
    if gateway.last_seen_at is None or gateway.last_seen_at < now - SEEN_EVERY:
        long_ago = Q(last_seen_at=None) | Q(last_seen_at__lt=now - SEEN_EVERY)
        Gateway.objects.filter(long_ago, pk=gateway.pk).update(last_seen_at=now)

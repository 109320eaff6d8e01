"""Decoys: laid out by administrators, reported when somebody uses one, and retired."""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.roles import Permission
from organisations.services.locking import lock

from .. import emails
from ..models import ApiKey
from .issuing import add_secret, free_name
from .locking import lock_key, locked

QUIET = datetime.timedelta(hours=1)  # one alert an hour, however often it is tried


class TooManyCanaries(Exception):
    """The organisation has as many as anybody can keep an eye on."""


@transaction.atomic
def make_canary(organisation: Organisation, *, name: str, by: User) -> ApiKey:
    """Give an organisation a decoy: it opens nothing, and who uses it is reported."""
    lock(organisation.pk, by=by, permission=Permission.KEYS_MANAGE)
    canaries = ApiKey.objects.canaries().filter(organisation=organisation)
    if canaries.filter(retired_at=None).count() >= settings.MOST_CANARIES:
        raise TooManyCanaries
    key = ApiKey.objects.create(
        organisation=organisation, name=free_name(organisation, name), canary=True
    )
    secret = add_secret(key)
    record(
        "key.canary_made",
        subject=key,
        by=by,
        organisation=organisation,
        public_id=secret.public_id,
    )
    return key


@transaction.atomic
def retire_canary(canary: ApiKey, *, by: User) -> None:
    """Let a decoy alert nobody any more; it stays in the list. Again changes nothing."""
    lock_key(canary, by=by)
    if canary.retired_at is None:
        canary.retired_at = timezone.now()
        canary.save(update_fields=["retired_at"])
        organisation = canary.organisation
        record("key.canary_retired", subject=canary, by=by, organisation=organisation)


@transaction.atomic
def canary_used(key_id: int, *, network: str | None) -> bool:
    """Tell the administrators that their decoy was used, and from which network.

    Says whether it did: who was told within the hour is not told again.
    """
    key = locked().get(pk=key_id, canary=True)
    now = timezone.now()
    if key.retired_at or (key.alerted_at and key.alerted_at > now - QUIET):
        return False
    key.alerted_at = now
    key.save(update_fields=["alerted_at"])
    emails.canary_used(key, network=network)
    record(
        "key.canary_used",
        subject=key,
        by=None,
        organisation=key.organisation,
        network=network or "",
    )
    return True

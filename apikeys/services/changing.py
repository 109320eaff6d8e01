"""What an organisation decides about a key: its name, its end, where it works."""

import datetime
import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.services import record
from organisations.editing import Values, refuse_unseen
from organisations.roles import Permission

from .. import emails
from ..models import Api, ApiKey
from .issuing import end_of
from .locking import lock_key, locked

REMIND = [30, 7, 1]  # days before the last one
STOPS = ["key.stop_set", "key.stop_lifted"]


class NameTaken(Exception):
    """Another key of the organisation has this name, in whatever letters."""


class ChangedMeanwhile(Exception):
    """It is not any more as the person saw it."""


class InThePast(Exception):
    """Such a day is over."""


@transaction.atomic
def rename(key: ApiKey, name: str, *, by: User) -> None:
    """Give a key another name, which no other key of its organisation has in any case."""
    lock_key(key, by=by, permission=Permission.KEYS_REVEAL)
    name = re.sub(r"\s+", " ", name).strip()
    old = key.name
    if name == old:
        return
    others = key.organisation.api_keys.exclude(pk=key.pk)
    if others.filter(name__iexact=name).exists():
        raise NameTaken(name)
    key.name = name
    key.save(update_fields=["name"])
    record(
        "key.renamed",
        subject=key,
        by=by,
        organisation=key.organisation,
        old=old,
        new=name,
    )


@transaction.atomic
def restrict(
    key: ApiKey,
    *,
    networks: Iterable[str],
    apis: Iterable[Api],
    by: User,
    seen: Values | None = None,
) -> None:
    """Have a key work from these networks and for these APIs only; none: from and for all.

    `seen` are its chosen_limits() as they were shown; raises editing.Meanwhile.
    """
    lock_key(key, by=by)
    networks, apis = list(networks), list(apis)
    if seen is not None:
        stored, chosen = chosen_limits(key), _limits(networks, apis)
        refuse_unseen(stored, chosen, seen=seen, subject=key, kinds=["key.restricted"])
    key.only_apis.set(apis)
    key.networks = networks
    key.save(update_fields=["networks"])  # also tells gateways of the APIs
    record(
        "key.restricted",
        subject=key,
        by=by,
        organisation=key.organisation,
        networks=key.networks,
        apis=[api.slug for api in apis],
    )


def chosen_limits(key: ApiKey) -> Values:
    """The networks and APIs that were chosen, as the form of them asks them."""
    return _limits(key.networks, key.only_apis.all())


def _limits(networks: Iterable[str], apis: Iterable[Api]) -> Values:
    return {"networks": "\n".join(networks), "apis": sorted(api.pk for api in apis)}


@transaction.atomic
def stop_after(
    key: ApiKey,
    last_day: datetime.date | None,
    *,
    by: User,
    seen: Values | None = None,
) -> None:
    """Have a key open nothing after a day, or let it run on (as its contract does).

    `seen` is its chosen_end() as it was shown; raises editing.Meanwhile, or InThePast.
    """
    if last_day and last_day < timezone.localdate():
        raise InThePast(last_day)
    lock_key(key, by=by)
    stored, chosen = chosen_end(key), {"day": str(last_day or "")}
    if seen is not None:
        refuse_unseen(stored, chosen, seen=seen, subject=key, kinds=STOPS)
    if stored == chosen:
        return
    key.stops_at = last_day and end_of(last_day)
    key.reminded = None
    key.save(update_fields=["stops_at", "reminded"])
    record(
        STOPS[0] if last_day else STOPS[1],
        subject=key,
        by=by,
        organisation=key.organisation,
        day=last_day,
    )


def chosen_end(key: ApiKey) -> Values:
    """The last day that was chosen, as the form of it asks it."""
    return {"day": str(key.chosen_last_day or "")}


def remind_of_ends() -> None:
    """Tell administrators 30, 7 and 1 days before the end that they chose, once each."""
    now = timezone.now()
    soon = now + datetime.timedelta(days=REMIND[0] + 1)
    ending = ApiKey.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        stops_at__gt=now,
        stops_at__lte=soon,
        blocked_at=None,
    )
    for pk in ending.values_list("pk", flat=True):
        _remind(pk)


@transaction.atomic
def _remind(pk: int) -> None:
    key = locked().get(pk=pk)
    if key.chosen_last_day is None:
        return
    left = (key.chosen_last_day - timezone.localdate()).days
    due = min((days for days in REMIND if left <= days), default=None)
    if due is None or (key.reminded is not None and key.reminded <= due):
        return
    key.reminded = due
    key.save(update_fields=["reminded"])
    emails.key_ends(key)

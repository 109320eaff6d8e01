"""What people do with keys: hand out, read, block."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record
from organisations.models import Organisation

from . import probing, secrets
from .models import ApiKey, KeySecret, Product, Subscription


class KeyBlocked(Exception):
    """The key opens nothing at the moment."""


class KeyOver(Exception):
    """The key's last day is past."""


class KeyNotBlocked(Exception):
    """There is nothing to lift."""


@transaction.atomic
def issue(
    organisation: Organisation, *, products: Iterable[Product], name: str, by: User
) -> ApiKey:
    """Give an organisation a key to the products, under subscriptions that run."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    products = list(products)
    key = ApiKey.objects.create(
        organisation=organisation, name=_free_name(organisation, name)
    )
    key.subscriptions.set(_subscribe(organisation, product) for product in products)
    secret = _add_secret(key)
    record(
        "key.issued",
        subject=key,
        by=by,
        organisation=organisation,
        public_id=secret.public_id,
        products=[product.slug for product in products],
    )
    return key


@sensitive_variables("text")
@transaction.atomic
def reveal(key: ApiKey, *, by: User) -> str:
    """Let a person read the secret that is in use; that they did is kept for ever."""
    if key.blocked_at:
        raise KeyBlocked(key.name)
    if key.is_over:
        raise KeyOver(key.name)
    secret = key.secrets.usable().latest("created_at")
    text = secrets.unseal(secret)
    record(
        "key.revealed",
        subject=key,
        by=by,
        organisation=key.organisation,
        public_id=secret.public_id,
    )
    return text


@transaction.atomic
def block(key: ApiKey, *, by: User, reason: str) -> None:
    """Close every API to a key at once, for a reason that its organisation reads."""
    key.refresh_from_db(from_queryset=ApiKey.objects.select_for_update())
    if key.blocked_at:
        raise KeyBlocked(key.name)
    key.blocked_at, key.blocked_reason = timezone.now(), reason
    key.save(update_fields=["blocked_at", "blocked_reason"])
    record(
        "key.blocked", subject=key, by=by, organisation=key.organisation, reason=reason
    )
    probing.start(key)


@transaction.atomic
def unblock(key: ApiKey, *, by: User) -> None:
    """Let a blocked key in again."""
    key.refresh_from_db(from_queryset=ApiKey.objects.select_for_update())
    if not key.blocked_at:
        raise KeyNotBlocked(key.name)
    key.blocked_at, key.blocked_reason = None, ""
    key.save(update_fields=["blocked_at", "blocked_reason"])
    record("key.unblocked", subject=key, by=by, organisation=key.organisation)


@transaction.atomic
def let_work_until(key: ApiKey, last_day: datetime.date | None, *, by: User) -> None:
    """Set the last day on which a key opens anything, or none; the gateway counts it.

    It is the end of that day where the operator is (TIME_ZONE), also when clocks change.
    """
    key.refresh_from_db(from_queryset=ApiKey.objects.select_for_update())
    key.expires_at = last_day and _end_of(last_day)
    key.save(update_fields=["expires_at"])
    kind = "key.end_set" if last_day else "key.end_lifted"
    record(
        kind,
        subject=key,
        by=by,
        organisation=key.organisation,
        last_day=last_day,
    )


@transaction.atomic
def end_subscriptions(key: ApiKey, last_day: datetime.date) -> None:
    """End what was paid for this key alone; what another key uses too runs on."""
    Organisation.objects.select_for_update(no_key=True).get(pk=key.organisation_id)
    others = ApiKey.objects.exclude(pk=key.pk).filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    )
    running = key.subscriptions.filter(ends_on=None)
    running.exclude(api_keys__in=others).update(ends_on=last_day)


def _end_of(day: datetime.date) -> datetime.datetime:
    midnight = datetime.time.min
    return timezone.make_aware(
        datetime.datetime.combine(day + datetime.timedelta(days=1), midnight)
    )


def _subscribe(organisation: Organisation, product: Product) -> Subscription:
    subscription, _ = Subscription.objects.get_or_create(
        organisation=organisation,
        product=product,
        ends_on=None,
        defaults={"starts_on": timezone.localdate()},
    )
    return subscription


def _free_name(organisation: Organisation, name: str) -> str:
    """The name asked for, or the first that is free when a number is put behind it."""
    taken = set(organisation.api_keys.values_list("name", flat=True))
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        ending = f" {number}"
        candidate = name[: 60 - len(ending)] + ending
    return candidate


@sensitive_variables("text")
def _add_secret(key: ApiKey) -> KeySecret:
    secret = KeySecret(key=key, public_id=secrets.new_public_id())
    text = secrets.new(secret.public_id)
    secret.pepper_version = secrets.pepper_version()
    secret.digest = secrets.digest(text, secret.pepper_version)
    secret.ciphertext = secrets.seal(text, secret)
    secret.save(force_insert=True)
    return secret

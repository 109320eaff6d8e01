"""Handing out keys, and ending them with the contract."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.services.locking import lock

from .. import secrets
from ..models import ApiKey, Environment, KeySecret, Product, Subscription
from .locking import lock_key


@transaction.atomic
def issue(
    organisation: Organisation,
    *,
    products: Iterable[Product],
    name: str,
    by: User,
    environment: Environment = Environment.LIVE,
) -> ApiKey:
    """Give an organisation a key to the products, under subscriptions that run."""
    lock(organisation.pk)
    products = list(products)
    key = ApiKey.objects.create(
        organisation=organisation,
        name=free_name(organisation, name),
        environment=environment,
    )
    key.subscriptions.set(_subscribe(organisation, product) for product in products)
    secret = add_secret(key)
    record(
        "key.issued",
        subject=key,
        by=by,
        organisation=organisation,
        public_id=secret.public_id,
        products=[product.slug for product in products],
    )
    return key


@transaction.atomic
def let_work_until(key: ApiKey, last_day: datetime.date | None, *, by: User) -> None:
    """Set the last day on which a key and its extras open anything; the gateway counts it.

    It is the end of that day where the operator is (TIME_ZONE), also when clocks change.
    """
    lock_key(key)
    key.expires_at = last_day and end_of(last_day)
    key.save(update_fields=["expires_at"])
    key.extras.update(expires_at=key.expires_at)
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
    lock(key.organisation_id)
    others = ApiKey.objects.exclude(Q(pk=key.pk) | Q(extra_of=key)).filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    )
    running = key.subscriptions.filter(ends_on=None)
    running.exclude(api_keys__in=others).update(ends_on=last_day)


def end_of(day: datetime.date) -> datetime.datetime:
    """The moment at which a day is over, where the operator is."""
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


def free_name(organisation: Organisation, name: str) -> str:
    """The name asked for, or the first that is free when a number is put behind it."""
    names = organisation.api_keys.values_list("name", flat=True)
    taken = {taken.lower() for taken in names}
    candidate, number = name, 1
    while candidate.lower() in taken:
        number += 1
        ending = f" {number}"
        candidate = name[: 60 - len(ending)] + ending
    return candidate


@sensitive_variables("text")
def add_secret(key: ApiKey) -> KeySecret:
    """Make a key another secret; the one before must have its end already."""
    secret = KeySecret(key=key, public_id=secrets.new_public_id())
    text = secrets.new(secret.public_id, key.environment)
    secret.pepper_version = secrets.pepper_version()
    secret.digest = secrets.digest(text, secret.pepper_version)
    secret.ciphertext = secrets.seal(text, secret)
    secret.save(force_insert=True)
    return secret

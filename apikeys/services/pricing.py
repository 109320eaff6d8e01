"""The price list: what was charged stays, and what is charged from a day on is a new price."""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record

from ..models import Price, Product

DAY = datetime.timedelta(days=1)


class Overlaps(Exception):
    """Another price of the same thing is valid on one of these days."""

    def __init__(self, other: Price):
        self.other = other


class AlreadyApplied(Exception):
    """It would change what a month that is over costs."""


def open_from() -> datetime.date:
    """The first day whose prices can still be set: months that are over stay as they were."""
    return timezone.localdate().replace(day=1)


def check(price: Price, *, ends_before: bool = False) -> Price | None:
    """Whether a price can be charged from its first day; gives the one that ends for it.

    Raises AlreadyApplied for a day in a month that is over, or Overlaps.
    """
    if price.valid_from < open_from():
        raise AlreadyApplied
    others = price.overlapping()
    ends = others.filter(valid_from__lt=price.valid_from, valid_until=None).first()
    ends = ends if ends_before else None
    if other := (others.exclude(pk=ends.pk) if ends else others).first():
        raise Overlaps(other)
    return ends


def check_end(price: Price, last_day: datetime.date | None) -> None:
    """Whether a price may have this last day; raises AlreadyApplied or Overlaps."""
    last_of_past = open_from() - DAY
    if any(day and day < last_of_past for day in (price.valid_until, last_day)):
        raise AlreadyApplied
    so = Price(pk=price.pk, product_id=price.product_id, api_id=price.api_id)
    so.unit, so.valid_from, so.valid_until = price.unit, price.valid_from, last_day
    if other := so.overlapping().first():
        raise Overlaps(other)


@transaction.atomic
def add_price(price: Price, *, ends_before: bool, by: User) -> None:
    """Charge this from a day on; `ends_before` ends what runs now on the day before it.

    Raises AlreadyApplied or Overlaps.
    """
    _lock(price)
    if running := check(price, ends_before=ends_before):
        _end(running, price.valid_from - DAY, by)
    price.save(force_insert=True)
    _record("price.added", price, by)


@transaction.atomic
def end_price(price: Price, last_day: datetime.date | None, *, by: User) -> None:
    """Set or lift the last day of a price; raises AlreadyApplied or Overlaps."""
    _lock(price)
    stored = Price.objects.get(pk=price.pk)
    check_end(stored, last_day)
    _end(stored, last_day, by)


@transaction.atomic
def remove_price(price: Price, *, by: User) -> None:
    """Take back a price before it was charged; raises AlreadyApplied."""
    _lock(price)
    if price.valid_from < open_from():
        raise AlreadyApplied
    _record("price.removed", price, by)
    price.delete()


def _lock(price: Price) -> None:
    """One at a time changes the prices of a product."""
    Product.objects.select_for_update().get(pk=price.product_id)


def _end(price: Price, last_day: datetime.date | None, by: User) -> None:
    price.valid_until = last_day
    price.save(update_fields=["valid_until"])
    _record("price.ended", price, by)


def _record(kind: str, price: Price, by: User) -> None:
    record(
        kind,
        subject=price,
        by=by,
        product=price.product.slug,
        api=price.api and price.api.slug,
        unit=price.unit,
        amount=price.amount,
        valid_from=price.valid_from,
        valid_until=price.valid_until,
    )

"""What it costs, from the price list that is valid on each day; in euro, exempt from VAT.

- a request costs what it cost on its day, and only if it was answered (2xx);
- a key costs its whole month, also when it existed for a part of it: the price is that of
  its first day in the month;
- a product that is paid by the year costs that year in the month in which it begins.

Amounts are rounded per line, as on an invoice, never per call.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

from organisations.models import Organisation

from ..models import ApiKey, Environment, Outcome, Price, PriceUnit, Subscription
from .counting import Asked, calls_by_day
from .periods import DAY, Period, midnight, months_before

CHARGED = [Outcome.OK]
CENT = Decimal("0.01")
LEARNT_FROM = (
    28  # days, of which the same weekdays tell what a day to come will be like
)


@dataclass(frozen=True)
class Line:
    """So many of one thing at one price."""

    price: Price
    count: int

    @property
    def amount(self) -> Decimal:
        return (self.count * self.price.amount).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Bill:
    """What one month costs up to a day, line by line."""

    lines: list[Line]
    calls: int

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))


def month_of(day: datetime.date) -> Period:
    """The whole calendar month that a day is in."""
    first = day.replace(day=1)
    return Period(first, months_before(first, -1) - DAY)


def so_far(
    organisation: Organisation, today: datetime.date, *, key: int | None = None
) -> Bill:
    """What the month of `today` costs up to and including today."""
    month = Period(today.replace(day=1), today)
    calls = calls_by_day(Asked(organisation, key), month, CHARGED)
    return _bill(organisation, month_of(today), calls, key)


def expected(
    organisation: Organisation, today: datetime.date, *, key: int | None = None
) -> Bill:
    """What the whole month will cost, if what is left of it is like the last four weeks.

    Each day to come is taken to be the average of the same weekday, as far as there are
    four; today counts as whichever is more, what was used or what a day like it uses.
    """
    month = month_of(today)
    asked = Asked(organisation, key)
    calls = Counter(calls_by_day(asked, Period(month.first, today), CHARGED))
    learnt = _usual_day(asked, today)
    for day in Period(today, month.last):
        for (weekday, of, api), usual in learnt.items():
            if weekday == day.weekday():
                calls[day, of, api] = max(calls[day, of, api], usual)
    return _bill(organisation, month, calls, key)


def _usual_day(asked, today):
    """(weekday, key, API) → the calls of such a day, over the weeks that there was any use."""
    past = calls_by_day(asked, Period(today - LEARNT_FROM * DAY, today - DAY), CHARGED)
    if not past:
        return {}
    began = min(day for day, _key, _api in past)
    days = Counter(day.weekday() for day in Period(began, today - DAY))
    sums: Counter[tuple[int, int, int]] = Counter()
    for (day, key, api), calls in past.items():
        sums[day.weekday(), key, api] += calls
    return {of: round(calls / days[of[0]]) for of, calls in sums.items()}


def by_key(
    organisation: Organisation, month: Period
) -> Counter[tuple[int | None, Price]]:
    """How many of each price a whole month holds, by key; what is of no one key: None."""
    calls = calls_by_day(Asked(organisation, None), month, CHARGED)
    return _counts(organisation, month, calls, None)


def _counts(organisation, month, calls, key) -> Counter[tuple[int | None, Price]]:
    prices = _Prices(organisation)
    counts: Counter[tuple[int | None, Price]] = Counter()
    for (day, of, api), number in calls.items():
        if price := prices.of_request(of, api, day):
            counts[of, price] += number
    counts.update(prices.of_keys(month, key))
    if key is None:
        for price, number in prices.of_years(month).items():
            counts[None, price] += number
    return counts


def _bill(organisation, month, calls, key) -> Bill:
    counts: Counter[Price] = Counter()
    for (_key, price), number in _counts(organisation, month, calls, key).items():
        counts[price] += number
    lines = [Line(price, count) for price, count in counts.items() if count]
    lines.sort(key=lambda line: (line.price.unit, line.price.product_id, line.price.pk))
    return Bill(lines, sum(calls.values()))


class _Prices:
    """The price list as one organisation's keys and subscriptions meet it."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.products: dict[int, set[int]] = defaultdict(set)  # by key
        through = ApiKey.subscriptions.through.objects.filter(
            apikey__organisation=organisation,
            apikey__environment=Environment.LIVE,  # a test costs nothing
        )
        for key, product in through.values_list(
            "apikey_id", "subscription__product_id"
        ):
            self.products[key].add(product)
        self.list: dict[tuple[str, int], list[Price]] = defaultdict(list)
        for price in Price.objects.select_related("product", "api"):
            self.list[price.unit, price.product_id].append(price)

    def valid(
        self, unit: PriceUnit, products: Iterable[int], day: datetime.date
    ) -> list[Price]:
        """As PriceQuerySet.valid_on(), of a list that was read once for a whole month."""
        return [
            price
            for product in sorted(products)
            for price in self.list[unit, product]
            if price.valid_from <= day <= (price.valid_until or day)
        ]

    def of_request(self, key: int, api: int, day: datetime.date) -> Price | None:
        """What one request costs; a price of the API itself goes before one of all APIs."""
        found = self.valid(PriceUnit.REQUEST, self.products[key], day)
        own = [price for price in found if price.api_id == api]
        return next(
            iter(own or [price for price in found if price.api_id is None]), None
        )

    def of_keys(
        self, month: Period, only: int | None
    ) -> Counter[tuple[int | None, Price]]:
        counts: Counter[tuple[int | None, Price]] = Counter()
        for key in self.organisation.api_keys.all():  # type: ignore[attr-defined]
            if only in (None, key.pk) and (day := _first_day(key, month)):
                found = self.valid(PriceUnit.KEY_MONTH, self.products[key.pk], day)
                counts.update((key.pk, price) for price in found)
        return counts

    def of_years(self, month: Period) -> Counter[Price]:
        counts: Counter[Price] = Counter()
        for one in Subscription.objects.filter(organisation=self.organisation):
            begins = (
                one.starts_on.month == month.first.month and one.starts_on <= month.last
            )
            if begins and (one.ends_on is None or one.ends_on >= month.first):
                day = max(one.starts_on, month.first)
                counts.update(self.valid(PriceUnit.YEAR, [one.product_id], day))
        return counts


def _first_day(key: ApiKey, month: Period) -> datetime.date | None:
    """Its first day in the month; None if it was not there yet, or not any more."""
    made = timezone.localdate(key.created_at)
    if made > month.last or (
        key.expires_at and key.expires_at <= midnight(month.first)
    ):
        return None
    return max(made, month.first)

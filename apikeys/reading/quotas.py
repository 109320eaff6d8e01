"""How much of what a subscription allows in a month was used."""

import datetime
from dataclasses import dataclass

from organisations.models import Organisation

from ..models import Environment, Outcome, Product, Subscription
from .counting import Asked, calls_by_day
from .periods import Period

COUNTED = [kind for kind in Outcome if kind != Outcome.LIMITED]  # as gateway/quotas.py


@dataclass(frozen=True)
class Quota:
    """What one subscription allows in this month, and what was used of it."""

    product: Product
    used: int

    @property
    def share(self) -> float:
        """In hundredths, and above that when more was used."""
        return 100 * self.used / max(1, self.product.calls_per_month or 1)

    @property
    def left(self) -> int:
        return max(0, (self.product.calls_per_month or 0) - self.used)


def of_month(organisation: Organisation, today: datetime.date) -> list[Quota]:
    """Of each subscription that runs; all keys for production count together.

    Keys for tests have a month of their own (gateway/quotas.py), that is not shown.
    """
    running = Subscription.objects.filter(organisation=organisation, ends_on=None)
    products = Product.objects.filter(subscriptions__in=running).prefetch_related(
        "apis"
    )
    month = Period(today.replace(day=1), today)
    live = set(
        organisation.api_keys.filter(environment=Environment.LIVE).values_list(  # type: ignore[attr-defined]
            "pk", flat=True
        )
    )
    calls = calls_by_day(Asked(organisation), month, COUNTED)
    return [
        Quota(
            product,
            sum(
                number
                for (_day, key, api), number in calls.items()
                if api in apis and key in live
            ),
        )
        for product in products
        for apis in [{api.pk for api in product.apis.all()}]
    ]

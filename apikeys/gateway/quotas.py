"""How much of a month's calls is left: known to this process, never asked during a call.

What gateways reported is read every few seconds, for who calls; what this process let
through since then is added. Reports replace what was seen, so that no call counts twice.
Until the first reading, and while the database is away, nobody is refused for a quota: a
few calls too many cost less than a customer who stands still.
"""

import datetime
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.aggregates import JSONBAgg
from django.db import DatabaseError, connections
from django.db.models import Q, Sum
from django.db.models.functions import JSONObject
from django.utils import timezone

from ..models import Outcome, UsageDay

logger = logging.getLogger(__name__)

DATABASE = "gateway"
EVERY = 15.0  # seconds between readings
PAUSE = 1.0  # at least, also when somebody new calls
UNASKED = 3600.0  # seconds without a call, and a use is not read any more
MOST = 10_000  # uses kept


@dataclass(frozen=True, slots=True)
class Quota:
    """What a subscription allows; None: as much as one likes."""

    organisation: int
    product: int
    environment: (
        str  # tests have the same of their own, and use up nothing of production's
    )
    api: str
    month: int | None  # calls, all keys of that organisation and environment together
    second: int | None  # calls of one key; gateways hold it to that


Who = tuple[int, int, str]  # organisation, product, environment


def whose(quota: Quota) -> Who:
    """Who shares it."""
    return quota.organisation, quota.product, quota.environment


@dataclass(slots=True)
class Use:
    """Calls of one organisation under one product and environment in a month."""

    month: datetime.date
    asked_at: float
    reported: int | None = None  # None: not read yet
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands: the quota that applies, what is left of it, and until when."""

    quota: Quota
    left: int | None
    seconds: int  # until the month is over


class Uses:
    """The use of those who called lately, by organisation, product and environment."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Who, Use] = OrderedDict()
        self.lock = threading.Lock()
        self.somebody_new = threading.Event()

    def left(self, quota: Quota) -> int | None:
        """What is left of the month; None where nothing is counted, or known yet."""
        if quota.month is None:
            return None
        use = self._use(quota)
        if use.reported is None:
            return None
        return max(0, quota.month - use.reported - use.seen)

    def count(self, quota: Quota) -> None:
        """One more was let through."""
        if quota.month is not None:
            use = self._use(quota)
            with self.lock:
                use.seen += 1

    def read(self) -> None:
        """Ask the database what was reported of everybody who called lately."""
        month, now = _month(), time.monotonic()
        with self.lock:
            for who in [w for w, u in self.kept.items() if u.asked_at < now - UNASKED]:
                del self.kept[who]
            asked = list(self.kept)
        found = reported({organisation for organisation, *_ in asked})
        with self.lock:
            for who in asked:
                use, calls = self.kept.get(who), found.get(who, 0)
                if use and use.month == month:
                    use.seen = max(0, use.seen - (calls - (use.reported or 0)))
                    use.reported = calls

    def _use(self, quota: Quota) -> Use:
        month, now = _month(), time.monotonic()
        who = whose(quota)
        with self.lock:
            use = self.kept.get(who)
            if use is None or use.month != month:
                use = self.kept[who] = Use(month, now)
                self.somebody_new.set()
                while len(self.kept) > MOST:
                    self.kept.popitem(last=False)
            use.asked_at = now
        return use


uses = Uses()
_starting = threading.Lock()
_reader: threading.Thread | None = None


def standing(quotas: Iterable[Quota], api: str) -> Standing | None:
    """By the most generous quota that opens the API (or any, when none is named)."""
    best = most_generous(quotas, api)
    return Standing(best, uses.left(best), _seconds_left()) if best else None


def most_generous(quotas: Iterable[Quota], api: str) -> Quota | None:
    applying = [quota for quota in quotas if not api or quota.api == api]
    return max(
        applying, key=lambda one: (one.month is None, one.month or 0), default=None
    )


def aggregated(runs: Q) -> JSONBAgg:
    """What the subscriptions of a secret's key allow, in the query that reads it."""
    product = "key__subscriptions__product__"
    return JSONBAgg(
        JSONObject(
            organisation="key__organisation_id",
            product=f"{product}pk",
            environment="key__environment",
            api=f"{product}apis__slug",
            month=f"{product}calls_per_month",
            second=f"{product}calls_per_second",
        ),
        filter=runs & Q(**{f"{product}apis__isnull": False}),
        distinct=True,
    )


def headers(now: Standing | None) -> dict[str, str]:
    """For callers, as draft-ietf-httpapi-ratelimit-headers has it, and for gateways."""
    if now is None:
        return {}
    month, second = now.quota.month, now.quota.second
    policies = []
    told = {}
    if month is not None:
        policies.append(f'"month";q={month}')
    if second is not None:
        policies.append(f'"second";q={second};w=1')
        told["X-RateLimit-Per-Second"] = str(second)
    if policies:
        told["RateLimit-Policy"] = ", ".join(policies)
    if now.left is not None:
        told["RateLimit"] = f'"month";r={now.left};t={now.seconds}'
    return told


def reported(organisations: set[int]) -> dict[Who, int]:
    """What gateways reported this month, by who shares a quota."""
    if not organisations:
        return {}
    days = UsageDay.objects.using(DATABASE).filter(
        organisation__in=organisations, day__gte=_month()
    )
    passed = days.exclude(outcome=Outcome.LIMITED)
    of = "organisation", "api__products", "api_key__environment"
    sums = passed.values_list(*of).annotate(Sum("calls")).order_by()
    return {tuple(who): calls for *who, calls in sums}


def keep_reading() -> None:
    """Have this process know of quotas from now on; calling it again costs nothing."""
    global _reader
    with _starting:
        if _reader is None:
            _reader = threading.Thread(target=_read_on, daemon=True)
            _reader.start()


def _read_on() -> None:
    while True:
        uses.somebody_new.wait(EVERY)
        uses.somebody_new.clear()
        try:
            uses.read()
        except DatabaseError:  # what is known stands
            logger.warning("the use of quotas cannot be read now")
        connections.close_all()
        time.sleep(PAUSE)


def _month() -> datetime.date:
    return timezone.localdate().replace(day=1)


def _seconds_left() -> int:
    now = timezone.localtime()
    next_month = (now.date().replace(day=1) + datetime.timedelta(days=31)).replace(
        day=1
    )
    begins = timezone.make_aware(
        datetime.datetime.combine(next_month, datetime.time.min)
    )
    return max(1, int((begins - now).total_seconds()))

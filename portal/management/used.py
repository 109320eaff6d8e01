"""Some months of use, for a demo: what an office does by day, and a program by night.

The same days give the same numbers. Written straight to the counters: these calls were
never made, and most are from before the time of which a gateway may still report. Each month
is a report of a gateway that stopped, so that its statement can be reckoned after.
"""

import datetime
import hashlib
import random
from collections import defaultdict

from django.db import connection, transaction
from django.utils import timezone

from apikeys import partitions
from apikeys.models import ApiKey, Gateway, Outcome, UsageBatch, UsageDay, UsageHour
from apikeys.models.usage import SUMS
from apikeys.reading.periods import DAY, HOURS_KEPT, Period, hours, midnight

DAYS = 160
APIS = {"zoeken": 40, "basisprofiel": 22, "vestigingsprofiel": 6, "naamgeving": 2}
OFFICE = [0, 0, 0, 0, 0, 0, 1, 3, 7, 10, 11, 10, 7, 9, 10, 10, 8, 4, 2, 1, 1, 0, 0, 0]
NIGHT = 2  # at this hour a program looks every customer up
SHARES = [
    0.02,
    0.1,
    0.3,
    0.34,
    0.16,
    0.05,
    0.02,
    0.008,
    0.001,
    0.001,
    0,
]  # of LATENCIES
COLUMNS = "organisation_id, {time}, api_key_id, api_id, outcome, " + ", ".join(SUMS)


@transaction.atomic
def use(key: ApiKey, *, seed: int = 1) -> None:
    """Fill the counters of a key, up to and including the hour that is now."""
    today = timezone.localdate()
    period = Period(today - DAYS * DAY, today)
    partitions.ensure(period.first, period.last + DAY)
    by_hour = []
    by_day: dict[tuple, list[int]] = defaultdict(lambda: [0] * len(SUMS))
    chance = random.Random(seed)  # noqa: S311  # no secret
    apis = {api.pk: APIS[api.slug] for api in key.apis if api.slug in APIS}
    for moment in hours(period):
        if moment > timezone.now():
            break
        local = timezone.localtime(moment)
        for api, weight in apis.items():
            for outcome, sums in _hour(local, weight, chance):
                if local.date() > today - HOURS_KEPT:
                    by_hour.append([moment, api, outcome, sums])
                whole = by_day[local.date(), api, outcome]
                by_day[local.date(), api, outcome] = [
                    a + b for a, b in zip(whole, sums, strict=True)
                ]
    _copy(UsageHour, "hour", key, by_hour)
    _copy(UsageDay, "day", key, [[*of, sums] for of, sums in by_day.items()])
    _report(key, by_day)
    # Keys cost by the month: this one is as old as its use.
    ApiKey.objects.filter(pk=key.pk).update(created_at=midnight(period.first))
    key.subscriptions.update(starts_on=period.first)


def _report(key: ApiKey, by_day: dict[tuple, list[int]]) -> None:
    """Have each month told by one report, as a gateway would have done."""
    gateway, _new = Gateway.objects.get_or_create(
        name="Demo", defaults={"token_digest": "none", "stopped_at": timezone.now()}
    )
    calls: dict[datetime.date, list[int]] = defaultdict(lambda: [0, 0])
    for (day, _api, outcome), sums in by_day.items():
        of_month = calls[day.replace(day=1)]
        of_month[0] += sums[0]
        of_month[1] += sums[0] if outcome == Outcome.OK else 0
    for month, (made, charged) in sorted(calls.items()):
        name = f"demo-{key.pk}-{month:%Y-%m}"
        batch = UsageBatch.objects.create(
            gateway=gateway,
            batch_id=name,
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            answer={"batchId": name, "calls": made},
        )
        batch.shares.create(
            organisation_id=key.organisation_id,
            month=month,
            calls=made,
            charged=charged,
        )


def _hour(local: datetime.datetime, weight: int, chance: random.Random):
    """(outcome, sums) of one hour, growing a little from month to month."""
    free = local.weekday() >= 5
    busy = OFFICE[local.hour] * (0.08 if free else 1) + (
        14 if local.hour == NIGHT else 0
    )
    growth = 1 + (local.year * 12 + local.month) % 24 * 0.02
    calls = int(busy * weight * growth * chance.uniform(0.5, 1.1))
    if not calls:
        return
    trouble = local.day == 12 and local.hour == 14
    failed = {
        Outcome.CLIENT_ERROR: int(calls * chance.uniform(0, 0.04)),
        Outcome.LIMITED: int(calls * 0.03) if local.hour == NIGHT and free else 0,
        Outcome.SERVER_ERROR: int(calls * (0.3 if trouble else 0.002)),
    }
    failed[Outcome.OK] = calls - sum(failed.values())
    for outcome, number in failed.items():
        if number:
            within = [int(number * share) for share in SHARES]
            within[3] += number - sum(within)
            yield outcome, [number, number * 1800, *within]


def _copy(model, time, key, rows):
    table, columns = model._meta.db_table, COLUMNS.format(time=time)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for moment, api, outcome, sums in rows:
            copy.write_row([key.organisation_id, moment, key.pk, api, outcome, *sums])

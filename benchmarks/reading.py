"""What grows with use, at 1, 10 and 100 million counted calls: pages, reports, verify, batches.

python -m benchmarks.reading [calls…]

A counter of a day stands for a hundred calls. One organisation has half of them: its pages
are what is measured. The floor is one plain sum over its year of counters.
"""

import benchmarks.database  # noqa: F401, I001  # first

import datetime
import statistics
import sys
import time

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from apikeys import gateways, monthly, partitions, secrets, statements, usage_page
from apikeys.gateway import quotas
from apikeys.models import ApiKey, Gateway, UsageDay
from apikeys.models.usage import SUMS
from apikeys.reading import costs
from apikeys.reading.counting import Asked
from apikeys.reading.periods import Choice, chosen, months_before
from apikeys.templatetags.usage import usage_glance
from benchmarks.gateway import batches, key_of, organisation_of, ratio, told, verify
from organisations.models import Membership, Organisation

SIZES = [1_000_000, 10_000_000, 100_000_000]
OF_A_COUNTER, OF_A_KEY = (
    100,
    365 * 4 * 2,
)  # calls; counters a year: four APIs, two outcomes
ROUNDS, LINES = 7, 20_000
TODAY = timezone.localdate()
YEAR = TODAY - datetime.timedelta(days=364)
LATELY = datetime.timedelta(days=34)
FILL = """
INSERT INTO {table} (organisation_id, {time}, api_key_id, api_id, outcome, {sums})
SELECT k.organisation_id, moment, k.id, a.id, o, {values}
FROM apikeys_apikey k, generate_series(%s::{type}, %s::{type}, %s::interval) moment,
     (SELECT id FROM apikeys_api ORDER BY id LIMIT 4) a, unnest(ARRAY[2, 4]) o
WHERE k.id = ANY(%s)
"""


def main() -> None:
    by = User.objects.create_user(username="bench-reading", email="b@b.example")
    gateway = Gateway(name="Bench reading")
    token = gateways.renew_token(gateway, by=by)
    largest = organisation_of("largest")
    Membership.objects.create(organisation=largest, user=by, role="administrator")
    for calls in [int(size) for size in sys.argv[1:]] or SIZES:
        keys = filled_to(calls, largest, by)
        print(f"\n{calls:,} calls: {UsageDay.objects.count():,} counters of days")
        pages(largest)
        verify(token, [secrets.unseal(key.secrets.get()) for key in keys[:200]])
        batches(gateway, keys[:20], LINES)


def filled_to(calls, largest, by):
    """More keys, each with a year of use, half of them of the largest organisation."""
    wanted = max(2, calls // (OF_A_COUNTER * OF_A_KEY))
    new = [
        key_of(number, by, None if number % 2 else largest)
        for number in range(ApiKey.objects.count(), wanted)
    ]
    fill([key.pk for key in new])
    return list(ApiKey.objects.order_by("-pk"))


def fill(keys):
    partitions.ensure(YEAR, TODAY)
    sums = ", ".join(SUMS)
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        for table, time_, type_, first, last, step, share in (
            ("apikeys_usageday", "day", "date", YEAR, TODAY, "1 day", 1),
            (
                "apikeys_usagehour",
                "hour",
                "timestamptz",
                now - LATELY,
                now,
                "3 hours",
                8,
            ),
        ):
            values = ", ".join(f"{OF_A_COUNTER} / {share}" for _ in SUMS)
            query = FILL.format(
                table=table, time=time_, type=type_, sums=sums, values=values
            )
            cursor.execute(query, [first, last, step, keys])
            cursor.execute(f"ANALYZE {table}")


def pages(organisation):
    asked = Asked(organisation)
    member = Membership.objects.get(organisation=organisation)
    month = months_before(TODAY, 1)
    names = {
        "keys": dict(organisation.api_keys.values_list("pk", "name")),
        "apis": {},
    }

    def page(choice):
        period, earlier = chosen(choice, TODAY)
        return usage_page.about(asked, period, earlier, period.step(), **names)

    cases = {
        "a plain sum of the year": lambda: plain_sum(organisation),
        "dashboard": lambda: usage_glance(member),
        "usage, today": lambda: page(Choice.TODAY),
        "usage, 30 days": lambda: page(Choice.DAYS_30),
        "usage, this year": lambda: page(Choice.YEAR),
        "expected costs": lambda: costs.expected(organisation, TODAY),
        "monthly report": lambda: monthly.data(organisation, month),
        "statement": lambda: closed(organisation, month),
        "quotas of verify": lambda: quotas.reported({organisation.pk}),
    }
    took = {name: [] for name in cases}
    for _round in range(ROUNDS):
        for name, case in cases.items():
            began = time.perf_counter()
            case()
            took[name].append(time.perf_counter() - began)
    for name, seconds in took.items():
        floor = took["a plain sum of the year"]
        told(name, statistics.median(seconds), ratio(seconds, floor))


def plain_sum(organisation):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(calls) FROM apikeys_usageday WHERE organisation_id = %s"
            " AND day BETWEEN %s AND %s",
            [organisation.pk, YEAR, TODAY],
        )
        return cursor.fetchone()


def closed(organisation, month):
    with transaction.atomic():
        statements.close(Organisation.objects.get(pk=organisation.pk), month)
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()

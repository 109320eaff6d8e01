"""A year of two hundred keys as CSV and XLSX: how long, and how much memory.

python -m benchmarks.exporting

The floor is what PostgreSQL and the driver need to hand over the same rows (COPY). All is
done in one transaction that is undone. Ends with 1 where a bound is broken.
"""

import benchmarks.database  # noqa: F401, I001  # first

import datetime
import resource
import sys
import time
import tracemalloc

from django.db import connection, transaction

from accounts.models import User
from apikeys import exports, partitions, services
from apikeys.models import Product
from apikeys.models.usage import SUMS
from apikeys.reading import costs, counting
from apikeys.reading.counting import Asked
from apikeys.reading.periods import Period, Step
from organisations import spreadsheets
from organisations.models import Organisation

KEYS, DAYS = 200, 365
YEAR = Period(datetime.date(2025, 1, 1), datetime.date(2025, 12, 31))
MOST_MEMORY = 8 * 1024 * 1024  # that Python holds more for a million rows than for none
BOUNDS = {"csv": 20, "xlsx": 20, "page": 3, "costs": 3}  # times the floor
FILL = f"""
INSERT INTO apikeys_usageday (organisation_id, day, api_key_id, api_id, outcome, {", ".join(SUMS)})
SELECT k.organisation_id, d::date, k.id, a.id, o, {", ".join("1 + (k.id + a.id * o) %% 1000" for _ in SUMS)}
FROM apikeys_apikey k, generate_series(%s::date, %s::date, '1 day') d,
     (SELECT id FROM apikeys_api ORDER BY id LIMIT 4) a, unnest(ARRAY[2, 4, 42, 5]) o
WHERE k.organisation_id = %s
"""


def main():
    with transaction.atomic():
        organisation = fill()
        ok = measure(organisation)
        transaction.set_rollback(True)
    sys.exit(not ok)


def fill():
    organisation = Organisation.objects.create(
        slug="bench", name="Bench", street="x", postcode="1234 AB", city="x",
        invoice_email="a@b.example",
    )  # fmt: skip
    by = User.objects.create_user("bench-mark", "a@b.example", None, name="Bench")
    for number in range(KEYS):
        services.issue(
            organisation,
            products=Product.objects.all()[:1],
            name=f"Key {number}",
            by=by,
        )
    partitions.ensure(YEAR.first, YEAR.last)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [YEAR.first, YEAR.last, organisation.pk])
        print(f"{cursor.rowcount:,} counters")
        cursor.execute("ANALYZE apikeys_usageday")
    return organisation


def measure(organisation):
    asked, keys = (
        Asked(organisation),
        dict(organisation.api_keys.values_list("pk", "name")),
    )
    floor = copied(organisation)
    print(f"floor (COPY)  {floor:6.2f} s")

    def rows():
        return exports.raw(asked, YEAR, Step.DAY, keys)

    def csv():
        return sum(len(piece) for piece in exports.as_csv(rows()))

    def xlsx():
        return sum(len(piece) for piece in spreadsheets.book(rows()))

    def page():
        return counting.used(asked, YEAR, Step.MONTH).total.calls

    def cost():
        return costs.so_far(organisation, YEAR.last).calls

    works = {"csv": csv, "xlsx": xlsx, "page": page, "costs": cost}
    ok = True
    for name, work in works.items():
        began, before = time.perf_counter(), resident()
        size = work()
        seconds = time.perf_counter() - began
        ratio = seconds / floor
        print(
            f"{name:12}  {seconds:6.2f} s  {ratio:6.1f} × floor (bound {BOUNDS[name]})"
            f"  +{(resident() - before) / 1024:.0f} MB resident  {size:,}"
        )
        ok &= ratio <= BOUNDS[name]
    for name in ("csv", "xlsx"):
        peak = held(works[name])
        print(f"{name:12}  at most {peak / 1024 / 1024:.1f} MB held by Python")
        ok &= peak <= MOST_MEMORY
    return ok


def copied(organisation):
    began = time.perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY (SELECT * FROM apikeys_usageday WHERE organisation_id ="
            f" {organisation.pk}) TO STDOUT"
        ) as copy,
    ):
        for _piece in copy:
            pass
    return time.perf_counter() - began


def held(work):
    tracemalloc.start()
    work()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()

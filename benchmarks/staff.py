"""Every list and page of staff with a hundred applications, and with a hundred thousand.

python -m benchmarks.staff [organisations applications]

Prints how many times longer each takes, in the same run and process, what it asks and how
many rows it shows: a list that was not a full page before has more to write. The floor is an empty page of the same admin: what is not ours to make quicker.
"""

import benchmarks.database  # noqa: F401, I001  # first

import statistics
import sys
import time

from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from applications.models import Application, BillingMonth
from organisations.models import Organisation
from portal.management.crowd import Crowd

ROUNDS = 7
FEW = 100  # organisations with a contract, and as many applications under way
SEARCHES = {
    "applications_application": ["Menigte 1", "Menigte 42", "10000042", "inkoop-42@"],
    "organisations_organisation": ["Menigte", "Menigte 42", "10000042", "menigte-42@"],
    "accounts_user": ["menigte-", "menigte-42", "Menigte 42"],
    "mail_message": ["menigte-", "menigte-42@menigte-42.example"],
}
FILTERS = {
    "applications_application": [
        "?status=all", "?status=overdue", "?status=approved", "?customer=new&status=all",
        "?customer=known&status=all", "?payment=invoice&status=all", "?assignee=nobody",
        "?o=2&status=all", "?status=all&p=2",
    ],
    "audit_event": ["?kind=application.moved"],
}  # fmt: skip


def main() -> None:
    settings.ALLOWED_HOSTS, settings.DEBUG = ["testserver"], False
    settings.REQUIRE_SECOND_FACTOR = False
    boss = User.objects.create_superuser("bench-staff", "b@b.example")
    crowd = Crowd()
    many = [int(size) for size in sys.argv[1:]] or [10_000, 100_000]
    crowd.grow(FEW, FEW)
    client = Client(raise_request_exception=True)
    client.force_login(boss)
    few = {url: measured(client, url) for url in pages()}
    began = time.perf_counter()
    crowd.grow(many[0] - FEW, many[1] - many[0] - FEW)
    print(f"made in {time.perf_counter() - began:.0f} s\n")
    cache.clear()  # a report is kept for some minutes, and then made of what there is
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM (ANALYZE)"
        )  # as PostgreSQL does by itself, some minutes later
    floor = measured(client, reverse("admin:apikeys_api_add"))[0]
    print(
        f"{'':70} {'few':>8} {'many':>8}  times  queries     rows   (floor {floor:.1f} ms)"
    )
    for url, (before, asked, shown) in few.items():
        after, now, shown_now = measured(client, url)
        slower = after > 2 * before
        more = " (more rows)" if slower and shown_now > shown else ""
        mark = more or (" <--" if slower or now > asked else "")
        print(
            f"{url[:70]:70} {before:8.1f} {after:8.1f} {after / before:6.2f}  {asked:3} {now:3}  {shown:4} {shown_now:4}{mark}"
        )


def pages():
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        url = reverse(f"admin:{name}_changelist")
        yield url
        yield from (url + asked for asked in FILTERS.get(name, []))
        yield from (f"{url}?q={words}" for words in SEARCHES.get(name, []))
    pk = Organisation.objects.get(slug="m1").pk
    yield reverse("admin:organisations_organisation_change", args=[pk])
    first = Application.objects.get(reference="M1").pk
    yield reverse("admin:applications_application_change", args=[first])
    month = BillingMonth.objects.earliest("month").pk
    yield reverse("admin:applications_billingmonth_change", args=[month])
    yield reverse("admin:applications_billingmonth_csv", args=[month])
    for name in ("accounts_user", "audit_event", "mail_message", "apikeys_apikey"):
        yield reverse(f"admin:{name}_changelist") + f"?organisation={pk}"


def measured(client, url):
    """Milliseconds in the middle of some rounds, queries, and rows of its tables."""
    client.get(url)
    asked = []
    ask = client.post if url.endswith("/csv/") else client.get

    def count(execute, *query):
        asked.append(query[0])
        return execute(*query)

    with connection.execute_wrapper(count):
        answer = ask(url)
        assert answer.status_code == 200, url
        rows = answer.getvalue().count(b"<tr")
    took = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        ask(url).getvalue()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000, len(asked), rows


if __name__ == "__main__":
    main()

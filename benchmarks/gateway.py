"""verify beside an empty view, and a batch of usage beside a plain COPY of its rows.

python -m benchmarks.gateway
"""

import benchmarks.database  # noqa: F401, I001  # first

import datetime
import io
import json
import random
import resource
import statistics
import time

from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from apikeys import gateways, reports, secrets, services, usage
from apikeys.gateway import recent
from apikeys.models import Gateway, Product
from organisations.models import Organisation

KEYS, ROUNDS, LINES = 200, 15, 100_000
APIS = [api.slug for api in Product.objects.all()[0].apis.all()]
application = get_wsgi_application()


def main() -> None:
    by = User.objects.create_user(
        username=f"bench-{time.time():.0f}", email="b@b.example"
    )
    gateway = Gateway(name=f"Bench {time.time()}")
    token = gateways.renew_token(gateway, by=by)
    keys = [key_of(number, by) for number in range(KEYS)]
    verify(token, [secrets.unseal(key.secrets.get()) for key in keys])
    batches(gateway, keys[:20], LINES)


def key_of(number, by, organisation=None):
    organisation = organisation or organisation_of(number)
    products = Product.objects.all()[:1]
    return services.issue(
        organisation, products=products, name=f"Bench {number}", by=by
    )


def organisation_of(number):
    slug = f"{time.time_ns() % 10**12}-{number}"
    return Organisation.objects.create(
        slug=slug, name=slug, legal_form="private_company", street="Straat 1",
        postcode="1234 AB", city="Stad", invoice_email="f@bench.example",
    )  # fmt: skip


def verify(token, shown):
    number = len(shown)
    unknown = [secrets.new(secrets.new_public_id()) for _ in shown]
    cases = {
        "an empty view": lambda: asked("/gateway/v1/nothing", token, shown),
        "hot key": lambda: asked("/gateway/v1/verify", token, shown[:1] * number),
        "cold key": lambda: forgotten(token, shown),
        "unknown key": lambda: asked("/gateway/v1/verify", token, unknown),
        "typing error": lambda: asked("/gateway/v1/verify", token, ["kvk_x"] * number),
    }
    took = {name: [] for name in cases}
    for _round in range(
        ROUNDS
    ):  # by turns, so that what else the machine does is shared
        for name, case in cases.items():
            began = time.perf_counter()
            case()
            took[name].append((time.perf_counter() - began) / number)
    floor = took["an empty view"]
    for name, seconds in took.items():
        told(name, statistics.median(seconds), ratio(seconds, floor))


def asked(path, token, shown):
    for secret in shown:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "wsgi.input": io.BytesIO(), "wsgi.errors": None,
            "wsgi.url_scheme": "http", "HTTP_AUTHORIZATION": f"Bearer {token}",
            "HTTP_APIKEY": secret,
        }  # fmt: skip
        application(environ, lambda _status, _headers: None).close()


def forgotten(token, shown):
    recent.recent.forget(lambda answer: hasattr(answer, "key_id"))
    asked("/gateway/v1/verify", token, shown)


def batches(gateway, keys, number):
    lines = [line_of(random.choice(keys)) for _ in range(number)]
    ndjson = b"\n".join(json.dumps(line).encode() for line in lines)
    document = json.dumps(lines).encode()
    rows = [
        (line["apiKeyId"], line["api"], line["at"], line["status"], line["bytes"])
        for line in lines
    ]
    cases = {
        "COPY of the same rows": lambda: copied(rows),
        "batch, NDJSON": lambda: counted(gateway, ndjson, reports.from_ndjson),
        "batch, JSON": lambda: counted(gateway, document, reports.from_json),
    }
    took = {name: [] for name in cases}
    for _round in range(5):
        for name, case in cases.items():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.perf_counter()
            case()
            took[name].append(time.perf_counter() - began)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            if _round == 0:
                print(f"{name:24} {grown / 1024:8.1f} MB more than before")
    for name, seconds in took.items():
        floor = took["COPY of the same rows"]
        told(name, statistics.median(seconds), ratio(seconds, floor))


def line_of(key):
    at = timezone.now() - datetime.timedelta(seconds=random.randint(0, 86400))
    return {
        "apiKeyId": key.pk,
        "api": random.choice(APIS),
        "at": at.isoformat(),
        "status": random.choice([200, 200, 200, 404, 500]),
        "bytes": random.randint(0, 9999),
        "latencyMs": random.random() * 200,
    }


def copied(rows):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE floor (key bigint, api text, at timestamptz,"
            " status int, bytes bigint) ON COMMIT DROP"
        )
        with cursor.copy("COPY floor FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def counted(gateway, body, read):
    size = reports.PIECE
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    usage.count(gateway, f"bench-{time.time_ns()}", pieces, read)


def ratio(seconds, floor):
    return statistics.median(one / of for one, of in zip(seconds, floor, strict=True))


def told(name, seconds, times):
    print(f"{name:24} {seconds * 1000:10.3f} ms {times:8.2f} ×")


if __name__ == "__main__":
    main()

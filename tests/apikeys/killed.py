"""What a process does that tests/apikeys/test_usage_faults.py kills; it forks quickly."""

import os

import django

django.setup()

from django.db import connection

from apikeys import nginx_log, reports, usage
from apikeys.models import Gateway

LINES_AT_ONCE = 50  # a log is several transactions long


def in_database(name, begun, work, *arguments):
    """Work in the test's database, tell when it begins, and end with it."""
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    begun.send("begun")
    work(*arguments)
    os._exit(0)


def count(gateway, batch, body):
    pieces = (body[at : at + 2000] for at in range(0, len(body), 2000))
    usage.count(Gateway.objects.get(pk=gateway), batch, pieces, reports.from_ndjson)


def import_log(gateway, path):
    nginx_log.AT_ONCE = LINES_AT_ONCE
    gateway = Gateway.objects.get(pk=gateway)
    with open(path, "rb") as log:
        known = nginx_log.fingerprint(log)
        while nginx_log.import_some(gateway, log, known).bytes:
            pass

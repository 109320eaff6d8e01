"""A forgotten password: the page looks nobody up, the worker does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ResetRequest
from mail.models import Message
from tests.factories import UserFactory

ASK = reverse("account_reset_password")


@pytest.mark.django_db
def test_the_page_does_the_same_for_who_has_an_account_and_who_has_none(client):
    UserFactory(email="jan@voorbeeld.example")
    did = {}
    for email in ("jan@voorbeeld.example", "wie@voorbeeld.example"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.post(ASK, {"email": email})
        assert answer["Location"] == reverse("account_reset_password_done")
        did[email] = [
            query["sql"].split(" VALUES")[0].replace(email, "") for query in queries
        ]

    one, other = did.values()
    assert len(one) == len(other)
    assert not any(
        "accounts_user" in sql or "emailaddress" in sql for sql in one + other
    )
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_worker_mails_and_leaves_nothing_of_what_was_typed(client, run_jobs):
    UserFactory(email="jan@voorbeeld.example")
    for email in ("jan@voorbeeld.example", "wie@voorbeeld.example"):
        client.post(ASK, {"email": email})

    run_jobs()

    assert Message.objects.get().to == "jan@voorbeeld.example"
    assert not ResetRequest.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(j::text, '') FROM procrastinate_jobs j")
        jobs = cursor.fetchone()[0]
    assert "send_resets" in jobs
    assert "voorbeeld.example" not in jobs

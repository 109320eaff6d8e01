import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Status
from applications.statistics import usual_days
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db


def approved(*, took, days_ago=1):
    """An application that was approved then, so many days after it was sent in."""
    application = ApplicationFactory(status=Status.APPROVED)
    decided = timezone.now() - datetime.timedelta(days=days_ago)
    submitted = decided - datetime.timedelta(days=took)
    Application.objects.filter(pk=application.pk).update(
        decided_at=decided, submitted_at=submitted
    )


def test_usual_days_is_the_median_of_the_last_weeks():
    for took in (2, 3, 40):
        approved(took=took)
    approved(took=90, days_ago=50)

    assert usual_days() == 3


def test_usual_days_says_nothing_of_too_few():
    approved(took=2)
    approved(took=2)

    assert usual_days() is None


def test_start_says_how_long_it_takes_now(client):
    for _ in range(3):
        approved(took=4)

    html = client.get(reverse("applications:start")).text

    assert "Van versturen tot API-key duurt het nu meestal 4 dagen." in html

"""Figures about applications."""

import datetime
import math
import statistics

from django.db.models import F
from django.utils import timezone

from .models import Application, Status

WEEKS = 6
ENOUGH = 3  # fewer say nothing about the next one


def usual_days() -> int | None:
    """How long an application takes now: median days from sending in to approval.

    Measured over the approvals of the last six weeks; None when those are too few.
    """
    since = timezone.now() - datetime.timedelta(weeks=WEEKS)
    approved = Application.objects.filter(status=Status.APPROVED, decided_at__gt=since)
    took = approved.annotate(took=F("decided_at") - F("submitted_at"))
    durations = list(took.values_list("took", flat=True))
    if len(durations) < ENOUGH:
        return None
    return math.ceil(statistics.median(durations) / datetime.timedelta(days=1))

"""Erasing what was noted of calls when its days are over."""

import datetime

from django.utils import timezone

from ..models import RefusedCalls, SecretUse
from ..models.noted import DAYS_REFUSED, DAYS_USED


def forget() -> None:
    """Refused calls after 30 days, which networks used a key after 90."""
    now = timezone.now()
    refused_until = now - datetime.timedelta(days=DAYS_REFUSED)
    RefusedCalls.objects.filter(hour__lt=refused_until).delete()
    used_until = now - datetime.timedelta(days=DAYS_USED)
    SecretUse.objects.filter(last_at__lt=used_until).delete()

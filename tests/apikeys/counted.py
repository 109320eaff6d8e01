"""Counters as a gateway's reports would have made them, also of long ago."""

import datetime

from django.utils import timezone

from apikeys import partitions
from apikeys.models import Outcome, UsageDay, UsageHour
from apikeys.models.usage import SUMS


def count(key, at, calls=1, *, outcome=Outcome.OK, api=None, slot="within_100"):
    """So many calls of a key at a moment (or at noon of a day), all equally quick."""
    if not isinstance(at, datetime.datetime):
        at = timezone.make_aware(datetime.datetime.combine(at, datetime.time(12)))
    api = api or key.apis[0]
    hour = at.astimezone(datetime.UTC).replace(minute=0, second=0, microsecond=0)
    day = timezone.localdate(at)
    one = datetime.timedelta(days=1)
    partitions.ensure(day - one, day + one)
    for model, moment in (UsageHour, {"hour": hour}), (UsageDay, {"day": day}):
        sums = dict.fromkeys(SUMS, 0) | {
            "calls": calls,
            "bytes_sent": calls,
            slot: calls,
        }
        which = {
            **moment, "organisation_id": key.organisation_id, "api_key": key,
            "api": api, "outcome": outcome,
        }  # fmt: skip
        if there := model.objects.filter(**which).first():
            sums = {
                name: getattr(there, name) + number for name, number in sums.items()
            }
            model.objects.filter(**which).update(**sums)
        else:
            model.objects.create(**which, **sums)

"""Who does not react is reminded, and in the end the application lapses (product.md)."""

import datetime
import itertools

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.services import record

from .. import emails
from ..models import Application, Status
from .following import release_username
from .moves import lock, move


def tend_all() -> None:
    """Remind whoever is late, and let lapse what stayed without a reaction."""
    for application in Application.objects.waiting_for_applicant():
        _tend(application)


def lapses_on(application: Application) -> datetime.date | None:
    """The day on which it lapses if nobody reacts; None while it waits for nobody.

    Each reminder is followed by its own time to react, also where it was sent late.
    """
    if not application.waits_for_applicant:
        return None
    left = sum(_gaps()[application.reminders :])
    return timezone.localdate(_since(application)) + datetime.timedelta(days=left)


@transaction.atomic
def _tend(application: Application) -> None:
    """The next step, if its day has come: one reminder at most, or the end."""
    lock(application)  # the applicant may have reacted since the list was read
    if (
        not application.waits_for_applicant
        or _next_on(application) > timezone.localdate()
    ):
        return
    if application.reminders < len(settings.REMINDER_DAYS):
        application.reminders += 1
        application.reminded_at = timezone.now()
        application.save(update_fields=["reminders", "reminded_at"])
        record("application.reminded", subject=application, by=None)
        emails.reminder(application, lapses_on=lapses_on(application))
    else:
        move(application, Status.EXPIRED, by=None)
        release_username(application)
        emails.expired(application)


def _next_on(application: Application) -> datetime.date:
    gap = _gaps()[application.reminders :][:1]  # none left: fewer reminders are set now
    since = timezone.localdate(_since(application))
    return since + datetime.timedelta(days=sum(gap))


def _since(application: Application) -> datetime.datetime:
    return application.reminded_at or application.status_since


def _gaps() -> list[int]:
    """Days between the request, each of the reminders, and the end."""
    days = [0, *settings.REMINDER_DAYS, settings.LAPSE_DAYS]
    return [after - before for before, after in itertools.pairwise(days)]

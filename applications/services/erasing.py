"""Personal data of applications that came to nothing go after a term (product.md; AVG 5.1.e)."""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.services import record
from mail import services as mail

from ..models import Application, Mandate
from .moves import lock

ERASED = "—"  # a rejection keeps that it had a reason


def erase_all() -> None:
    """Erase what was kept long enough of applications that ended without a contract."""
    kept = datetime.timedelta(days=settings.ERASE_DAYS)
    ended = Application.objects.came_to_nothing().filter(erased_at=None)
    for application in ended.filter(status_since__lt=timezone.now() - kept):
        _erase(application)


@transaction.atomic
def _erase(application: Application) -> None:
    """Leave that it was there, when, and how it ended; nothing of anybody.

    Documents and what staff kept go last: their triggers let them go once their
    application is erased.
    """
    lock(application)
    if application.erased_at:
        return
    application.erased_at = timezone.now()
    application.answers = {}
    application.customer = application.applicant = None
    application.from_address = application.sign_again_reason = ""
    application.rejection_reason = ERASED if application.rejection_reason else ""
    application.save()
    application.change_requests.all().delete()
    application.notes.all().delete()
    application.corrections.all().delete()
    application.ticks.all().delete()
    application.lookups.all().delete()
    application.signing_grounds.all().delete()
    Mandate.objects.filter(application=application).delete()
    mail.forget(application)
    application.documents.all().delete()
    record("application.erased", subject=application, by=None)

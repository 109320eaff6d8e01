"""The two things that every act on an application shares: its lock, and its status."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.services import record
from mail import private_links

from ..models import OPEN, Application, Status, WrongState

FOLLOWING_ANSWERS = [
    "kvk_number",
    "organisation_name",
    "contact_name",
    "contact_email",
    "email_domain",
]


def lock(application: Application) -> None:
    """Wait until nobody else acts on this application, and read it anew."""
    application.refresh_from_db(from_queryset=Application.objects.select_for_update())


def move(
    application: Application, to: Status, *, by: User | None, **changes: Any
) -> None:
    """Lock, check, write, record: the only code that writes `Application.status`.

    Raises WrongState when the application is not where this is possible. Call it first
    (the lock) or last (the record) within the caller's transaction; what happens between
    is done under a lock that the caller took with lock().
    """
    lock(application)
    if not application.can_become(to):
        raise WrongState(f"{application.status} cannot become {to}")
    was = application.status
    changes |= {"status": to, "status_since": timezone.now()}
    if to in OPEN:  # who reacts is not late any more
        changes |= {"reminders": 0, "reminded_at": None}
    for field, value in changes.items():
        setattr(application, field, value)
    application.save(update_fields=[*changes])
    if "answers" in changes:  # the columns that follow it
        application.refresh_from_db(fields=FOLLOWING_ANSWERS)
    record("application.moved", subject=application, by=by, was=was, now=to)


def require(application: Application, *statuses: Status) -> None:
    """Refuse an act outside these statuses; raises WrongState. Needs lock() before."""
    if application.status not in statuses:
        raise WrongState(f"not possible while {application.status}")


def require_open(application: Application) -> None:
    """Refuse an act on what was not sent in, or ended; raises WrongState. After lock()."""
    require(application, *(status for status in OPEN if status != Status.DRAFT))


def new_link(application: Application, purpose: str) -> None:
    """Give the application another private link; the one before is worth nothing."""
    private_links.renew(purpose, application)

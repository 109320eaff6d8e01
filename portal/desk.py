"""What the start page of /beheer/ tells one of the staff: what waits, today, and health."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from accounts.models import User
from apikeys.models import Gateway
from applications.admin.filters import today
from applications.models import Application, Mention, Status
from applications.staff.turns import queue
from mail.models import UNDELIVERED, Message

from .waiting import Number, applications, few, waiting

SHOWN = 10
LATE = datetime.timedelta(minutes=10)  # mail and work that waited so long are stuck
QUIET = datetime.timedelta(
    minutes=2
)  # a worker tells every ten seconds that it is there
UNHEARD = datetime.timedelta(hours=1)  # a gateway asks all the time
BEHIND = datetime.timedelta(hours=3)  # its reports tell of whole hours


@dataclass(frozen=True)
class Health:
    """Whether one part works, and why we think so."""

    what: str
    well: bool
    why: str
    url: str = ""


def desk(user: User) -> dict[str, Any]:
    """All of the page, with only what this person may see."""
    sees = user.has_perm("applications.view_application")
    return {
        "queue": list(queue(user)[:SHOWN]) if sees else [],
        "mentions": _mentions(user) if sees else [],
        "waiting": [*waiting(user)],
        "today": [*_today()] if sees else [],
        "health": [*_mail(user), *_worker(), *_gateways(user)],
    }


def _mentions(user: User) -> list[Mention]:
    unread = Mention.objects.unread_by(user).select_related("note__application")
    return list(unread.select_related("note__by")[:SHOWN])


def _today() -> Iterator[Number]:
    since = Application.objects.filter(status_since__gte=today())
    counted = since.submitted().order_by().values_list("status").annotate(Count("pk"))
    numbers = dict(counted)
    for status in Status:
        if status != Status.DRAFT:
            url = applications(status=status, since="today")
            yield Number(status.label, numbers.get(status, 0), url)


def _mail(user: User) -> Iterator[Health]:
    may = user.has_perm("mail.view_message")
    mails = reverse("admin:mail_message_changelist") if may else ""
    failed = few(Message.objects.undelivered())
    why = (
        ngettext(
            "%s mail is niet te bezorgen.", "%s mails zijn niet te bezorgen.", failed
        )
        % failed
        if failed
        else ""
    )
    url = f"{mails}?state__in={','.join(UNDELIVERED)}" if mails else ""
    yield Health(_("Bezorgen"), not failed, why or _("Alles kwam aan."), url)
    waits = Message.objects.queued().filter(not_before__lt=timezone.now() - LATE)
    late = few(waits)
    why = (
        ngettext(
            "%s mail wacht langer dan tien minuten.",
            "%s mails wachten langer dan tien minuten.",
            late,
        )
        % late
        if late
        else ""
    )
    url = f"{mails}?state__exact=queued" if mails else ""
    yield Health(
        _("Mail versturen"), not late, why or _("Er blijft niets liggen."), url
    )


def _worker() -> Iterator[Health]:
    heard = ProcrastinateWorker.objects.aggregate(at=Max("last_heartbeat"))["at"]
    well = heard is not None and timezone.now() - heard < QUIET
    ago = timesince(heard, depth=1) if heard else ""
    why = _("Meldde zich %s geleden.") % ago if ago else _("Meldde zich niet.")
    yield Health(_("Worker"), well, why)
    due = Q(scheduled_at=None) | Q(scheduled_at__lt=timezone.now() - LATE)
    entered = Q(procrastinateevent__at__lt=timezone.now() - LATE)
    stuck = few(ProcrastinateJob.objects.filter(due, entered, status="todo").distinct())
    why = (
        ngettext(
            "%s taak wacht langer dan tien minuten.",
            "%s taken wachten langer dan tien minuten.",
            stuck,
        )
        % stuck
    )
    yield Health(_("Taken"), not stuck, why if stuck else _("Er blijft niets liggen."))


def _gateways(user: User) -> Iterator[Health]:
    may, now = user.has_perm("apikeys.view_gateway"), timezone.now()
    for gateway in Gateway.objects.running():
        seen, lag = gateway.last_seen_at, gateway.lag
        if seen is None:
            well, why = False, _("Nog nooit gezien.")
        elif now - seen > UNHEARD:
            well, why = False, _("Vroeg %s geleden voor het laatst.")
            why %= timesince(seen, depth=1)
        elif lag and lag > BEHIND:
            well, why = False, _("Verbruik is gemeld tot %s geleden.")
            why %= timesince(now - lag, depth=1)
        else:
            well, why = True, _("Vraagt en meldt.")
        url = reverse("admin:apikeys_gateway_change", args=[gateway.pk]) if may else ""
        yield Health(gateway.name, well, why, url)

"""What the start page of /beheer/ tells one of the staff: what waits, today, and health."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from accounts.models import User
from apikeys.models import Gateway, KeyRequest, KeyRequestStatus
from applications.admin.filters import today
from applications.models import Application, BankChange, Mention, Status
from applications.staff.turns import queue
from mail.models import UNDELIVERED, Message

SHOWN = 10
MOST = 1_000  # further than this nobody counts at a glance
LATE = datetime.timedelta(minutes=10)  # mail and work that waited so long are stuck
QUIET = datetime.timedelta(
    minutes=2
)  # a worker tells every ten seconds that it is there
UNHEARD = datetime.timedelta(hours=1)  # a gateway asks all the time
BEHIND = datetime.timedelta(hours=3)  # its reports tell of whole hours


@dataclass(frozen=True)
class Number:
    """How many there are of something, and the list of them."""

    what: str | Promise
    count: int
    url: str
    late: bool = False

    @property
    def shown(self) -> str:
        return _("%s of meer") % MOST if self.count >= MOST else str(self.count)


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
        "mentions": _mentions(user),
        "waiting": [*_waiting(user)] if sees else [],
        "today": [*_today()] if sees else [],
        "health": [*_mail(user), *_worker(), *_gateways(user)],
    }


def _mentions(user: User) -> list[Mention]:
    unread = Mention.objects.unread_by(user).select_related("note__application")
    return list(unread.select_related("note__by")[:SHOWN])


def _waiting(user: User) -> Iterator[Number]:
    of = Application.objects
    if user.has_perm("applications.send_contract"):
        new, url = of.confirmed(), applications(status="confirmed")
        yield Number(_("Ingediend en bevestigd"), _few(new), url)
    if user.has_perm("applications.approve"):
        back, url = Status.CONTRACT_RETURNED, applications(status="contract_returned")
        yield Number(_("Overeenkomst retour"), _few(of.filter(status=back)), url)
    if any(user.has_perm(f"applications.{r}") for r in ("send_contract", "renew_link")):
        url = applications(status="unconfirmed")
        yield Number(_("E-mailadres niet bevestigd"), _few(of.unconfirmed()), url)
    late, url = _few(of.overdue()), applications(status="overdue")
    yield Number(_("Wacht te lang op ons"), late, url, late=late > 0)
    if user.has_perm("applications.assign"):
        mine = of.waiting_for_us().filter(assignee=user)
        yield Number(_("Van mij"), _few(mine), applications(assignee="me"))
        nobodys = of.waiting_for_us().of_nobody()
        yield Number(_("Van niemand"), _few(nobodys), applications(assignee="nobody"))
    if user.has_perm("apikeys.decide_keyrequest"):
        asked = KeyRequest.objects.filter(status=KeyRequestStatus.OPEN)
        url = reverse("admin:apikeys_keyrequest_changelist")
        url += "?" + urlencode({"status__exact": KeyRequestStatus.OPEN.value})
        yield Number(_("Aanvragen van een extra key"), _few(asked), url)
    if user.has_perm("applications.change_bankchange"):
        url = reverse("admin:applications_bankchange_changelist") + "?open=us"
        returned = BankChange.objects.awaiting_us()
        yield Number(_("Machtigingen om te controleren"), _few(returned), url)


def _today() -> Iterator[Number]:
    since = Application.objects.filter(status_since__gte=today())
    counted = since.submitted().order_by().values_list("status").annotate(Count("pk"))
    numbers = dict(counted)
    for status in Status:
        if status != Status.DRAFT:
            url = applications(status=status, since="today")
            yield Number(status.label, numbers.get(status, 0), url)


def applications(**filters: str) -> str:
    """The list of applications, asked so."""
    address = reverse("admin:applications_application_changelist")
    return f"{address}?{urlencode({k: str(v) for k, v in filters.items()})}"


def _few(rows: QuerySet) -> int:
    return rows.order_by()[:MOST].count()


def _mail(user: User) -> Iterator[Health]:
    may = user.has_perm("mail.view_message")
    mails = reverse("admin:mail_message_changelist") if may else ""
    failed = _few(Message.objects.undelivered())
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
    late = _few(waits)
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
    stuck = _few(
        ProcrastinateJob.objects.filter(due, entered, status="todo").distinct()
    )
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

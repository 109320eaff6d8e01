"""Notices: aimed by real use, mailed once, and who is not ready for what comes.

An organisation is aimed at from the moment that it is seen to fit (it calls the API), and
stays so: who stops calling keeps what it was told. The worker looks again and again, so
that who begins to call is told too.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.roles import Permission
from organisations.services.locking import for_each, lock
from organisations.spreadsheets import line

from . import notice_emails
from .models import Notice, NoticeKind, NoticeMail, NoticeReader, UsageDay

CALLS_OF = 30  # days, in which staff see whether somebody still calls
ASK_SOMETHING = [NoticeKind.DEPRECATION, NoticeKind.CERTIFICATE]
OF_THE_CATALOGUE = {NoticeKind.DEPRECATION, NoticeKind.PRICE}
COLUMNS = [
    "organisation", "name", "told", "read_at", "read_by", "calls", "last_call", "ready",
]  # fmt: skip


def kinds_of(user: User) -> list[NoticeKind]:
    """What somebody may tell customers: prices and what ends, only who keeps these."""
    keeps = user.has_perm("apikeys.change_product")
    return [kind for kind in NoticeKind if keeps or kind not in OF_THE_CATALOGUE]


@transaction.atomic
def save(notice: Notice, *, by: User) -> None:
    """Keep a notice; the worker finds out for whom it is.

    Once an organisation was told of it, only how long it is to be seen changes (a trigger).
    Raises PermissionDenied when its kind is not among `kinds_of` this person.
    """
    if notice.kind not in kinds_of(by):
        raise PermissionDenied
    kind = "notice.added" if notice._state.adding else "notice.changed"
    notice.save()
    record(kind, subject=notice, by=by, title=notice.title)


def tell_all() -> None:
    """Aim every notice that is visible at who fits now, and mail whom it is for."""
    for notice in Notice.objects.visible():
        for_each(_fitting(notice), partial(tell, notice))


@transaction.atomic
def tell(notice: Notice, organisation: Organisation) -> None:
    """Aim a notice at an organisation, and write to its people: once, whoever asks."""
    lock(organisation.pk)
    notice = Notice.objects.select_for_update().get(pk=notice.pk)  # as it is told
    _reader, new = NoticeReader.objects.get_or_create(
        notice=notice, organisation=organisation
    )
    if not (new and notice.mails):
        return
    for member in organisation.memberships.select_related("user"):  # type: ignore[attr-defined]
        user = member.user
        if user.is_active and user.email and _is_first(notice, user):
            notice_emails.told(notice, user, organisation)


def _is_first(notice: Notice, user: User) -> bool:
    """Somebody of two organisations is mailed once: by who writes the row."""
    _mail, new = NoticeMail.objects.get_or_create(notice=notice, user=user)
    return new


def _fitting(notice: Notice) -> QuerySet[Organisation]:
    """Whom a notice is for, and who was not told yet."""
    new = Organisation.objects.filter(merged_into=None)
    new = new.exclude(notices__notice=notice)
    if notice.api_id:
        new = new.filter(pk__in=_callers(notice))
    return new.order_by("pk")


def _callers(notice: Notice) -> Any:
    since = timezone.localdate() - datetime.timedelta(days=notice.days)
    called = UsageDay.objects.filter(api=notice.api_id, day__gte=since)
    return called.values("organisation").distinct()


def for_organisation(organisation: Organisation) -> QuerySet[NoticeReader]:
    """What an organisation has to read now; the newest first."""
    visible = NoticeReader.objects.filter(
        organisation=organisation, notice__in=Notice.objects.visible()
    )
    related = visible.select_related("notice__api", "read_by")
    return related.order_by("-notice__visible_from", "-pk")


@transaction.atomic
def acknowledge(reader: NoticeReader, *, by: User) -> None:
    """Say for the organisation that it was read; who was first stays who did."""
    lock(reader.organisation_id, by=by, permission=Permission.ORGANISATION_VIEW)
    reader = NoticeReader.objects.select_for_update().get(pk=reader.pk)
    if reader.read_at:
        return
    reader.read_at, reader.read_by = timezone.now(), by
    reader.save(update_fields=["read_at", "read_by"])
    notice, organisation = reader.notice, reader.organisation
    title = notice.title
    record("notice.read", subject=notice, by=by, organisation=organisation, title=title)


@dataclass(frozen=True)
class Readiness:
    """How far one organisation is with a notice."""

    reader: NoticeReader
    calls: int
    last: datetime.date | None
    ends: bool  # what it calls will not be there any more

    @property
    def still_calls(self) -> bool:
        return self.ends and self.calls > 0

    @property
    def ready(self) -> bool:
        return self.reader.read_at is not None and not self.still_calls


def readiness(notice: Notice, readers: Iterable[NoticeReader]) -> list[Readiness]:
    """Of these readers: whether they read it, and what they still call."""
    readers = list(readers)
    calls = _calls(notice, [one.organisation_id for one in readers])
    ends = notice.kind == NoticeKind.DEPRECATION
    return [
        Readiness(one, *calls.get(one.organisation_id, (0, None)), ends)
        for one in readers
    ]


def _calls(notice: Notice, organisations: list[int]) -> dict[int, tuple[int, Any]]:
    if notice.api_id is None:
        return {}
    since = timezone.localdate() - datetime.timedelta(days=CALLS_OF)
    days = UsageDay.objects.filter(
        organisation__in=organisations, api=notice.api_id, day__gte=since
    )
    sums = days.order_by().values_list("organisation")
    found = sums.annotate(Sum("calls"), Max("day"))
    return {organisation: (int(calls), last) for organisation, calls, last in found}


def not_ready(notice: Notice) -> QuerySet[NoticeReader]:
    """Who did not read it, or still calls what ends."""
    readers = notice.readers.select_related("organisation", "read_by")  # type: ignore[attr-defined]
    return readers.filter(_not_ready()).order_by("organisation__name", "pk")


def waited_for() -> QuerySet[Notice]:
    """What is to be seen now, asks something to be done, and not everybody did it."""
    waiting = NoticeReader.objects.filter(_not_ready(), notice=OuterRef("pk"))
    asks = Notice.objects.visible().filter(kind__in=ASK_SOMETHING)
    return asks.filter(Exists(waiting))


def _not_ready() -> Q:
    """Of a reader: nobody read it, or the organisation still calls what ends."""
    since = timezone.localdate() - datetime.timedelta(days=CALLS_OF)
    calling = UsageDay.objects.filter(
        organisation=OuterRef("organisation"),
        api=OuterRef("notice__api"),
        day__gte=since,
    )
    return Q(read_at=None) | Q(Exists(calling), notice__kind=NoticeKind.DEPRECATION)


def as_csv(notice: Notice) -> Iterator[str]:
    """Everybody whom it is for, ready or not."""
    yield line(COLUMNS)
    readers = notice.readers.select_related("organisation", "read_by")  # type: ignore[attr-defined]
    for one in readiness(notice, readers.order_by("organisation__name", "pk")):
        reader = one.reader
        yield line(
            [
                reader.organisation.slug,
                reader.organisation.name,
                f"{timezone.localtime(reader.since):%Y-%m-%d}",
                f"{timezone.localtime(reader.read_at):%Y-%m-%d}"
                if reader.read_at
                else "",
                reader.read_by.name if reader.read_by else "",
                one.calls,
                one.last or "",
                "yes" if one.ready else "no",
            ]
        )

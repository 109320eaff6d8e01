"""What has to be looked at before a step, and by whom it was."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record

from ..models import Application, ChecklistItem, Stage, Status, Tick
from .moves import lock, require


class NotAllTicked(Exception):
    """Something of the checklist was not looked at yet."""


class SenderTicks(Exception):
    """Who sent the contract does not look at what comes back of it."""


@dataclass(frozen=True)
class Line:
    """One item as a page shows it: with the tick that stands, if one does."""

    item: ChecklistItem
    tick: Tick | None


def checklist(application: Application) -> list[Line]:
    """What has to be looked at where the application stands now."""
    items = ChecklistItem.objects.filter(stage=application.status, in_use=True)
    standing = application.ticks.standing().select_related("by")
    ticks = {tick.item_id: tick for tick in standing}
    return [Line(item, ticks.get(item.pk)) for item in items]


@transaction.atomic
def tick(
    application: Application,
    stage: Stage,
    *,
    items: Collection[int],
    seen: Collection[int],
    by: User,
) -> None:
    """Tick what was chosen and take back what was not, of what this person saw.

    `seen` are the items that were ticked on the page: what a colleague ticked since stays.
    Raises SenderTicks, or WrongState when the step was taken meanwhile.
    """
    lock(application)
    require(application, Status(stage))
    if stage == Stage.APPROVE and application.contract_sent_by == by:
        raise SenderTicks
    lines = checklist(application)
    new = [one.item for one in lines if one.item.pk in items and not one.tick]
    gone = {one.item.pk for one in lines} & (set(seen) - set(items))
    _withdraw(application, gone | {item.pk for item in new})  # of an older text too
    for item in new:
        Tick.objects.create(application=application, item=item, text=item.text, by=by)
    if new or gone:
        record(
            "application.ticked",
            subject=application,
            by=by,
            ticked=[item.pk for item in new],
            taken_back=sorted(gone),
        )


def require_ticked(application: Application) -> None:
    """Refuse the step that this status waits for; raises NotAllTicked. After lock()."""
    if not all(line.tick for line in checklist(application)):
        raise NotAllTicked


def start_anew(application: Application) -> None:
    """What was looked at is not what is there now: all of it again. After lock()."""
    application.ticks.filter(withdrawn_at=None).update(withdrawn_at=timezone.now())


def _withdraw(application: Application, items: Collection[int]) -> None:
    standing = application.ticks.filter(item__in=items, withdrawn_at=None)
    standing.update(withdrawn_at=timezone.now())

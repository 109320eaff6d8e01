"""Budgets: set by an administrator, watched by the worker, told once a month and threshold.

A budget that stops leaves a row for each of its keys (SpendingStop), which is read with the
key when a gateway asks (gateway/deciding.py): no sum is made while a call waits.
"""

import datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.services.locking import for_each, lock

from . import usage_emails
from .budget_forms import UsageMailForm
from .models import Budget, Measure, SpendingStop
from .models.budgets import next_month
from .reading import costs
from .reading.counting import Asked, calls_by_day
from .reading.periods import Period, midnight
from .reading.quotas import COUNTED

THRESHOLDS = [50, 80, 100]
REACH = (
    "INSERT INTO apikeys_budgetreached (budget_id, month, threshold, at)"
    " SELECT %s, %s, unnest(%s::int[]), now() ON CONFLICT DO NOTHING RETURNING threshold"
)


class AnotherBudget(Exception):
    """A colleague took it away, or set one of the same kind."""


@transaction.atomic
def put(budget: Budget, *, by: User) -> None:
    """Set a budget or change it; what it stops holds or ends at once.

    Of what lies beyond its use now, a mail is sent (again) once it is reached.
    """
    lock(budget.organisation_id, by=by)
    there = Budget.objects.filter(pk=budget.pk).exists()
    if there == budget._state.adding or budget.same_kind().exists():
        raise AnotherBudget
    was = Budget.objects.filter(pk=budget.pk).first()
    budget.save()
    record(
        "budget.set",
        subject=budget,
        by=by,
        organisation=budget.organisation,
        old=in_words(was) if was else "",
        new=in_words(budget),
    )
    today = timezone.localdate()
    told = budget.reached.filter(month=today.replace(day=1))  # type: ignore[attr-defined]
    told.filter(threshold__gt=share(budget, today)).delete()
    settle(budget.organisation, today)


@transaction.atomic
def remove(budget: Budget, *, by: User) -> None:
    """Take a budget away, and the stop that it made."""
    organisation = budget.organisation
    lock(organisation.pk, by=by)
    if not Budget.objects.filter(pk=budget.pk).exists():
        return
    was = in_words(budget)
    record("budget.removed", subject=budget, by=by, organisation=organisation, old=was)
    budget.delete()
    settle(organisation, timezone.localdate())


@transaction.atomic
def choose_mail(form: UsageMailForm, *, by: User) -> None:
    """Keep who gets the monthly report, and whether to warn."""
    lock(form.instance.organisation_id, by=by)
    chosen = form.save()
    record("usage_mail.chosen", subject=chosen, by=by, organisation=chosen.organisation)


def used(budget: Budget, today: datetime.date) -> Decimal:
    """How much of it is used this month, in its own measure."""
    organisation, key = budget.organisation, budget.api_key_id
    if budget.measure == Measure.AMOUNT:
        return costs.so_far(organisation, today, key=key).amount
    month = Period(today.replace(day=1), today)
    return Decimal(sum(calls_by_day(Asked(organisation, key), month, COUNTED).values()))


def in_words(budget: Budget) -> dict[str, str]:
    """What it allows, by language, to be read back when it is another one or gone."""
    return {code: _in_words(budget, code) for code, _name in settings.LANGUAGES}


def _in_words(budget: Budget, language: str) -> str:
    with override(language):
        most = usage_emails.amount(budget)
        key = budget.api_key.name if budget.api_key else _("alle API-keys samen")
        end = _("stopt als het op is") if budget.stops else _("stopt niets")
        return _("%(most)s per maand, %(key)s, %(end)s") % {
            "most": most, "key": key, "end": end,
        }  # fmt: skip


def share(budget: Budget, today: datetime.date) -> int:
    """The same in whole hundredths, rounded down: 100 only when it is really used up."""
    return int(100 * used(budget, today) / budget.most)


def check_all() -> None:
    """See of every organisation with a budget whether there is something to tell or stop."""
    today = timezone.localdate()
    having = Organisation.objects.filter(budgets__isnull=False).distinct()
    for_each(having, lambda organisation: check(organisation, today))


@transaction.atomic
def check(organisation: Organisation, today: datetime.date) -> None:
    """Tell of what was reached since, once for all workers, and stop what must stop."""
    lock(organisation.pk)
    for budget in organisation.budgets.select_related("api_key", "organisation"):  # type: ignore[attr-defined]
        if new := _reach(budget, today):
            record(
                "budget.reached",
                subject=budget,
                by=None,
                organisation=organisation,
                reason=f"{max(new)} %",
            )
            usage_emails.budget_reached(budget, max(new), today)
    settle(organisation, today)


def _reach(budget: Budget, today: datetime.date) -> list[int]:
    """The thresholds that nobody told of yet; whoever inserts the row is who tells."""
    now = share(budget, today)
    passed = [threshold for threshold in THRESHOLDS if threshold <= now]
    with connection.cursor() as cursor:
        cursor.execute(REACH, [budget.pk, today.replace(day=1), passed])
        return [threshold for (threshold,) in cursor.fetchall()]


def settle(organisation: Organisation, today: datetime.date) -> None:
    """Stop the keys of every budget that stops and is used up, and no others."""
    budgets = organisation.budgets.filter(stops=True)  # type: ignore[attr-defined]
    over = [budget for budget in budgets if share(budget, today) >= 100]
    keys = set(organisation.api_keys.values_list("pk", flat=True))  # type: ignore[attr-defined]
    everything = any(budget.api_key_id is None for budget in over)
    stopped = keys if everything else {one.api_key_id for one in over if one.api_key_id}
    now, until = timezone.now(), midnight(next_month(today))
    stops = SpendingStop.objects.filter(api_key__in=keys)
    stops.exclude(api_key__in=stopped).filter(until__gt=now).update(until=now)
    stops.filter(api_key__in=stopped).exclude(until=until).update(until=until)
    there = set(stops.values_list("pk", flat=True))
    SpendingStop.objects.bulk_create(
        [SpendingStop(api_key_id=key, until=until) for key in stopped - there],
        ignore_conflicts=True,
    )

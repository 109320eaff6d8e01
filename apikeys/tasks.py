"""What happens to keys and usage without anybody asking for it."""

import datetime

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import alerts, budgets, monthly, notices, partitions, probing, services
from .services import forgetting


@app.periodic(cron="17 2 * * *")
@app.task(queueing_lock="look_after_partitions")
def look_after_partitions(timestamp: int) -> None:
    """Room for the months to come, and none for those that nobody may need any more."""
    partitions.look_after()


@app.task(
    retry=RetryStrategy(max_attempts=50, wait=5, retry_exceptions=[probing.StillOpen])
)
def probe_blocked_key(key_id: int, gateway_id: int, blocked_at: str) -> None:
    """See when a gateway refuses a key that was blocked."""
    probing.probe(key_id, gateway_id, datetime.datetime.fromisoformat(blocked_at))


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="check_budgets")
def check_budgets(timestamp: int) -> None:
    """Tell of budgets that are used for a half, four fifths, or whole; and stop what stops."""
    budgets.check_all()


@app.periodic(cron="37 7 * * *")
@app.task(queueing_lock="look_at_yesterday")
def look_at_yesterday(timestamp: int) -> None:
    """Warn of use or errors that are not like those of other days."""
    alerts.check_all()


@app.periodic(cron="47 5 * * *")
@app.task(queueing_lock="end_months")
def end_months(timestamp: int) -> None:
    """Close the months that are over, correct what came late, and send the reports."""
    monthly.end_months(timezone.localdate())


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="tell_of_notices")
def tell_of_notices(timestamp: int) -> None:
    """Aim what is to be read at who fits now, and mail it where staff chose to."""
    notices.tell_all()


@app.periodic(cron="7 7 * * *")
@app.task(queueing_lock="remind_of_ends")
def remind_of_ends(timestamp: int) -> None:
    """Tell administrators that a key of theirs ends soon, as they chose."""
    services.remind_of_ends()


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="forget_what_was_asked")
def forget_what_was_asked(timestamp: int) -> None:
    """Erase what gateways asked of keys when its days are over."""
    forgetting.forget()

"""What happens to usage without anybody asking for it."""

from django.utils import timezone
from procrastinate.contrib.django import app

from . import alerts, budgets, monthly, partitions


@app.periodic(cron="17 2 * * *")
@app.task(queueing_lock="look_after_partitions")
def look_after_partitions(timestamp: int) -> None:
    """Room for the months to come, and none for those that nobody may need any more."""
    partitions.look_after()


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

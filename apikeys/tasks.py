"""What happens to keys and usage without anybody asking for it."""

from procrastinate.contrib.django import app

from . import partitions, services
from .services import forgetting


@app.periodic(cron="17 2 * * *")
@app.task(queueing_lock="look_after_partitions")
def look_after_partitions(timestamp: int) -> None:
    """Room for the months to come, and none for those that nobody may need any more."""
    partitions.look_after()


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

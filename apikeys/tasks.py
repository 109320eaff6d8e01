"""What happens to usage without anybody asking for it."""

from procrastinate.contrib.django import app

from . import partitions


@app.periodic(cron="17 2 * * *")
@app.task(queueing_lock="look_after_partitions")
def look_after_partitions(timestamp: int) -> None:
    """Room for the months to come, and none for those that nobody may need any more."""
    partitions.look_after()

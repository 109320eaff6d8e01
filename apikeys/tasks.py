"""What happens to keys and usage without anybody asking for it."""

import datetime

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import partitions, probing


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

"""What happens to accounts without anybody waiting for it."""

from django import db
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import known_devices, limits, resets


@app.task(
    queue="mail", retry=RetryStrategy(linear_wait=60, retry_exceptions=[db.Error])
)
def send_resets(request_id: int) -> None:
    """Mail the accounts of an address that somebody typed, if there are any."""
    resets.send(request_id)


@app.periodic(cron="17 4 * * *")
@app.task(queueing_lock="forget_what_is_old")
def forget_what_is_old(timestamp: int) -> None:
    """Forget the counts, the browsers and the requests that are too old to matter."""
    limits.sweep()
    known_devices.sweep()
    resets.sweep()

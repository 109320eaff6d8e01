from django import db
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import bounces, delivery


@app.task(
    queue="mail", retry=RetryStrategy(linear_wait=60, retry_exceptions=[db.Error])
)
def send_message(message_id: str) -> None:
    """One attempt; the next one is a job of its own (see delivery.attempt)."""
    delivery.attempt(message_id)


@app.periodic(cron="*/5 * * * *")
@app.task(queue="mail", queueing_lock="read_bounces")
def read_bounces(timestamp: int) -> None:
    """Take in the mail that came back since."""
    bounces.read_maildir()

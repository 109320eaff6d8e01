"""What happens to organisations without anybody asking for it."""

from procrastinate.contrib.django import app

from .services import details


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="forget_previous_contacts")
def forget_previous_contacts(timestamp: int) -> None:
    """Erase contacts that were replaced long enough ago."""
    details.forget_previous_contacts()

"""What happens to applications without anybody asking for it."""

from procrastinate.contrib.django import app

from .services import drafting


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="discard_expired_drafts")
def discard_expired_drafts(timestamp: int) -> None:
    """Forget the applications that were not sent within their term."""
    drafting.discard_expired()

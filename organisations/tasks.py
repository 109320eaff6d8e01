"""What happens for organisations without anybody asking for it."""

from procrastinate.contrib.django import app

from .services import own_login


@app.periodic(cron="23 5 * * *")
@app.task(queueing_lock="recheck_mail_domains")
def recheck_mail_domains(timestamp: int) -> None:
    """Tell who signs in through their own provider when the proof of their domain is gone."""
    own_login.recheck()

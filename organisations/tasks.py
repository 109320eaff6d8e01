"""What happens for organisations without anybody asking for it."""

from procrastinate.contrib.django import app

from .services import asking, details, intervening, own_login


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tend_administrators")
def tend_administrators(timestamp: int) -> None:
    """Remind of who asked to be administrator, and do what nobody objected to in time."""
    asking.tend_all()
    intervening.carry_out_all()


@app.periodic(cron="23 5 * * *")
@app.task(queueing_lock="recheck_mail_domains")
def recheck_mail_domains(timestamp: int) -> None:
    """Tell who signs in through their own provider when the proof of their domain is gone."""
    own_login.recheck()


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="forget_previous_contacts")
def forget_previous_contacts(timestamp: int) -> None:
    """Erase contacts that were replaced long enough ago."""
    details.forget_previous_contacts()

"""What happens to applications without anybody asking for it."""

from contextlib import suppress

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from .models import Application, Document, WrongState
from .services import (
    bank,
    billing,
    checking,
    comparing,
    contracts,
    drafting,
    erasing,
    terms,
    waiting,
)


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="discard_expired_drafts")
def discard_expired_drafts(timestamp: int) -> None:
    """Forget the applications that were not sent within their term."""
    drafting.discard_expired()


@app.periodic(cron="47 3 * * *")
@app.task(queueing_lock="erase_applications")
def erase_applications(timestamp: int) -> None:
    """Erase what was kept long enough of applications that came to nothing."""
    erasing.erase_all()


@app.periodic(cron="17 9 * * *")
@app.task(queueing_lock="tend_applications")
def tend_applications(timestamp: int) -> None:
    """Remind applicants whose turn it is, and let lapse what stayed without a reaction."""
    waiting.tend_all()


@app.periodic(cron="6 * * * *")
@app.task(queueing_lock="end_contracts")
def end_contracts(timestamp: int) -> None:
    """End the contracts whose last day is past."""
    contracts.end_those_over()


@app.periodic(cron="11 * * * *")
@app.task(queueing_lock="move_bank_changes")
def move_bank_changes(timestamp: int) -> None:
    """Put changes of bank account in force, or end what nobody confirmed or stands for."""
    bank.expire()
    bank.stop_without_asker()
    bank.put_in_force()


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=20))
def look_up_kvk_number(application_id: int) -> None:
    """Ask the register for the number of an application that was sent in."""
    application = Application.objects.get(pk=application_id)
    with suppress(WrongState):  # it ended meanwhile
        checking.look_up(application, by=None)


@app.task(retry=RetryStrategy(max_attempts=3, exponential_wait=20))
def compare_returned(document_id: int) -> None:
    """Look into a file that came back, beside what we sent."""
    with suppress(Document.DoesNotExist):  # erased meanwhile
        comparing.compare(Document.objects.get(pk=document_id))


@app.periodic(cron="23 9 * * *")
@app.task(queueing_lock="tend_terms")
def tend_terms(timestamp: int) -> None:
    """Ask about new terms, and remind who has not answered."""
    terms.tend_all()


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=20))
def begin_terms_round() -> None:
    """Ask about new terms at once; what is left is asked the next day."""
    terms.tend_all()


@app.periodic(cron="27 6 * * *")
@app.task(queueing_lock="make_billing_month")
def make_billing_month(timestamp: int) -> None:
    """Lay last month out for billing, once its statements are closed."""
    billing.make_due(timezone.localdate())

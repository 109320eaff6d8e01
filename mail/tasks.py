"""The jobs of mail; they are deferred in the transaction that wrote it."""

import datetime

from django.db import close_old_connections
from procrastinate.contrib.django import app

from .models import Message


def defer(message: Message, at: datetime.datetime | None = None) -> None:
    """Have a worker send this mail, if and when the running transaction commits."""
    send_message.configure(schedule_at=at).defer(message_id=str(message.pk))


@app.task(name="mail.send", queue="mail")
def send_message(message_id: str) -> None:
    from .services import attempt  # which defers this task

    close_old_connections()  # the database may have been restarted since the last job
    message = Message.objects.filter(pk=message_id).first()
    if message:
        attempt(message)


@app.periodic(cron="*/5 * * * *")
@app.task(name="mail.retry_stalled", queueing_lock="retry_stalled", pass_context=True)
async def retry_stalled(context, timestamp: int) -> None:
    """Jobs whose worker was killed are given to another one."""
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(
    name="mail.forget_finished", queueing_lock="forget_finished", pass_context=True
)
async def forget_finished(context, timestamp: int) -> None:
    """What was done a week ago needs no job any more; the mail's own row stays."""
    await context.app.job_manager.delete_old_jobs(nb_hours=7 * 24)

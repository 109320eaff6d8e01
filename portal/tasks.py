"""The upkeep of the queue itself."""

from procrastinate import builtin_tasks
from procrastinate.contrib.django import app


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context, timestamp):
    """Take up what a worker was doing when it was killed."""
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="remove_old_jobs", pass_context=True)
async def remove_old_jobs(context, timestamp):
    """Forget the jobs that ended over two weeks ago; mails keep their own state."""
    await builtin_tasks.remove_old_jobs(
        context,
        max_hours=14 * 24,
        remove_failed=True,
        remove_cancelled=True,
        remove_aborted=True,
    )

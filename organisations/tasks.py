"""What time does to who runs an organisation."""

from procrastinate.contrib.django import app

from .services import asking, intervening


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tend_administrators")
def tend_administrators(timestamp: int) -> None:
    """Remind of who asked to be administrator, and do what nobody objected to in time."""
    asking.tend_all()
    intervening.carry_out_all()

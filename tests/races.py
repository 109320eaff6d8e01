"""Two or three who press at the same moment, again and again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from django.db import connection

ROUNDS = 200


class Race:
    """Threads that are kept from round to round, and start each at one signal."""

    def __init__(self, runners):
        self.pool, self.start = (
            ThreadPoolExecutor(runners),
            Barrier(runners, timeout=60),
        )

    def run(self, *acts, losing):
        """Whether each of these acts succeeded; `losing` are the errors of who came late."""
        return [*self.pool.map(self._act, acts, [losing] * len(acts))]

    def _act(self, act, losing):
        try:
            self.start.wait()
            act()
        except losing:
            return False
        finally:
            connection.close()  # back to the pool
        return True


@contextmanager
def racing(runners):
    race = Race(runners)
    with race.pool:
        yield race

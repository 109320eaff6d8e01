"""The database of one's own starts, whatever else the machine is doing."""

import os
import threading
import time

import psycopg
import pytest

from portal import embedded


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root hands the data to another user"
)
def test_it_starts_though_others_close_a_directory_above_it(tmp_path):
    """As a second run of these tests does with the directory of all their files."""
    closed_until = time.monotonic() + 4

    def close():
        while time.monotonic() < closed_until:
            tmp_path.chmod(0o700)

    closing = threading.Thread(target=close)
    closing.start()
    server = embedded.start(tmp_path / "postgres", cleanup_mode="delete")
    closing.join()
    tmp_path.chmod(0o755)

    with psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.cleanup()
    assert not (tmp_path / "postgres").exists()

import logging

import pytest

from portal.logging import HideSecrets

SECRET = "kvk_live_abcdEFGH_" + "x" * 43 + "_123456"


@pytest.mark.parametrize(
    "line",
    [
        f"refused {SECRET}",
        f"Not Found: /aanvraag/{'t' * 43}/document/1/",
        f"Not Found: /aanvragen/verder/{'t' * 43}/",
        f"Not Found: /activeren/{'t' * 43}/",
        f"Not Found: /uitnodiging/{'t' * 43}/",
        f"Not Found: /rekening-bevestigen/{'t' * 43}/",
        f"GET /account/login/?next=%2Fuitnodiging%2F{'t' * 43}%2F",
        f"Bearer gw_{'t' * 43}",
        f"Method Not Allowed: /account/password/reset/key/1f-{'t' * 43}/",
    ],
)
def test_no_secret_and_no_private_link_is_logged(line):
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s", (line,), None)

    HideSecrets().filter(record)

    assert "[verborgen]" in record.getMessage()
    assert "t" * 43 not in record.getMessage()
    assert "x" * 43 not in record.getMessage()

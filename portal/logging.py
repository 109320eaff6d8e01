"""What never reaches a log: the secrets of keys, the tokens of gateways and private links."""

import logging
import re

SECRET = re.compile(
    r"[a-z]{2,8}_(?:live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}"
    r"|\bgw_[\w-]{43}"
)
LINK = re.compile(
    r"(?:/|%2F)(aanvraag|aanvragen(?:/|%2F)verder|activeren|uitnodiging|e-mailadres|rekening-bevestigen|account/password/reset/key)"
    r"(?:/|%2F)(?!done/)[\w-]{20,}"
)


class HideSecrets(logging.Filter):
    """Writes the finished line, with every secret replaced."""

    def filter(self, record):
        line = record.getMessage()
        clean = LINK.sub(r"/\1/[verborgen]", SECRET.sub("[verborgen]", line))
        if clean != line:
            record.msg, record.args = clean, None
        return True

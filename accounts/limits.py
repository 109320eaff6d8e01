"""How often one may guess: at a password, a code of the second factor, a link.

A guess counts for the account, wherever it comes from, and for the network that it comes
from. From a browser that its person signed in with before it counts for that browser
alone (OWASP, "device cookies"). So a stranger who uses up an account's share shuts out
strangers, and never the owner. What is counted is taken before the guess and given back
when it was right: guesses at the same moment get no more than their share.
"""

import datetime
import hashlib
import hmac
import ipaddress
import math
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from . import known_devices
from .models import Tries


@dataclass(frozen=True)
class Limit:
    """So many tries in so many seconds, from the first one on."""

    name: str
    most: int
    seconds: int = 900


PASSWORD = Limit("password", 10)
CODE = Limit("code", 5)  # six digits: fewer than for a password
NETWORK = Limit("network", 50)  # an office shares one address
PASSKEY = Limit("passkey", 100)
RESET = Limit("reset", 20)
JOIN = Limit("join", 20)
LINK = Limit("link", 20)
EMAIL_CHANGE = Limit("email_change", 10, 3600)
USERNAME = Limit("username", 10, 3600)
OWN_LOGIN = Limit("own_login", 30, 60)

TAKE = """
INSERT INTO accounts_tries AS had (key, count, until)
VALUES (%s, 1, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN had.until <= clock_timestamp() THEN 1 ELSE had.count + 1 END,
    until = CASE WHEN had.until <= clock_timestamp() THEN excluded.until ELSE had.until END
WHERE had.until <= clock_timestamp() OR had.count < %s
RETURNING key
"""
GIVE_BACK = "UPDATE accounts_tries SET count = count - 1 WHERE key = %s AND count > 0"


class TooManyTries(ValidationError):
    """No try is left; says how long to wait, and the same whoever it was about."""

    def __init__(self, until: datetime.datetime) -> None:
        self.seconds = max(1, math.ceil((until - timezone.now()).total_seconds()))
        minutes = math.ceil(self.seconds / 60)
        text = ngettext(
            "Er is te vaak geprobeerd. Wacht %(minutes)d minuut en probeer het dan opnieuw.",
            "Er is te vaak geprobeerd. Wacht %(minutes)d minuten en probeer het dan"
            " opnieuw.",
            minutes,
        )
        super().__init__(text % {"minutes": minutes}, "too_many_tries")


def take(limit: Limit, of: object) -> str:
    """Use up one try of somebody's share; raises TooManyTries. Give it back by what it returns."""
    key = _key(limit, of)
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [key, limit.seconds, limit.most])
        if cursor.fetchone():
            return key
    raise TooManyTries(Tries.objects.values_list("until", flat=True).get(key=key))


def give_back(keys: list[str]) -> None:
    """What was tried was right, and is no guess."""
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute(GIVE_BACK, [key])


def take_guess(request: HttpRequest, username: str, limit: Limit) -> list[str]:
    """Use up one guess at somebody's password or code; raises TooManyTries."""
    name = username.strip().lower()
    if device := known_devices.find(name, known_devices.token_of(request)):
        return [take(limit, f"device {device.pk}")]
    taken = [take(NETWORK, network_of(request))]
    try:
        taken.append(take(limit, f"account {name}"))
    except TooManyTries:
        give_back(taken)
        raise
    return taken


def take_from(request: HttpRequest, limit: Limit) -> None:
    """Use up one try of the network that a request comes from; raises TooManyTries."""
    take(limit, network_of(request))


def network_of(request: HttpRequest) -> str:
    """The address that asks; of IPv6 the first half, which one household or office has."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def sweep() -> None:
    """Forget the counts whose span is over."""
    Tries.objects.filter(until__lt=timezone.now()).delete()


def _key(limit: Limit, of: object) -> str:
    """No name or address can be read from what is kept."""
    content = f"{limit.name} {of}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), content, hashlib.sha256).hexdigest()

"""Where in the world an address is, as far as the operator's database of places says."""

import functools
import ipaddress

import maxminddb
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def place(address: str | None) -> str:
    """“Utrecht, Nederland” in the reader's language; empty if nobody knows."""
    try:
        where = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if where.is_private:
        return _("lokaal netwerk")
    found = _found(where)
    names = [_name(found.get(part)) for part in ("city", "country")]
    return ", ".join(name for name in names if name)


def address_and_place(address: str | None) -> str:
    """“192.0.2.7 (Utrecht, Nederland)”."""
    known = place(address)
    return f"{address} ({known})" if known else str(address or "")


def _found(where):
    """What the database says; nothing where it is missing, broken or of IPv4 only."""
    if not settings.GEOIP_DATABASE:
        return {}
    try:
        found = _database().get(where)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError):
        return {}  # nobody is kept out because we do not know where they are
    return found if isinstance(found, dict) else {}


def _name(part):
    names = part.get("names", {}) if isinstance(part, dict) else {}
    return names.get(get_language()) or names.get("en", "")


@functools.cache
def _database():
    return maxminddb.open_database(settings.GEOIP_DATABASE)

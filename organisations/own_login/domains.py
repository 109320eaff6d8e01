"""Whose mail domain is it: a record in its DNS that only its owner can put there."""

import hashlib
import hmac
import re

import dns.exception
import dns.resolver
from django.conf import settings

LABEL = "_portal-verificatie"
SECONDS = 4
PATTERN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$"

# Where anybody can have a mailbox; no organisation's own.
PUBLIC_MAILBOXES = frozenset(
    """
aol.com caiway.nl casema.nl chello.nl duck.com email.com fastmail.com freedom.nl gmail.com
gmx.com gmx.de gmx.net googlemail.com hccnet.nl hetnet.nl home.nl hotmail.be hotmail.com
hotmail.nl hushmail.com icloud.com kpnmail.nl kpnplanet.nl live.be live.com live.nl
mac.com mail.com mailbox.org me.com msn.com onsbrabantnet.nl onsnet.nu outlook.com
outlook.be outlook.nl planet.nl pm.me posteo.de posteo.net proton.me protonmail.com
quicknet.nl skynet.be solcon.nl soverin.net startmail.com t-mobilethuis.nl telenet.be
tele2.nl telfort.nl telfortglasvezel.nl tiscali.nl tuta.com tutanota.com upcmail.nl
versatel.nl wanadoo.nl web.de xmsnet.nl xs4all.nl yahoo.co.uk yahoo.com yahoo.nl yandex.com
yandex.ru zeelandnet.nl ziggo.nl zoho.com zonnet.nl
""".split()  # noqa: SIM905
)


class NotLookedUp(Exception):
    """The DNS gave no answer either way: nothing is known."""


def of_address(email: str) -> str:
    """The domain of a mail address, as it is compared; "" for what is no address."""
    name, at, domain = email.strip().rpartition("@")
    return domain.lower().rstrip(".") if at and name else ""


def is_domain(text: str) -> bool:
    return len(text) <= 253 and re.fullmatch(PATTERN, text) is not None


def record_name(domain: str) -> str:
    return f"{LABEL}.{domain}"


def record_text(organisation_id: int, domain: str) -> str:
    """What the record must say: of this organisation and this domain, and of no other."""
    content = f"mail domain|{organisation_id}|{domain}".encode()
    mac = hmac.new(settings.LINK_KEY, content, hashlib.sha256).hexdigest()
    return f"portal-verificatie={mac[:40]}"


def has_record(organisation_id: int, domain: str) -> bool:
    """Whether the DNS says now that this domain is this organisation's; may raise NotLookedUp."""
    wanted = record_text(organisation_id, domain)
    try:
        answer = _resolver().resolve(f"{record_name(domain)}.", "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return False
    except dns.exception.DNSException as error:
        raise NotLookedUp(domain) from error
    texts = [b"".join(record.strings).decode("ascii", "replace") for record in answer]
    return wanted in (text.strip() for text in texts)


def _resolver() -> dns.resolver.Resolver:
    """The machine's own, or the servers that are set (host:port)."""
    servers = settings.OWN_LOGIN_RESOLVERS
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        pairs = [server.rpartition(":") for server in servers]
        ports = {host.strip("[]"): int(port) for host, _colon, port in pairs}
        resolver.nameservers, resolver.nameserver_ports = [*ports], ports
    return resolver

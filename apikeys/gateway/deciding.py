"""Whether a key may pass, and if not, why: the one place where that is decided."""

import datetime
import functools
import ipaddress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from mail import private_links

from .. import gateways, secrets
from ..models import Environment, Gateway, KeySecret
from . import quotas
from .quotas import Quota, Standing
from .recent import recent

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
DATABASE = "gateway"  # connections of its own, so that busy pages do not hold it up


class Refusal(Enum):
    """Why a call may not pass; each has its words in verify.py."""

    UNKNOWN = "unknown"  # no key, a typing error, or nobody's
    EXPIRED = "expired"  # another value of the same key works
    ENDED = "ended"  # no value of the key does
    BLOCKED = "blocked"
    ORGANISATION = "organisation"  # all its keys, by the operator
    ADDRESS = "address"  # the key works from other networks
    ENVIRONMENT = "environment"  # a key for tests in production, or the reverse
    WRONG_API = "wrong-api"
    QUOTA = "quota"
    BUDGET = "budget"  # the organisation's own, that it wants to stop at


class GatewayUnknown(Exception):
    """Who asks shows no token of a gateway that is running."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says of a secret; read once, good for some seconds."""

    key_id: int
    secret_id: int
    organisation: str
    expires_at: datetime.datetime | None
    blocked: bool
    organisation_blocked: bool
    environment: str
    canary: bool  # a decoy: never passes, and its use is reported
    networks: tuple[Network, ...]  # none: from anywhere
    apis: frozenset[str]
    quotas: tuple[Quota, ...] = ()
    ends_at: datetime.datetime | None = None  # of the key, whatever the secret
    stopped_until: datetime.datetime | None = None  # by a budget


@dataclass(frozen=True, slots=True)
class Asker:
    gateway_id: int
    apis: frozenset[str]  # empty: all


@dataclass(frozen=True, slots=True)
class Decision:
    """`refusal` None: let it pass. `age` says how old, in seconds, what it rests on is."""

    refusal: Refusal | None
    facts: Facts | None
    age: float
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What a gateway tells of the call that it asks about; nothing, where it knows not."""

    api: str = ""
    address: str = ""
    environment: str = Environment.LIVE.value


@sensitive_variables("authorization", "presented")
def decide(authorization: str, presented: str, call: Call) -> Decision:
    """Judge one call, with at most one query for the key; raises GatewayUnknown, Away.

    Why a key is refused is told only to who shows the whole secret; anybody else reads
    "unknown".
    """
    asker = _asker(authorization)
    public_id = secrets.public_id(presented)
    if public_id is None:
        return Decision(Refusal.UNKNOWN, None, 0)
    digest = secrets.digest(presented, secrets.pepper_version())
    facts, age = recent.get(digest, lambda: _read(public_id, presented))
    if facts and facts.canary:  # answered as what is unknown, to the second
        return Decision(Refusal.UNKNOWN, facts, 0)
    refusal = _refusal(facts, asker, call)
    if facts is None or refusal:
        return Decision(refusal, facts, age)
    return _within_limits(facts, age, quotas.standing(facts.quotas, call.api))


def _refusal(facts: Facts | None, asker: Asker, call: Call) -> Refusal | None:
    if facts is None:
        return Refusal.UNKNOWN
    if refusal := closed(facts):
        return refusal
    if facts.networks and not _lies_in(call.address, facts.networks):
        return Refusal.ADDRESS
    if call.environment != facts.environment:
        return Refusal.ENVIRONMENT
    api = call.api
    if not api and len(asker.apis) == 1:
        [api] = asker.apis
    guarded = not asker.apis or not api or api in asker.apis
    if not guarded or (api and api not in facts.apis):
        return Refusal.WRONG_API
    return None


def _within_limits(facts: Facts, age: float, standing: Standing | None) -> Decision:
    """What may pass by itself, as long as there is something left."""
    if standing and standing.left == 0:
        return Decision(Refusal.QUOTA, facts, age, standing)
    if standing:
        quotas.uses.count(standing.quota)
    return Decision(None, facts, age, standing)


def closed(facts: Facts) -> Refusal | None:
    """Why a secret opens nothing, whatever is asked for."""
    if facts.organisation_blocked:
        return Refusal.ORGANISATION
    if facts.blocked:
        return Refusal.BLOCKED
    if facts.ends_at and facts.ends_at <= timezone.now():
        return Refusal.ENDED
    if facts.expires_at and facts.expires_at <= timezone.now():
        return Refusal.EXPIRED
    if facts.stopped_until and facts.stopped_until > timezone.now():
        return Refusal.BUDGET
    return None


def _lies_in(address: str, networks: tuple[Network, ...]) -> bool:
    """An address that nobody tells, or that is none, lies nowhere."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in networks)


@sensitive_variables("authorization")
def _asker(authorization: str) -> Asker:
    token = gateways.token_of(authorization)
    if token is None:
        raise GatewayUnknown
    digest = private_links.digest(token)
    asker, _age = recent.get(("gateway", digest), lambda: _read_gateway(digest))
    if asker is None:
        raise GatewayUnknown
    return asker


def _read_gateway(digest: str) -> Asker | None:
    running = Gateway.objects.using(DATABASE).running().filter(token_digest=digest)
    found = running.annotate(
        slugs=ArrayAgg("apis__slug", filter=Q(apis__isnull=False), default=[])
    ).first()
    if found is None:
        return None
    gateways.see(found)
    return Asker(found.pk, frozenset(found.slugs))


@sensitive_variables("presented")
def _read(public_id: str, presented: str) -> Facts | None:
    secret = readable().filter(public_id=public_id).first()
    if secret is None or not secrets.proves(presented, secret):
        return None
    return facts_of(secret)


def readable() -> QuerySet[KeySecret]:
    """Secrets with what facts_of() needs: the APIs that their subscriptions open today."""
    return _readable_on(timezone.localdate(), DATABASE).all()


@functools.lru_cache(maxsize=2)
def _readable_on(today: datetime.date, database: str) -> QuerySet[KeySecret]:
    """Put together once a day: that takes longer than the query."""
    runs = Q(key__subscriptions__starts_on__lte=today) & (
        Q(key__subscriptions__ends_on=None) | Q(key__subscriptions__ends_on__gte=today)
    )
    kept = KeySecret.objects.using(database).select_related(
        "key__organisation", "key__spending_stop"
    )
    return kept.defer("ciphertext").annotate(
        apis=ArrayAgg(
            "key__subscriptions__product__apis__slug",
            filter=runs & Q(key__subscriptions__product__apis__isnull=False),
            distinct=True,
            default=[],
        ),
        only=ArrayAgg(
            "key__only_apis__slug",
            filter=Q(key__only_apis__isnull=False),
            distinct=True,
            default=[],
        ),
        quotas=quotas.aggregated(runs),
    )


def facts_of(secret: Any) -> Facts:
    """Of a secret from readable()."""
    key = secret.key
    ends = [end for end in (secret.expires_at, key.end) if end]
    apis = frozenset(secret.apis)
    stop = getattr(key, "spending_stop", None)
    return Facts(
        key_id=key.pk,
        secret_id=secret.pk,
        organisation=key.organisation.slug,
        expires_at=min(ends, default=None),
        blocked=key.blocked_at is not None,
        organisation_blocked=key.organisation.blocked_at is not None,
        environment=key.environment,
        canary=key.canary,
        networks=tuple(ipaddress.ip_network(network) for network in key.networks),
        apis=apis.intersection(secret.only) if secret.only else apis,
        quotas=tuple(Quota(**one) for one in secret.quotas or []),
        ends_at=key.end,
        stopped_until=stop and stop.until,
    )

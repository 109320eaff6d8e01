"""One more key under a contract that runs: a member asks, staff decide."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.roles import Permission
from organisations.services.locking import lock, lock_of

from .. import emails
from ..models import (
    ApiKey,
    Environment,
    KeyRequest,
    KeyRequestStatus,
    Product,
    Subscription,
)
from .changing import NameTaken
from .issuing import issue


class NotCovered(Exception):
    """No contract of the organisation covers the product now: that takes an application."""


class AlreadyAsked(Exception):
    """A request of this name waits for an answer."""


class AlreadyDecided(Exception):
    """Somebody decided before."""


class OwnRequest(Exception):
    """Who asked, or belongs to the organisation, does not decide."""


def covered(organisation: Organisation) -> QuerySet[Product]:
    """What the organisation's contracts cover, so that a key costs no second contract."""
    return Product.objects.filter(subscriptions__in=_running(organisation)).distinct()


def askable(organisation: Organisation) -> QuerySet[Product]:
    """What one may ask a key for: what is covered, and what is on offer to all."""
    covered_ones = covered(organisation).values("pk")
    return Product.objects.filter(Q(pk__in=covered_ones) | Q(on_offer=True))


@transaction.atomic
def ask_for_key(
    organisation: Organisation,
    product: Product,
    *,
    name: str,
    purpose: str,
    by: User,
    environment: Environment = Environment.LIVE,
) -> KeyRequest:
    """Ask the operator for one more key to a product that a contract covers."""
    lock(organisation.pk, by=by, permission=Permission.KEYS_MANAGE)
    if organisation.api_keys.filter(name__iexact=name).exists():
        raise NameTaken(name)
    if organisation.key_requests.waiting().filter(name__iexact=name).exists():
        raise AlreadyAsked(name)
    if product not in covered(organisation):
        raise NotCovered(product)
    request = KeyRequest.objects.create(
        organisation=organisation,
        product=product,
        name=name,
        environment=environment,
        purpose=purpose,
        asked_by=by,
    )
    record("key.asked_for", subject=request, by=by, organisation=organisation, new=name)
    return request


@transaction.atomic
def grant_key(request: KeyRequest, *, by: User) -> ApiKey:
    """Give the organisation the key it asked for, which ends when its contract does."""
    _lock(request, by)
    organisation = request.organisation
    running = _running(organisation).filter(product=request.product)
    base = _first_keys(organisation).filter(subscriptions__in=running).first()
    if base is None:
        raise NotCovered(request.product)
    key = issue(
        organisation,
        products=[request.product],
        name=request.name,
        by=by,
        environment=Environment(request.environment),
    )
    key.extra_of, key.expires_at = base, base.expires_at
    key.save(update_fields=["extra_of", "expires_at"])
    request.api_key = key
    _decide(request, KeyRequestStatus.APPROVED, by=by)
    return key


@transaction.atomic
def refuse_key(request: KeyRequest, *, reason: str, by: User) -> None:
    """Give no key, and say why."""
    _lock(request, by)
    request.reason = reason
    _decide(request, KeyRequestStatus.REFUSED, by=by)
    record(
        "key.not_given",
        subject=request,
        by=by,
        organisation=request.organisation,
        new=request.name,
        reason=reason,
    )


def _first_keys(organisation: Organisation) -> QuerySet[ApiKey]:
    """The keys that came with a contract that still runs, the oldest first."""
    goes_on = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    keys = organisation.api_keys.working_ones().filter(goes_on, extra_of=None)
    return keys.order_by("pk")


def _running(organisation: Organisation) -> QuerySet[Subscription]:
    """What is paid for today under those contracts."""
    runs = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    keys = _first_keys(organisation).values("pk")
    return organisation.subscriptions.filter(runs, api_keys__in=keys)


def _lock(request: KeyRequest, by: User) -> None:
    """The organisation first, as issue does."""
    lock_of(request)
    request.refresh_from_db(from_queryset=KeyRequest.objects.select_for_update())
    if request.status != KeyRequestStatus.OPEN:
        raise AlreadyDecided
    if request.organisation.memberships.filter(user=by).exists():
        raise OwnRequest


def _decide(request: KeyRequest, status: KeyRequestStatus, *, by: User) -> None:
    request.status, request.decided_by = status, by
    request.decided_at = timezone.now()
    request.save()
    emails.key_request_decided(request)

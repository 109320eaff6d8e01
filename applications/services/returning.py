"""What a bank gave back of a collection: kept and told, and nothing follows by itself.

What was written down by mistake is taken back: that is kept and told likewise.
"""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record
from organisations.services.locking import lock_of

from .. import contract_emails
from ..models import Collection, CollectionReturn, ReturnReason


class AlreadyReturned(Exception):
    """It came back already; it cannot do so twice."""


class AlreadyTakenBack(Exception):
    """A colleague said before that it was a mistake."""


class NotThen(Exception):
    """The file was not made yet on that day, or the day is still to come."""


@transaction.atomic
def record_return(
    collection: Collection,
    *,
    reason: ReturnReason,
    returned_on: datetime.date,
    by: User,
) -> CollectionReturn:
    """Keep that a collection came back, and tell the customer; raises AlreadyReturned
    or NotThen.
    """
    lock_of(collection.contract)
    collection = Collection.objects.select_for_update().get(pk=collection.pk)
    if collection.returns.standing().exists():
        raise AlreadyReturned
    made_on = timezone.localdate(collection.direct_debit.made_at)
    if not made_on <= returned_on <= timezone.localdate():
        raise NotThen
    returned = CollectionReturn.objects.create(
        collection=collection, reason=reason, returned_on=returned_on, recorded_by=by
    )
    _record("billing.collection_returned", returned, by, reason=reason)
    contract_emails.collection_returned(returned)
    return returned


@transaction.atomic
def take_back(returned: CollectionReturn, *, mistake: str, by: User) -> None:
    """Say that it did not come back after all, and tell who was told that it did; raises
    AlreadyTakenBack.
    """
    lock_of(returned.collection.contract)
    returned.refresh_from_db(from_queryset=CollectionReturn.objects.select_for_update())
    if returned.taken_back_at:
        raise AlreadyTakenBack
    returned.taken_back_at, returned.taken_back_by = timezone.now(), by
    returned.mistake = mistake
    returned.save(update_fields=["taken_back_at", "taken_back_by", "mistake"])
    _record("billing.collection_return_taken_back", returned, by, reason=mistake)
    contract_emails.collection_not_returned(returned)


def _record(kind: str, returned: CollectionReturn, by: User, *, reason: str) -> None:
    collection = returned.collection
    record(
        kind,
        subject=collection.direct_debit.billing,
        by=by,
        organisation=collection.contract.organisation,
        contract=collection.contract.number,
        amount=collection.amount,
        reason=reason,
        returned_on=returned.returned_on,
    )

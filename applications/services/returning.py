"""What a bank gave back of a collection: kept and told, and nothing follows by itself."""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record
from organisations.services.locking import lock_of

from .. import emails
from ..models import Collection, CollectionReturn, ReturnReason


class AlreadyReturned(Exception):
    """It came back already; it cannot do so twice."""


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
    if hasattr(collection, "returned"):
        raise AlreadyReturned
    made_on = timezone.localdate(collection.direct_debit.made_at)
    if not made_on <= returned_on <= timezone.localdate():
        raise NotThen
    returned = CollectionReturn.objects.create(
        collection=collection, reason=reason, returned_on=returned_on, recorded_by=by
    )
    record(
        "billing.collection_returned",
        subject=collection.direct_debit.billing,
        by=by,
        organisation=collection.contract.organisation,
        contract=collection.contract.number,
        amount=collection.amount,
        reason=reason,
        returned_on=returned_on,
    )
    emails.collection_returned(returned)
    return returned

"""Who may act on a key, judged at the moment that it is done."""

from django.db.models import QuerySet

from accounts.models import User
from organisations.roles import Permission
from organisations.services.locking import lock_of

from ..models import ApiKey


def lock_key(
    key: ApiKey,
    *,
    by: User | None = None,
    permission: Permission = Permission.KEYS_MANAGE,
) -> None:
    """Wait until nobody else acts on the key, and read it anew; the organisation first.

    `by` acts as a member with this right, as organisations' lock() judges it; a decoy is
    there for administrators only.
    """
    if key.canary:
        permission = Permission.KEYS_MANAGE
    lock_of(key, by=by, permission=permission)
    key.refresh_from_db(from_queryset=locked())


def locked() -> QuerySet[ApiKey]:
    """Keys under lock, but not their id: what is kept of a key meanwhile refers to it."""
    return ApiKey.objects.select_for_update(no_key=True)

"""When a secret scanner finds one of our keys where anybody can read it."""

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record
from organisations.models import Organisation
from organisations.roles import Permission
from organisations.services.locking import lock

from .. import emails, secrets
from ..models import ApiKey, KeySecret, LeakPolicy, OnLeak
from . import rotating
from .blocking import block_as_leaked
from .locking import lock_key


def policy_of(organisation: Organisation) -> OnLeak:
    """What the organisation wants done with a leaked key."""
    chosen = LeakPolicy.objects.filter(organisation=organisation).first()
    return OnLeak(chosen.on_leak) if chosen else OnLeak.BLOCK


@transaction.atomic
def choose_policy(organisation: Organisation, on_leak: OnLeak, *, by: User) -> None:
    """Say what becomes of a key of ours that a scanner finds."""
    lock(organisation.pk, by=by, permission=Permission.KEYS_MANAGE)
    if policy_of(organisation) == on_leak:
        return
    LeakPolicy.objects.update_or_create(
        organisation=organisation, defaults={"on_leak": on_leak}
    )
    record(
        f"key.leak_policy_{on_leak}",
        subject=organisation,
        by=by,
        organisation=organisation,
    )


@sensitive_variables("token")
@transaction.atomic
def leaked(token: str, *, url: str, scanner: str) -> bool:
    """Act on what a scanner found, by its organisation's policy; says whether it is ours.

    The same find once more changes nothing and mails nobody.
    """
    public_id = secrets.public_id(token)
    secret = KeySecret.objects.filter(public_id=public_id or "").first()
    if secret is None or not secrets.proves(token, secret):
        return False
    key = secret.key
    lock_key(key)
    secret.refresh_from_db()
    if secret.leaked_at is None:
        secret.leaked_at = timezone.now()
        secret.save(update_fields=["leaked_at"])
        if not key.retired_at:
            emails.key_leaked(key, what=_act(key, secret), url=url, scanner=scanner)
        record(
            "key.leaked",
            subject=key,
            by=None,
            organisation=key.organisation,
            public_id=secret.public_id,
            scanner=scanner,
        )
    return True


def _act(key: ApiKey, secret: KeySecret) -> str:
    """Close what got out and no more: an old secret alone, or else the key."""
    if key.canary:
        return "canary"
    works = KeySecret.objects.usable().filter(pk=secret.pk).exists()
    if not works or key.blocked_at:
        return "dead"
    if policy_of(key.organisation) == OnLeak.TELL:
        return "told"
    if secret.is_ending:
        rotating.end_old_secret(secret, by=None)
        return "ended"
    block_as_leaked(key, by=None)
    return "blocked"

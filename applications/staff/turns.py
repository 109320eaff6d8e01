"""Whose turn it is among the staff: what waits for somebody with these rights."""

from django.db.models import Q, QuerySet

from accounts.models import User

from ..models import Application, Status
from ..models.applications import is_nobodys


def _to_send(user: User) -> Q:
    return Q(status=Status.SUBMITTED, email_confirmed_at__isnull=False)


def _to_approve(user: User) -> Q:
    own = Q(contract_sent_by=user) | Q(contract_returned_by=user)
    return Q(status=Status.CONTRACT_RETURNED) & ~own


def _to_help(user: User) -> Q:
    return Q(status=Status.SUBMITTED, email_confirmed_at=None)


TURNS = {  # right → what those who hold it are on turn for
    "send_contract": _to_send,
    "approve": _to_approve,
    "renew_link": _to_help,
}


def is_for_another(application: Application, user: User) -> bool:
    """Whether this person sent or registered the contract, which another approves."""
    own = {application.contract_sent_by_id, application.contract_returned_by_id}
    return application.status == Status.CONTRACT_RETURNED and user.pk in own


def queue(user: User) -> QuerySet[Application]:
    """What waits for who holds the rights of this person, the oldest first."""
    which = Q(pk__in=[])
    for right, turn in TURNS.items():
        if user.has_perm(f"applications.{right}"):
            which |= turn(user)
    return Application.objects.filter(which).select_related("assignee")


def next_for(user: User, application: Application) -> Application | None:
    """What this person can go on with, which is no colleague's."""
    free = is_nobodys() | Q(assignee=user)
    return queue(user).filter(free).exclude(pk=application.pk).first()

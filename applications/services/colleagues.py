"""Who of the staff works on an application, and what they write to each other about it."""

import re

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.services import record

from .. import emails
from ..models import Application, Mention, Note, Status
from .moves import lock, require, require_open

MENTION = re.compile(r"(?<![\w.@-])@([a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9])")


class NotAColleague(Exception):
    """Nobody of this name works on applications."""

    def __init__(self, name: str):
        self.name = name


class TakenByAnother(Exception):
    """A colleague was just before you."""


def may(right: str) -> QuerySet[User]:
    """The staff of today who hold this right on applications, by name."""
    of_app = {"content_type__app_label": "applications", "codename": right}
    group = {f"groups__permissions__{name}": value for name, value in of_app.items()}
    own = {f"user_permissions__{name}": value for name, value in of_app.items()}
    holders = User.objects.filter(Q(**group) | Q(**own) | Q(is_superuser=True))
    staff = User.objects.filter(is_staff=True, is_active=True)
    return staff.filter(pk__in=holders.values("pk")).order_by("name")


@transaction.atomic
def take(application: Application, *, by: User) -> None:
    """Work on an application that is nobody's; raises TakenByAnother, or WrongState."""
    _lock_open(application)
    holder = application.assignee
    if holder and holder.is_active and holder != by:
        raise TakenByAnother
    _assign(application, by)
    record("application.taken", subject=application, by=by)


@transaction.atomic
def assign(application: Application, *, to: User, by: User) -> None:
    """Have a colleague work on it, whoever did so until now; raises NotAColleague."""
    _lock_open(application)
    if not may("assign").filter(pk=to.pk).exists():
        raise NotAColleague(to.username)
    _assign(application, to)
    record("application.assigned", subject=application, by=by, to=to.pk)


@transaction.atomic
def give_back(application: Application, *, by: User) -> None:
    """Leave it to whoever takes it; raises TakenByAnother when it is somebody else's."""
    _lock_open(application)
    if application.assignee != by:
        raise TakenByAnother
    _assign(application, None)
    record("application.given_back", subject=application, by=by)


@transaction.atomic
def write_note(application: Application, text: str, *, by: User) -> Note:
    """Write for colleagues only; who is called by @username is told. Raises NotAColleague."""
    lock(application)
    require(application, *(status for status in Status if status != Status.DRAFT))
    people = _mentioned(text)
    note = Note.objects.create(application=application, by=by, text=text)
    for person in people:
        Mention.objects.create(note=note, person=person)
        emails.mentioned(note, person)
    called = [person.pk for person in people]
    record("application.noted", subject=application, by=by, mentioned=called)
    return note


@transaction.atomic
def mark_read(application: Application, *, by: User) -> None:
    """Whoever was called by name in its notes has read them."""
    lock(application)
    unread = Mention.objects.unread_by(by).filter(note__application=application)
    if unread.update(read_at=timezone.now()):
        record("application.notes_read", subject=application, by=by)


def _lock_open(application: Application) -> None:
    lock(application)
    require_open(application)


def _assign(application: Application, person: User | None) -> None:
    application.assignee = person
    application.save(update_fields=["assignee"])


def _mentioned(text: str) -> list[User]:
    names = {name.lower() for name in MENTION.findall(text)}
    found = {user.username: user for user in may("view_application")}
    for name in sorted(names - found.keys()):
        raise NotAColleague(name)
    return [found[name] for name in sorted(names)]

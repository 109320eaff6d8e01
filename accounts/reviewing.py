"""Once a quarter two of staff look at who may what, and sign for it. Source: BIO2 5.18."""

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from audit.services import record

from .models import RightsReview, User
from .second_factor import FACTORS

SIGNERS = 2  # nobody vouches alone for their own rights


class ChangedMeanwhile(Exception):
    """The rights are others than those that were shown."""


class AlreadySigned(Exception):
    """This person signed for this quarter."""


class OwnRights(Exception):
    """Nobody takes their own rights away here: another does."""


@dataclass
class Line:
    """One of staff, and what they may: as shown, and as kept when it is signed."""

    person: int
    username: str
    name: str
    groups: list[str]
    superuser: bool
    rights_of_their_own: list[str]
    second_factor: bool
    last_login: datetime.date | None


def lines() -> list[Line]:
    """Everybody who gets into `/beheer/` today, by username."""
    people = (
        User.objects.filter(is_staff=True, is_active=True)
        .prefetch_related(
            "groups", "user_permissions__content_type", "authenticator_set"
        )
        .order_by("username")
    )
    return [_line(person) for person in people]


def _line(person: User) -> Line:
    factors = person.authenticator_set.all()  # type: ignore[attr-defined]
    return Line(
        person=person.pk,
        username=person.username,
        name=person.name,
        groups=sorted(group.name for group in person.groups.all()),
        superuser=person.is_superuser,
        rights_of_their_own=sorted(str(one) for one in person.user_permissions.all()),
        second_factor=any(factor.type in FACTORS for factor in factors),
        last_login=timezone.localdate(person.last_login) if person.last_login else None,
    )


def quarter(day: datetime.date) -> datetime.date:
    """The first day of its quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def signed_this_quarter() -> list[RightsReview]:
    of_now = RightsReview.objects.filter(quarter=quarter(timezone.localdate()))
    return list(of_now.select_related("signed_by").order_by("signed_at"))


def is_due() -> bool:
    """Whether this quarter still needs somebody to look."""
    return len(signed_this_quarter()) < SIGNERS


def digest(shown: list[Line]) -> str:
    """What is vouched for, in short; that somebody logged in meanwhile changes nothing."""
    rights = [
        (one.person, one.groups, one.superuser, one.rights_of_their_own)
        for one in shown
    ]
    return hashlib.sha256(json.dumps(rights).encode()).hexdigest()


@transaction.atomic
def sign(seen: str, *, remark: str, by: User) -> RightsReview:
    """Vouch for the rights as they were shown (`seen`: their digest).

    Raises ChangedMeanwhile or AlreadySigned.
    """
    now = lines()
    if seen != digest(now):
        raise ChangedMeanwhile
    of_now = quarter(timezone.localdate())
    review, is_new = RightsReview.objects.get_or_create(
        quarter=of_now,
        signed_by=by,
        defaults={"seen": [asdict(line) for line in now], "remark": remark},
    )
    if not is_new:
        raise AlreadySigned
    record("rights.reviewed", subject=review, by=by)
    return review


@transaction.atomic
def take_away(person: User, group: Group, *, by: User) -> None:
    """Take one of staff out of a group; what they have open is refused from now on."""
    if person == by:
        raise OwnRights
    person.groups.remove(group)
    record("rights.taken_away", subject=person, by=by, group=group.name)

"""Personal tokens: made, shown once and ended by their person; kept as a digest only."""

import datetime
import secrets

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from audit.services import record
from mail.private_links import digest

from .gateways import token_of
from .models import PersonalToken

MOST = 20  # that work at the same time
SEEN_EVERY = datetime.timedelta(minutes=1)


class TooManyTokens(Exception):
    """This person has as many as anybody needs."""


class NameTaken(Exception):
    """This person has a working token of that name."""


@sensitive_variables("token")
@transaction.atomic
def make(user: User, *, name: str) -> str:
    """Give a person's script a token; this is the only time that it can be read."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    working = user.personal_tokens.working()  # type: ignore[attr-defined]
    if working.count() >= MOST:
        raise TooManyTokens
    if working.filter(name=name).exists():
        raise NameTaken(name)
    token = f"pt_{secrets.token_urlsafe(32)}"
    made = PersonalToken.objects.create(user=user, name=name, digest=digest(token))
    record("token.made", subject=made, by=user, name=name)
    return token


@transaction.atomic
def end(token: PersonalToken, *, by: User) -> None:
    """Let a token open nothing any more; ending it again changes nothing."""
    token.refresh_from_db(from_queryset=PersonalToken.objects.select_for_update())
    if token.ended_at is None:
        token.ended_at = timezone.now()
        token.save(update_fields=["ended_at"])
        record("token.ended", subject=token, by=by, name=token.name)


@sensitive_variables("authorization", "shown")
def recognise(authorization: str) -> PersonalToken | None:
    """The token that this header shows, if it works; notes that it was used."""
    shown = token_of(authorization)
    if shown is None:
        return None
    working = PersonalToken.objects.working().select_related("user")
    token = working.filter(digest=digest(shown)).first()
    now = timezone.now()
    if token and (token.last_used_at is None or token.last_used_at < now - SEEN_EVERY):
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token

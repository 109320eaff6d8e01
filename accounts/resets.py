"""Forgotten passwords: the page keeps what was typed, the worker finds out whose it is.

So the page does the same whether there is an account or not, and takes as long.
"""

import datetime

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from procrastinate.tasks import configure_task

from mail.models import Message
from mail.services import JOBS

from . import elsewhere, emails, services
from .models import Activation, ResetRequest, User


@transaction.atomic
def ask(email: str) -> None:
    """Have the worker mail the accounts of an address, if there are any."""
    request = ResetRequest.objects.create(email=email)
    task = configure_task(
        name="accounts.tasks.send_resets", job_manager=JOBS, queue="mail"
    )
    task.defer(request_id=request.pk)


@transaction.atomic
def send(request_id: int) -> None:
    """Mail each account of the address that was typed, and forget that it was."""
    rows = ResetRequest.objects.select_for_update()
    request = rows.filter(pk=request_id).first()
    if request is None:  # another run of this job was first
        return
    users = filter_users_by_email(
        request.email, is_active=True, prefer_verified=True, for_login=True
    )
    for user in users:
        _send_link(user)
    request.delete()


def sweep() -> None:
    """Forget what was typed and could not be read: a day later nobody waits for it."""
    yesterday = timezone.now() - datetime.timedelta(days=1)
    ResetRequest.objects.filter(asked_at__lt=yesterday).delete()


def _send_link(user: User) -> None:
    """The link to choose another password, or the first one if they have none.

    Three links an hour are enough for anybody (traps.md); who asks for more gets none,
    and is not told, because the page tells nobody whether there is an account.
    """
    an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
    sent = Message.objects.filter(
        to=user.email,
        template__in=[emails.RESET, emails.ACTIVATION_RENEWED, emails.ELSEWHERE],
        context__username=user.username,
        created_at__gt=an_hour_ago,
    )
    if sent.count() >= settings.MAIL_PER_ADDRESS_PER_HOUR:
        return
    if there := elsewhere.path_for(user):
        emails.signs_in_elsewhere(user, there)
    elif user.has_usable_password():
        emails.password_reset(user)
    elif Activation.objects.filter(user=user, used_at=None).exists():
        services.renew_activation(user, by=None)


def path(user_id: str | int) -> str:
    """The page on which this person can choose another password, with allauth's token.

    The token is made while the mail is sent, and lasts PASSWORD_RESET_TIMEOUT seconds.
    """
    user = User.objects.get(pk=user_id)
    token = EmailAwarePasswordResetTokenGenerator().make_token(user)
    name = "account_reset_password_from_key"
    return reverse(name, args=[user_pk_to_url_str(user), token])

"""The mails about an account."""

from django.conf import settings
from django.utils import timezone

from mail import rendering
from mail.services import send

from .models import Activation, EmailChange, User

ACTIVATION_RENEWED = "accounts/emails/activation_renewed"
RESET = "accounts/emails/password_reset"
CONFIRM = "accounts/emails/confirm_email"
ELSEWHERE = "accounts/emails/signs_in_elsewhere"


def activation_renewed(activation: Activation) -> None:
    """A new link to set the first password."""
    user = activation.user
    send(
        ACTIVATION_RENEWED,
        to=user.email,
        language=user.language,
        about=user,
        context={
            "name": user.name,
            "username": user.username,
        },
        links={
            "activation_url": ["activation", activation.pk, activation.link_version]
        },
    )


def password_reset(user: User) -> None:
    """The link to choose another password, asked for on the page of who forgot it."""
    send(
        RESET,
        to=user.email,
        language=user.language,
        about=user,
        context={"name": user.name, "username": user.username},
        links={"reset_url": ["password_reset", user.pk, 0]},
    )


def signs_in_elsewhere(user: User, path: str) -> None:
    """To who forgot a password with which they do not sign in: where they do."""
    send(
        ELSEWHERE,
        to=user.email,
        language=user.language,
        about=user,
        context={
            "name": user.name,
            "username": user.username,
            "login_url": settings.BASE_URL + path,
        },
    )


def email_changed(user: User, *, was: str) -> None:
    """To the address that was theirs until now: mail no longer goes there."""
    send(
        "accounts/emails/email_changed",
        to=was,
        language=user.language,
        about=user,
        context={"name": user.name, "username": user.username},
    )


def confirm_email(change: EmailChange) -> None:
    """To the address that a person wants: the link that proves they read it."""
    user = change.user
    send(
        CONFIRM,
        to=change.email,
        language=user.language,
        about=user,
        context={"username": user.username},
        links={"confirm_url": ["email_change", change.pk, change.link_version]},
    )


def second_factor_taken(user: User, *, by: User | None) -> None:
    """Their second factor was taken away, and by whom: they may not have asked for it."""
    send(
        "accounts/emails/second_factor_taken",
        to=user.email,
        language=user.language,
        about=user,
        context={
            "name": user.name,
            "username": user.username,
            "by": by.name if by else settings.OPERATOR_NAME,
        },
    )


def new_device(user: User, *, device: str, address: str) -> None:
    """Somebody signed in with a browser that was not seen before; `device` is in words."""
    send(
        "accounts/emails/new_device",
        to=user.email,
        language=user.language,
        about=user,
        context={
            "name": user.name,
            "username": user.username,
            "device": device,
            "address": address,
            "moment": rendering.minute(timezone.now(), user.language),
        },
    )


def second_factor_changed(user: User) -> None:
    """The second step of signing in is another than it was."""
    send(
        "accounts/emails/second_factor_changed",
        to=user.email,
        language=user.language,
        about=user,
        context={"name": user.name, "username": user.username},
    )

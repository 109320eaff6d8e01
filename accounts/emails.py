"""The mails about an account."""

from mail.services import send

from .models import Activation


def activation_renewed(activation: Activation) -> None:
    """A new link to set the first password, asked for at support."""
    user = activation.user
    send(
        "accounts/emails/activation_renewed",
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

"""The mail about a notice."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from mail.services import send
from organisations.models import Organisation

from .models import Notice


def told(notice: Notice, user: User, organisation: Organisation) -> None:
    """To one person: what the notice says, and where to say that it was read."""
    with translation.override(user.language):
        said = {
            "kind": notice.get_kind_display(),
            "title": notice.titled(),
            "texts": notice.told().splitlines(),
        }
    page = reverse("organisations:dashboard", args=[organisation.slug])
    send(
        "apikeys/emails/notice",
        to=user.email,
        language=user.language,
        about=notice,
        context={"name": user.name, "page": settings.BASE_URL + page, **said},
    )

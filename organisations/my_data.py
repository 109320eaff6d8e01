"""What we know of a person, for that person: to read, and for a program."""

import io
import json
import zipfile
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.template.loader import render_to_string

from accounts import services as accounts
from accounts.devices import device
from accounts.models import User
from audit.models import Event
from mail.models import Message


def as_zip(user: User) -> bytes:
    """A ZIP with the same twice: gegevens.json and gegevens.html."""
    data = collected(user)
    page = render_to_string("me/my_data.html", {"data": data, "person": user})
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(data, indent=2, ensure_ascii=False, default=_as_text)
        archive.writestr("gegevens.json", text)
        archive.writestr("gegevens.html", page)
    return file.getvalue()


def collected(user: User) -> dict[str, Any]:
    """All that is kept about this person by name, newest first; no secret among it."""
    return {
        "account": {
            "username": user.username,
            "usernames": [*user.usernames.values_list("name", flat=True)],
            "name": user.name,
            "email": user.email,
            "phone": user.phone,
            "language": user.language,
            "since": user.date_joined,
            "last_login": user.last_login,
        },
        "organisations": [
            {
                "name": membership.organisation.name,
                "role": membership.role,
                "since": membership.since,
            }
            for membership in user.memberships.select_related("organisation")
        ],
        "administrator_requests": [
            *user.administrator_requests.order_by("-asked_at").values(
                "organisation__name", "asked_at", "reason", "outcome", "answer"
            )
        ],
        "own_logins": [  # as whom an organisation's login service knows this person
            {"subject": link.uid, "since": link.date_joined, "last": link.last_login}
            for link in SocialAccount.objects.filter(user=user)
        ],
        "sessions": [
            {
                "device": device(session.user_agent),
                "address": session.ip,
                "since": session.created_at,
                "last_seen": session.last_seen_at,
            }
            for session in accounts.sessions(user)
        ],
        "known_devices": [
            {
                "device": device(known.user_agent),
                "since": known.first_used_at,
                "last_used": known.last_used_at,
            }
            for known in user.known_devices.order_by("-last_used_at")
        ],
        "personal_tokens": [
            *user.personal_tokens.values(  # type: ignore[attr-defined]  # of an app above
                "name", "created_at", "last_used_at", "ended_at"
            )
        ],
        "mails": [
            *Message.objects.filter(to__iexact=user.email).values(
                "created_at", "subject_line", "state"
            )
        ],
        "acts": [
            *Event.objects.filter(by=user)
            .order_by("-pk")
            .values("at", "kind", "subject_type", "subject_id")
        ],
    }


def _as_text(moment):
    return moment.isoformat()

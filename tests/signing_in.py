"""Browsers of Django's test client, signed in as people come in."""

import time

from django.test import Client


def signed_in(user, client=None, *, proven=True):
    """A browser of this person; `proven`: who gave the password a moment ago again."""
    client = client or Client()
    client.logout()
    client.force_login(user)
    if proven:
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client

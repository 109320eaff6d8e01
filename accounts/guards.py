"""What holds around every page that asks who one is: middleware."""

import json
import re
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.conf import settings
from django.http import QueryDict
from django.shortcuts import render, resolve_url
from django.urls import reverse

from .limits import TooManyTries

SECRET = re.compile("password|csrf")  # in the name of a field
REAUTHENTICATE = (
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
)


def too_many_tries(get_response):
    """Who guessed too often is told how long to wait."""

    def process_exception(request, exception):
        if not isinstance(exception, TooManyTries):
            return None
        context = {"text": exception.message}
        response = render(request, "accounts/too_many.html", context, status=429)
        response["Retry-After"] = str(exception.seconds)
        return response

    def middleware(request):
        return get_response(request)

    middleware.process_exception = process_exception
    return middleware


def clear_on_leaving(get_response):
    """Who signs out leaves nothing in the browser for who comes next.

    Cookies stay: by one of them this browser is known (known_devices.py).
    """

    def middleware(request):
        was_here = request.user.is_authenticated
        response = get_response(request)
        if was_here and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return middleware


def back_to_the_whole_page(get_response):
    """Who signs in for part of a page comes back to the page, not to that part.

    That htmx is led there with the whole page is portal.middleware.redirect_whole_page.
    """

    def middleware(request):
        response = get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        page = request.htmx.current_url_abs_path
        if page and urlsplit(response.headers.get("Location", "")).path == login:
            response["Location"] = f"{login}?{urlencode({'next': page})}"
        return response

    return middleware


def keep_no_secrets(get_response):
    """A form that waits until its sender proved who they are is kept without secrets.

    allauth keeps it in the session, with every cookie and header. They are taken out,
    and those of the request by which it goes on are lent to it.
    """

    def middleware(request):
        if request.method == "POST" and request.path in map(reverse, REAUTHENTICATE):
            _change_what_waits(request, META=_headers(request))
            _lead_back_to_what_waits(request)
        response = get_response(request)
        if STATE_SESSION_KEY in request.session:
            _change_what_waits(request, META={})
        return response

    return middleware


def _headers(request):
    return {
        name: value
        for name, value in request.META.items()
        if isinstance(value, str) and not name.startswith("HTTP_HX_")
    }


def _lead_back_to_what_waits(request):
    """allauth looks for a form by its address without query, and is given it with one."""
    waits = request.session.get(STATE_SESSION_KEY, {}).get("request")
    back = request.POST.get("next", "")
    if waits and urlsplit(back).path == json.loads(waits)["path"]:
        request.POST = request.POST.copy()
        request.POST["next"] = urlsplit(back).path


def _change_what_waits(request, **changes):
    waits = request.session.get(STATE_SESSION_KEY, {}).get("request")
    if waits is None:
        return
    kept = json.loads(waits) | changes
    typed = QueryDict(kept["POST"], mutable=True)
    for name in [name for name in typed if SECRET.search(name)]:
        del typed[name]
    now_kept = json.dumps(kept | {"POST": typed.urlencode()})
    if now_kept != waits:
        request.session[STATE_SESSION_KEY] = {"request": now_kept}

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import translation

from . import second_factor

SEEN_EVERY = 300  # seconds
ENROLMENT = (
    "/account/2fa/",
    "/account/reauthenticate/",
    "/account/logout/",
    "/taal/",
    "/static/",
)


def language_of_user(get_response):
    """A language that was chosen for this visit goes first, then the person's own."""

    def middleware(request):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if request.user.is_authenticated and not chosen:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return get_response(request)

    return middleware


def last_seen(get_response):
    """Keep when each session was used last, for its owner's list; every five minutes."""

    def middleware(request):
        if request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get("seen", 0) > SEEN_EVERY:
                UserSession.objects.create_from_request(request)
                request.session["seen"] = now
        return get_response(request)

    return middleware


def second_factor_required(get_response):
    """Who must have a second factor and has none gets nowhere but to setting one up.

    The operator's staff always must (product.md), whatever is set for members; only
    in development it goes by the setting. Source: BIO2 5.17.01. allauth asks for an existing factor at login; it does not
    make anybody set one up.
    """

    def middleware(request):
        user = request.user
        if user.is_authenticated and not request.path.startswith(ENROLMENT):
            must = settings.REQUIRE_SECOND_FACTOR or (
                user.is_staff and not settings.DEVELOPMENT
            )
            if must and not second_factor.met(request):
                return second_factor.set_up(request)
            if request.session.get(second_factor.WANTED) == request.get_full_path():
                del request.session[
                    second_factor.WANTED
                ]  # set again while it is needed
        return get_response(request)

    return middleware

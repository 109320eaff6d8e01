"""A member reaches an organisation only through here; a stranger gets "not found".

Every view of ours carries exactly one mark: @requires(Permission.X), @any_user, or
Django's @login_not_required. tests/test_every_url.py pins which.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import elsewhere, second_factor

from .models import Membership
from .roles import Permission
from .services import bound, looking
from .services.locking import OrganisationBlocked

View = Callable[..., HttpResponse]


def requires(
    permission: Permission, *, while_blocked: bool = False
) -> Callable[[View], View]:
    """Admit members holding `permission`; the view gets their membership, not a slug.

    A member of a double that was merged is led to where all of it is now. Of an
    organisation that the operator blocked they read, and change only what is there for
    `while_blocked`. Where the organisation asks a second factor of all, who has none sets one up first;
    where it has all sign in through its own login, who did not does that first.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            try:
                membership = admitted(request, slug, permission)
            except Http404:
                if path := moved_to(request, slug):
                    return redirect(path)
                raise
            changes = request.method not in ("GET", "HEAD") and not while_blocked
            if changes and membership.organisation.blocked_at:
                raise OrganisationBlocked
            if way := _another_way_in(request, membership):
                return redirect(way)
            if membership.organisation.asks_second_factor and not second_factor.met(
                request
            ):
                return second_factor.set_up(request)
            return view(request, membership, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def admitted(request: HttpRequest, slug: str, permission: Permission) -> Membership:
    """The membership of who asks; a stranger finds nothing, a member may lack the right."""
    mine = Membership.objects.filter(
        user=request.user  # type: ignore[misc]  # LoginRequiredMiddleware
    ).select_related("organisation__own_login")
    membership = mine.filter(organisation__slug=slug).first() or _looked_along(
        request, slug
    )
    membership.user = request.user  # type: ignore[assignment]  # no need to ask again
    request.membership = membership  # type: ignore[attr-defined]  # for pages, 403.html too
    if permission not in membership.permissions:
        raise PermissionDenied
    return membership


def moved_to(request: HttpRequest, slug: str) -> str | None:
    """Where a member finds what was asked of a double, now that it is merged; else None."""
    mine = Membership.objects.filter(
        user=request.user, organisation__doubles__slug=slug
    )  # type: ignore[misc]
    membership = mine.select_related("organisation").first()
    found = request.resolver_match
    if membership is None or found is None:
        return None
    now = membership.organisation.slug
    if request.method not in ("GET", "HEAD"):
        return reverse("organisations:dashboard", args=[now])
    path = reverse(found.view_name, kwargs={**found.kwargs, "slug": now})
    query = request.META["QUERY_STRING"]
    return f"{path}?{query}" if query else path


def _looked_along(request: HttpRequest, slug: str) -> Membership:
    """For staff who look along: as if they were a member, to read and nothing else."""
    look = looking.going_on(request.user, slug)  # type: ignore[arg-type]
    if look is None:
        raise Http404
    request.look_along = look  # type: ignore[attr-defined]  # for pages, 403.html too
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied
    return look.as_membership()


def _another_way_in(request: HttpRequest, membership: Membership) -> str | None:
    """The page that leads to the organisation's own login, for who has to use that.

    Also in the middle of a session: it became so, or the person came under it, since.
    """
    path = bound.way_in(membership)
    if path is None or elsewhere.came_from_there(request, membership.user):
        return None
    wanted = request.get_full_path()
    if request.method != "GET" or request.headers.get("HX-Request"):
        wanted = reverse("organisations:dashboard", args=[membership.organisation.slug])
    return f"{path}?{urlencode({'next': wanted})}"


def any_user(view: View) -> View:
    """Admit everybody who is signed in (LoginRequiredMiddleware sees to that)."""
    view.permission = "any_user"  # type: ignore[attr-defined]
    return view

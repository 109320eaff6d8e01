"""Personal tokens on Mijn Gegevens, and what scripts read with them."""

from functools import wraps

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, second_factor
from organisations.access import admitted, any_user, moved_to
from organisations.roles import Permission
from organisations.services import bound

from .. import tokens, usage_json
from ..gateway.answers import WHO_ASKS, machine, problem
from ..usage_forms import FindUsageForm, TokenForm

GUESSES = limits.Limit("personal_token", 20)
READS = limits.Limit("usage_json", 120, 60)


@require_http_methods(["GET", "HEAD", "POST"])
@any_user
@reauthentication_required
@sensitive_variables("context")
def mine(request):
    form = TokenForm(request.POST or None)
    mine = request.user.memberships.order_by("-last_used_at", "pk").first()
    example = mine.organisation.slug if mine else "12345678"
    context = {"form": form, "example": f"{settings.BASE_URL}/mijn/{example}"}
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            # Shown in this very answer: it is kept nowhere, so there is no later.
            context |= {"token": tokens.make(request.user, name=name), "name": name}
            context["form"] = TokenForm()
        except tokens.NameTaken:
            form.add_error("name", _("Je hebt al een token met deze naam."))
        except tokens.TooManyTokens:
            form.add_error(None, _("Je hebt al twintig tokens. Beëindig er eerst een."))
    context["tokens"] = request.user.personal_tokens.working()
    return render(request, "apikeys/tokens.html", context)


@require_POST
@any_user
def end(request, token_id):
    token = get_object_or_404(request.user.personal_tokens, pk=token_id)
    tokens.end(token, by=request.user)
    messages.success(
        request, _("Token %(name)s werkt niet meer.") % {"name": token.name}
    )
    return redirect("apikeys:tokens")


def by_token(permission):
    """Admit who shows a personal token of a member with this right, in the member's name."""

    def decorate(view):
        @machine("GET", "HEAD")
        @wraps(view)
        def guarded(request, slug):
            try:
                guess = limits.take(GUESSES, limits.network_of(request))
                token = tokens.recognise(request.headers.get("Authorization", ""))
                if token is None:
                    detail = (
                        "Show a personal token of yours: Authorization: Bearer pt_…"
                    )
                    return problem(401, "Unauthorized", detail, headers=WHO_ASKS)
                limits.give_back([guess])
                limits.take(READS, token.pk)
            except limits.TooManyTries as stop:
                after = {"Retry-After": str(stop.seconds)}
                return problem(429, "Too many requests", "Wait a while.", headers=after)
            request.user = token.user
            try:
                membership = admitted(request, slug, permission)
            except Http404:
                if path := moved_to(request, slug):
                    return redirect(path)
                return problem(404, "Not found", "There is nothing at this address.")
            except PermissionDenied:
                return problem(403, "Forbidden", "Your role does not allow this.")
            if bound.way_in(membership):  # a token cannot show that it lets them in
                detail = "This organisation lets its members in by its own login only."
                return problem(403, "Forbidden", detail)
            if membership.organisation.asks_second_factor and not second_factor.met(
                request
            ):
                return problem(403, "Forbidden", "Set up a second factor first.")
            with override("en"):  # as all that machines read here
                return view(request, membership)

        return guarded

    return decorate


@by_token(Permission.ORGANISATION_VIEW)
def usage(request, membership):
    form = FindUsageForm(request.GET, organisation=membership.organisation)
    if not form.is_valid():
        invalid = [
            {"name": name, "reason": str(error)}
            for name, errors in form.errors.items()
            for error in errors
        ]
        return problem(400, "Bad request", "See invalidParams.", invalidParams=invalid)
    return JsonResponse(usage_json.about(form))

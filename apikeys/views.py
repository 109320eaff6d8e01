from contextlib import suppress

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.shortcuts import get_object_or_404, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from organisations.access import requires
from organisations.roles import Permission

from . import services


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def api_keys(request, membership):
    keys = membership.organisation.api_keys.with_details()
    examples = [api for key in keys for api in key.apis if api.example]
    context = {
        "membership": membership,
        "keys": keys,
        "example": settings.API_BASE_URL + examples[0].example if examples else None,
    }
    return render(request, "apikeys/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_REVEAL)
@reauthentication_required
@sensitive_variables("context")
def reveal(request, membership, key_id):
    key = get_object_or_404(membership.organisation.api_keys.with_details(), pk=key_id)
    context = {"membership": membership, "key": key}
    if request.method == "POST":
        with suppress(services.KeyBlocked, services.KeyOver):  # the page says so
            # Shown in this very answer (no-store), not after a redirect: a secret that
            # waits for the next request would have to be kept somewhere readable.
            context["secret"] = services.reveal(key, by=request.user)
    return render(request, "apikeys/reveal.html", context)

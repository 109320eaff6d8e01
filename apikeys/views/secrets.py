"""The secret of a key: showing it, replacing it, ending the old one."""

from contextlib import suppress

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from organisations.access import requires
from organisations.roles import Permission

from .. import examples, services
from ..forms import ExtendForm, RotateForm
from .of_key import no_decoy, of_key, to_key

SHOWN_SECONDS = 30
DEAD = gettext_lazy("Deze key werkt niet en krijgt geen nieuwe waarde.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_REVEAL)
@reauthentication_required
@sensitive_variables("context", "secret")
@of_key
def reveal(request, membership, key):
    context = {"membership": membership, "key": key, "seconds": SHOWN_SECONDS}
    if request.method == "POST":
        with suppress(services.KeyBlocked, services.KeyOver):  # the page says so
            # Shown in this very answer (no-store), not after a redirect: a secret that
            # waits for the next request would have to be kept somewhere readable.
            secret = services.reveal(key, by=request.user)
            context |= {"secret": secret, "examples": examples.of(key, secret)}
    response = render(request, "apikeys/reveal.html", context)
    if "secret" in context:  # the browser leaves the page, with or without a script
        page = reverse("apikeys:detail", args=[membership.organisation.slug, key.pk])
        response["Refresh"] = f"{SHOWN_SECONDS}; url={page}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_REVEAL)
@reauthentication_required
@of_key
@no_decoy
def rotate(request, membership, key):
    if not key.works:
        messages.warning(request, DEAD)
        return to_key(key)
    in_use = key.secrets.get(expires_at=None)
    form = RotateForm(request.POST or None, initial={"seen": in_use.public_id})
    if request.method == "POST" and form.is_valid():
        try:
            services.rotate(key, **form.cleaned_data, by=request.user)
        except services.ChangedMeanwhile:
            messages.info(request, _("De key had al een nieuwe waarde."))
        except (services.KeyBlocked, services.KeyOver):
            messages.warning(request, DEAD)
        else:
            text = _(
                "De key heeft een nieuwe waarde. Toon hem en zet hem in je software."
            )
            messages.success(request, text)
        return to_key(key)
    context = {"membership": membership, "key": key, "form": form}
    return render(request, "apikeys/rotate.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_REVEAL)
@of_key
def old_secret(request, membership, key, secret_id):
    secret = get_object_or_404(key.secrets, pk=secret_id)
    form = ExtendForm(request.POST)
    if request.method == "POST":
        try:
            if "end" in request.POST:
                services.end_old_secret(secret, by=request.user)
                messages.success(request, _("De oude waarde werkt niet meer."))
            elif form.is_valid():
                overlap = form.cleaned_data["overlap"]
                services.extend_old_secret(secret, overlap, by=request.user)
                messages.success(request, _("De oude waarde werkt langer."))
        except services.SecretOver:
            messages.warning(request, _("De oude waarde werkte al niet meer."))
        except services.NotLonger:
            messages.info(request, _("De oude waarde werkte al zo lang, of langer."))
        except (services.KeyBlocked, services.KeyOver):
            messages.warning(
                request, _("Deze key werkt niet, ook de oude waarde niet.")
            )
    return to_key(key)

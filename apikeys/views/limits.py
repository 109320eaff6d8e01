"""When and where a key works: block, networks, APIs, its last day; decoys and leaks."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from organisations.access import requires
from organisations.editing import Meanwhile
from organisations.roles import Permission

from .. import services
from ..forms import LeakPolicyForm, NameForm, RestrictForm, StopForm
from ..models import OnLeak
from .of_key import no_decoy, of_key, to_key

UNBLOCKED = {
    False: gettext_lazy("De key werkt weer."),
    True: gettext_lazy(
        "De key werkt weer, met een nieuwe waarde. Toon hem en zet hem in je software."
    ),
}
ASKS_AGAIN = reauthentication_required(
    allow_get=True
)  # what is shown needs no password


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_REVEAL)
@of_key
@no_decoy
def block(request, membership, key):
    if request.method == "POST":
        try:
            services.block_as_leaked(key, by=request.user)
        except services.KeyBlocked:
            messages.info(request, _("De key was al geblokkeerd."))
        else:
            text = _("De key is geblokkeerd. De administrators krijgen een mail.")
            messages.success(request, text)
        return to_key(key)
    context = {"membership": membership, "key": key}
    return render(request, "apikeys/block.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
@ASKS_AGAIN
@of_key
def unblock(request, membership, key):
    if request.method == "POST":
        try:
            if "renew" in request.POST:
                services.renew_blocked(key, by=request.user)
            else:
                services.unblock(key, by=request.user)
        except services.KeyNotBlocked:
            messages.info(request, _("De key was niet geblokkeerd."))
        except services.OnlySupport:
            messages.warning(
                request, _("Alleen API support kan deze blokkade opheffen.")
            )
        except services.KeyOver:
            messages.warning(request, _("Deze key is voorbij en gaat niet meer open."))
        else:
            messages.success(request, UNBLOCKED["renew" in request.POST])
    return to_key(key)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
@ASKS_AGAIN
@of_key
@no_decoy
def restrict(request, membership, key):
    stored = services.chosen_limits(key)
    form = RestrictForm(request.POST or None, stored=stored, about=key)
    if request.method == "POST" and form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in ("networks", "apis")}
        try:
            services.restrict(key, **chosen, seen=form.seen(), by=request.user)
        except Meanwhile as meanwhile:
            form.show(meanwhile)
        else:
            messages.success(request, _("Het is opgeslagen en geldt meteen."))
            return to_key(key)
    context = {"membership": membership, "key": key, "form": form}
    return render(request, "apikeys/restrict.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
@ASKS_AGAIN
@of_key
@no_decoy
def stop(request, membership, key):
    stored = services.chosen_end(key)
    form = StopForm(request.POST or None, stored=stored, about=key)
    if request.method == "POST" and form.is_valid():
        day, seen = form.cleaned_data["day"], form.seen()
        try:
            services.stop_after(key, day, seen=seen, by=request.user)
        except services.InThePast:
            form.add_error("day", _("Kies vandaag of een latere dag."))
        except Meanwhile as meanwhile:
            form.show(meanwhile)
        else:
            messages.success(request, _("Het is opgeslagen."))
            return to_key(key)
    context = {"membership": membership, "key": key, "form": form}
    return render(request, "apikeys/stop.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
@ASKS_AGAIN
def canary(request, membership):
    form = NameForm()
    if request.method == "POST":
        form = NameForm(request.POST)
        if form.is_valid():
            name = form.cleaned_data["name"]
            organisation = membership.organisation
            try:
                services.make_canary(organisation, name=name, by=request.user)
            except services.TooManyCanaries:
                text = _("Je hebt al %(most)s lokkeys. Ruim er eerst een op.")
                form.add_error(None, text % {"most": settings.MOST_CANARIES})
            else:
                text = _("De lokkey is gemaakt. Toon hem en leg hem neer.")
                messages.success(request, text)
                return redirect("apikeys:list", slug=organisation.slug)
    context = {"membership": membership, "form": form}
    return render(request, "apikeys/canary.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
@ASKS_AGAIN
@of_key
def retire(request, membership, key):
    if not key.canary:
        raise Http404
    if request.method == "POST":
        services.retire_canary(key, by=request.user)
        messages.success(request, _("De lokkey is opgeruimd."))
        return redirect("apikeys:list", slug=membership.organisation.slug)
    context = {"membership": membership, "key": key}
    return render(request, "apikeys/retire.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
@ASKS_AGAIN
def leak_policy(request, membership):
    organisation = membership.organisation
    form = LeakPolicyForm(initial={"on_leak": services.policy_of(organisation)})
    if request.method == "POST":
        form = LeakPolicyForm(request.POST)
        if form.is_valid():
            on_leak = OnLeak(form.cleaned_data["on_leak"])
            services.choose_policy(organisation, on_leak, by=request.user)
            messages.success(request, _("Het is opgeslagen."))
            return redirect("apikeys:list", slug=organisation.slug)
    context = {"membership": membership, "form": form}
    return render(request, "apikeys/leak_policy.html", context)

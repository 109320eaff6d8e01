"""Signing in through an organisation's own provider: setting it up, and using it."""

import logging
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import limits

from ..access import any_user, requires
from ..models import OwnLogin, OwnLoginStatus
from ..own_login import domains, provider
from ..own_login.forms import ProviderForm, WorkAddressForm
from ..roles import Permission
from ..services import bound
from ..services import own_login as services

logger = logging.getLogger(__name__)

ACTS = {
    "domein": (services.verify_domain, gettext_lazy("Het maildomein is van jullie.")),
    "aanzetten": (
        services.switch_on,
        gettext_lazy("Je collega's kunnen nu inloggen via jullie inlogdienst."),
    ),
    "verplichten": (
        services.enforce,
        gettext_lazy("Inloggen via jullie inlogdienst is nu verplicht."),
    ),
    "vrijlaten": (
        services.relax,
        gettext_lazy("Inloggen via jullie inlogdienst is niet meer verplicht."),
    ),
    "uitzetten": (
        services.switch_off,
        gettext_lazy("Inloggen via jullie inlogdienst staat uit."),
    ),
    "verwijderen": (services.remove, gettext_lazy("De inlogdienst is verwijderd.")),
}
NOT_DONE = {
    services.NoRecord: gettext_lazy(
        "We vinden het record niet. Na een wijziging duurt het soms een uur voordat het"
        " overal te zien is."
    ),
    domains.NotLookedUp: gettext_lazy(
        "De DNS van het domein gaf geen antwoord. Probeer het over een paar minuten opnieuw."
    ),
    services.DomainTaken: gettext_lazy(
        "Dit maildomein is al van een andere organisatie in dit portaal. Klopt dat niet?"
        " Neem dan contact op."
    ),
    services.NoWayIn: gettext_lazy(
        "Zet eerst zelf een tweede stap aan, bij Mijn Gegevens. Anders kan niemand erin als"
        " jullie inlogdienst het niet doet."
    ),
    services.WrongState: gettext_lazy("Iemand anders heeft dit net gewijzigd."),
}


# --- an administrator's page ---


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def shown(request, membership):
    own = _of(membership)
    context = {"membership": membership, "own": own}
    if own:
        context |= {
            "callback_url": settings.BASE_URL + provider.callback_path(own.code),
            "start_url": settings.BASE_URL
            + reverse("organisations:own_login_start", args=[own.code]),
            "record_name": domains.record_name(own.domain),
            "record_text": domains.record_text(own.organisation_id, own.domain),
            "verified": own.status != OwnLoginStatus.SET_UP,
            "steps": _steps(own),
        }
    return render(request, "own_login/own_login.html", context)


@sensitive_post_parameters("client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def set_up(request, membership):
    own = _of(membership)
    known = ("issuer", "client_id", "domain")
    initial = {name: getattr(own, name) for name in known} if own else None
    form = ProviderForm(request.POST or None, initial=initial, own_login=own)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        secret = facts.pop("client_secret")
        services.set_up(
            membership.organisation, **facts, secret=secret, by=request.user
        )
        messages.success(request, _("De inlogdienst is opgeslagen."))
        return redirect("organisations:own_login", slug=membership.organisation.slug)
    context = {"membership": membership, "form": form, "own": own}
    return render(request, "own_login/set_up.html", context)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def act(request, membership, act):
    own = _of(membership)
    if act not in ACTS or own is None:
        raise Http404
    do, done = ACTS[act]
    try:
        do(own, by=request.user)
    except tuple(NOT_DONE) as error:
        messages.error(request, NOT_DONE[type(error)])
    else:
        messages.success(request, done)
    return redirect("organisations:own_login", slug=membership.organisation.slug)


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def try_out(request, membership):
    """A link and not a form: the policy of our pages lets no form lead to another site."""
    own = _of(membership)
    if own is None or own.status == OwnLoginStatus.SET_UP:
        raise Http404
    if membership.pk is None:  # who looks along tries nothing
        raise PermissionDenied
    return _go(request, own, purpose="try")


# --- on the way to the provider ---


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def find(request):
    if request.method == "POST":
        limits.take_from(request, limits.OWN_LOGIN)
    form = WorkAddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if own := services.for_address(form.cleaned_data["email"]):
            return redirect(_with_next(request, "own_login_leave", own))
        form.add_error("email", _nothing_known())
    context = {"form": form, "next": _next(request)}
    return render(request, "own_login/find.html", context)


@login_not_required
@require_safe
def leave(request, code):
    """Says where one is led, and lets a link do it: no form may lead to another site."""
    own = _in_use(code)
    if own is None:
        return refused(request, "off", status=404)
    context = {
        "own": own,
        "host": urlsplit(own.issuer).hostname,
        "start_url": _with_next(request, "own_login_start", own),
        "enforced": own.status == OwnLoginStatus.ENFORCED,
    }
    return render(request, "own_login/leave.html", context)


@login_not_required
@never_cache
@require_safe
def start(request, code):
    own = _in_use(code)
    if own is None:
        return refused(request, "off", status=404)
    return _go(request, own, purpose="login")


@never_cache
@require_safe
@any_user
def confirm(request, code):
    """For what asks that it is really you: sign in there anew, now."""
    own = _in_use(code)
    if own is None:
        return refused(request, "off", status=404)
    anew = {"prompt": "login", "max_age": "0"}
    return _go(request, own, purpose="confirm", auth_params=anew)


def _go(request, own, *, purpose, **options):
    """Each try may have us ask a server elsewhere; nobody uses us to keep it busy."""
    limits.take_from(request, limits.OWN_LOGIN)
    leading = provider.Provider(request, app=provider.app(own))
    data = {"purpose": purpose, "user": request.user.pk}
    try:
        return leading.redirect(
            request, "login", next_url=_next(request), data=data, **options
        )
    except OAuth2Error as error:
        return failed(request, own.code, exception=error)


# --- and back ---


@login_not_required
@never_cache
@require_safe
def callback(request, code):
    own = get_object_or_404(OwnLogin, code=code)
    adapter = provider.OAuth2Adapter(request, own.code)
    try:
        return OAuth2CallbackView.adapter_view(adapter)(request)
    except OAuth2Error as error:  # of what allauth does before it catches them
        return failed(request, own.code, exception=error)


def came_back(request, sociallogin, data) -> HttpResponse | None:
    """The provider says who this is. An answer, or None: allauth signs `sociallogin` in."""
    own = OwnLogin.objects.filter(code=sociallogin.account.provider).first()
    if own is None:  # removed while we asked there
        return refused(request, "off")
    claims = sociallogin.claims
    try:
        if data["purpose"] == "try":
            return _tried(request, own, claims, data)
        if data["purpose"] == "confirm":
            return _confirmed(request, own, claims, sociallogin.state.get("next"))
        user, link = services.let_in(own, claims)
    except services.NotLetIn as refusal:
        return refused(request, refusal.reason, own=own)
    except services.WrongState:
        return refused(request, "off")
    sociallogin.account = link
    vouched = bound.vouches(own, user, claims)
    provider.sign_in(request, sociallogin, user, vouched=vouched)
    return None


def _tried(request, own, claims, data):
    mine = own.organisation.memberships.filter(user=request.user.pk).first()
    if (
        mine is None
        or request.user.pk != data["user"]
        or Permission.ORGANISATION_MANAGE not in mine.permissions
    ):
        return refused(request, "not_a_member", own=own)
    services.tried(own, claims, by=request.user)
    messages.success(request, _("Het werkt: jullie inlogdienst kent je, en wij ook."))
    return redirect("organisations:own_login", slug=own.organisation.slug)


def _confirmed(request, own, claims, where):
    within = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    if not request.user.is_authenticated or not services.confirms(
        own, request.user, claims, within=within
    ):
        return refused(request, "not_confirmed", own=own)
    record_authentication(
        request, request.user, "socialaccount", reauthenticated=True, provider=own.code
    )
    request.GET = QueryDict(urlencode({"next": where or ""}))
    return reauthentication.resume_request(request) or redirect("organisations:mine")


def failed(request, code, *, error="unknown", exception=None, **_about) -> HttpResponse:
    """The way there or back broke: say in whose hands it is, and what one can do."""
    logger.warning("own login %s: %s", code, str(exception or error)[:300])
    reason = "broken"
    if isinstance(exception, provider.ProviderDown):
        reason = "down"
    elif isinstance(exception, provider.TokenRefused):
        reason = "untrusted"
    elif error == "cancelled":
        reason = "cancelled"
    own = OwnLogin.objects.filter(code=code).select_related("organisation").first()
    return refused(request, reason, own=own, status=502 if reason == "down" else 403)


def refused(request, reason, *, own=None, status=403) -> HttpResponse:
    again = reverse("organisations:own_login_find")
    if own and own.in_use:
        again = reverse("organisations:own_login_leave", args=[own.code])
    context = {"reason": reason, "own": own, "again_url": again}
    return render(request, "own_login/refused.html", context, status=status)


def _steps(own) -> list[dict]:
    """The way to switching it on; the last step is for who wants it."""
    states = list(OwnLoginStatus)
    now = states.index(OwnLoginStatus(own.status))
    titles = [
        _("Ingesteld"),
        _("Maildomein gecontroleerd"),
        _("Geprobeerd door een administrator"),
        _("Staat aan"),
        _("Is verplicht (als je dat wilt)"),
    ]
    return [
        {
            "title": title,
            "state": "done" if at <= now else "current" if at == now + 1 else "todo",
        }
        for at, title in enumerate(titles)
    ]


def _of(membership) -> OwnLogin | None:
    return OwnLogin.objects.filter(organisation=membership.organisation).first()


def _in_use(code) -> OwnLogin | None:
    known = OwnLogin.objects.in_use().select_related("organisation")
    return known.filter(code=code).first()


def _next(request) -> str | None:
    """Where one wanted to go, within this portal."""
    wanted = request.POST.get("next") or request.GET.get("next")
    return wanted if wanted and get_adapter().is_safe_url(wanted) else None


def _with_next(request, name, own) -> str:
    address = reverse(f"organisations:{name}", args=[own.code])
    wanted = _next(request)
    return f"{address}?{urlencode({'next': wanted})}" if wanted else address


def _nothing_known():
    return _(
        "Met dit adres kun je niet via je organisatie inloggen. Log in met je"
        " gebruikersnaam en wachtwoord, of vraag het een administrator van je organisatie."
    )

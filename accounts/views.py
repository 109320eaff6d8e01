from allauth.account.adapter import get_adapter
from allauth.account.utils import passthrough_next_redirect_url
from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from . import known_devices, limits, services
from .forms import ActivationForm
from .models import EmailChange


@login_not_required
@require_safe
def login(request):
    page = resolve_url(settings.LOGIN_URL)
    return redirect(passthrough_next_redirect_url(request, page, "next"))


# Referrer-Policy stays same-origin here (settings): the token reaches no other site, and
# with no-referrer a browser sends "Origin: null", with which CSRF refuses the form.
@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request, token):
    try:
        activation = services.open_activation(token)
        form = ActivationForm(request.POST or None, user=activation.user)
        if form.is_valid():
            services.activate(token, password=form.cleaned_data["password"])
            text = _("Je account is klaar. Log in als %(username)s.")
            messages.success(request, text % {"username": activation.user.username})
            return redirect(settings.LOGIN_URL)
    except services.ActivationUnknown:
        limits.take_from(request, limits.LINK)
        return _no_longer(request, "unknown", status=404)
    except services.ActivationUsed:
        return _no_longer(request, "used", status=410)
    except services.ActivationExpired:
        return _no_longer(request, "expired", status=410)
    context = {"form": form, "person": activation.user}
    return render(request, "accounts/activate.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request, token):
    """Looking confirms nothing: scanners of mail look; only the button does."""
    try:
        change = services.open_email_change(token)
        if request.method == "POST":
            services.confirm_email_change(token)
            text = _("Je e-mailadres is nu %(email)s.") % {"email": change.email}
            messages.success(request, text)
            return redirect(
                "organisations:me"
                if request.user.is_authenticated
                else settings.LOGIN_URL
            )
    except EmailChange.DoesNotExist:
        limits.take_from(request, limits.LINK)
        return render(request, "accounts/email_over.html", status=404)
    return render(request, "accounts/confirm_email.html", {"change": change})


def _no_longer(request, reason, *, status):
    context = {"reason": reason}
    response = render(request, "accounts/activation_over.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response


class AskReset(PasswordResetView):
    def post(self, request, *args, **kwargs):
        limits.take_from(request, limits.RESET)
        return super().post(request, *args, **kwargs)


class ChoosePassword(PasswordResetFromKeyView):
    """A right link always works, and from then on this browser can sign in at once."""

    def render_to_response(self, context, **options):
        if context.get("token_fail"):
            limits.take_from(self.request, limits.LINK)
        return super().render_to_response(context, **options)

    def form_valid(self, form):
        response = super().form_valid(form)
        token = known_devices.token_of(self.request) or known_devices.new_token()
        user_agent = get_adapter().get_http_user_agent(self.request)
        known_devices.trust(self.reset_user, token=token, user_agent=user_agent)
        known_devices.give_cookie(response, token)
        return response


@method_decorator(login_not_required, name="dispatch")
class LogInWithPasskey(LoginWebAuthnView):
    def dispatch(self, request, *args, **kwargs):
        limits.take_from(request, limits.PASSKEY)
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form):
        response = super().form_invalid(form)
        response["Location"] = passthrough_next_redirect_url(
            self.request, response["Location"], "next"
        )
        return response


class ReauthenticateWithPasskey(ReauthenticateWebAuthnView):
    def form_invalid(self, form):
        super().form_invalid(form)  # its message, but not its way to the login page
        page = reverse("mfa_reauthenticate_webauthn")
        return redirect(self.passthrough_next_url(page))


reauthenticate_with_passkey = ReauthenticateWithPasskey.as_view()
reauthenticate_with_passkey.permission = "any_user"  # type: ignore[attr-defined]

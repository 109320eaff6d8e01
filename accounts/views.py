from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from . import services
from .forms import ActivationForm
from .models import EmailChange


@login_not_required
@require_safe
def login(request):
    return redirect(settings.LOGIN_URL)


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
        return render(request, "accounts/email_over.html", status=404)
    return render(request, "accounts/confirm_email.html", {"change": change})


def _no_longer(request, reason, *, status):
    context = {"reason": reason}
    response = render(request, "accounts/activation_over.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response

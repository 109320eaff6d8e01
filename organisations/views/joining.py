"""The link of an invitation: who asks what, before anything is typed."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.fields import USERNAME_TAKEN
from accounts.services import UsernameTaken

from ..forms import JoinForm
from ..services import inviting

OVER = {
    inviting.InvitationUnknown: ("unknown", 404),
    inviting.InvitationUsed: ("used", 410),
    inviting.InvitationWithdrawn: ("withdrawn", 410),
    inviting.InvitationExpired: ("expired", 410),
    inviting.InvitationWaits: ("waits", 403),
}


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request, token):
    """Looking uses nothing up: scanners of mail look; only a button accepts."""
    try:
        found = inviting.open_invitation(token)
        if request.user.is_authenticated:
            return _with_own_account(request, found, token)
        return _with_new_account(request, found, token)
    except tuple(OVER) as error:
        if isinstance(error, inviting.InvitationUnknown):
            limits.take_from(request, limits.LINK)
        reason, status = OVER[type(error)]
        context = {"reason": reason}
        return render(
            request, "organisations/invitation_over.html", context, status=status
        )


def _with_own_account(request, found, token):
    if request.method == "POST":
        try:
            inviting.join(token, user=request.user)
        except inviting.AlreadyMember:
            messages.info(request, _("Je hoort al bij deze organisatie."))
        else:
            text = _("Je hoort nu bij %(name)s.") % {"name": found.organisation.name}
            messages.success(request, text)
        return redirect("organisations:dashboard", slug=found.organisation.slug)
    context = {
        "invitation": found,
        "belongs": found.organisation.memberships.filter(user=request.user).exists(),
        "other_address": found.email.lower() != request.user.email.lower(),
    }
    return render(request, "organisations/join.html", context)


def _with_new_account(request, found, token):
    if request.method == "POST":  # it tells which names are taken
        limits.take_from(request, limits.JOIN)
    form = JoinForm(request.POST or None, invitation=found)
    if request.method == "POST" and form.is_valid():
        try:
            inviting.join_as_new(token, **form.cleaned_data, language=get_language())
        except UsernameTaken:
            form.add_error("username", USERNAME_TAKEN)
        else:
            text = _("Je account is klaar. Log in als %(username)s.")
            messages.success(request, text % form.cleaned_data)
            there = reverse("organisations:dashboard", args=[found.organisation.slug])
            return redirect(_login_to(there))
    context = {
        "invitation": found,
        "form": form,
        "login_url": _login_to(request.path),
    }
    return render(request, "organisations/join_as_new.html", context)


def _login_to(address):
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': address})}"

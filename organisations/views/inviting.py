"""Asking colleagues to join; what was asked and not answered stands with the users."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..access import requires
from ..forms import InviteForm, SecondAdministratorForm
from ..roles import Permission, Role
from ..services import inviting
from ..services.inviting import Outcome


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def invite(request, membership):
    role = request.GET.get("rol", Role.DEVELOPER)
    form = InviteForm(request.POST or None, initial={"role": role})
    if request.method == "POST" and form.is_valid():
        try:
            outcomes = inviting.invite(
                membership.organisation,
                form.cleaned_data["addresses"],
                role=Role(form.cleaned_data["role"]),
                by=request.user,
                language=get_language(),
            )
        except inviting.TooManyInvitations:
            form.add_error("addresses", _too_many())
        else:
            _tell(request, outcomes)
            if not form.wrong:
                return redirect(
                    "organisations:users", slug=membership.organisation.slug
                )
            form = form.rest()
    context = {"membership": membership, "form": form}
    return render(request, "organisations/invite.html", context)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
def second_administrator(request, membership):
    """From the dashboard, where a first administrator is asked for another at once."""
    form = SecondAdministratorForm(request.POST)
    if form.is_valid():
        try:
            outcomes = inviting.invite(
                membership.organisation,
                [form.cleaned_data["email"]],
                role=Role.ADMINISTRATOR,
                by=request.user,
                language=get_language(),
            )
        except inviting.TooManyInvitations:
            form.add_error("email", _too_many())
        else:
            _tell(request, outcomes)
            slug = membership.organisation.slug
            return redirect("organisations:dashboard", slug=slug)
    context = {"membership": membership, "alone": True, "form": form}
    return render(request, "organisations/dashboard.html", context)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
def resend(request, membership, invitation_id):
    invitation = _invitation(membership, invitation_id)
    try:
        inviting.resend(invitation, by=request.user, language=get_language())
    except inviting.InvitationUsed:
        messages.warning(request, _used(invitation))
    except inviting.TooManyInvitations:
        messages.error(request, _too_many())
    else:
        text = _("%(email)s krijgt een nieuwe link. De vorige werkt niet meer.")
        messages.success(request, text % {"email": invitation.email})
    return redirect("organisations:users", slug=membership.organisation.slug)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
def withdraw(request, membership, invitation_id):
    invitation = _invitation(membership, invitation_id)
    try:
        inviting.withdraw(invitation, by=request.user)
    except inviting.InvitationUsed:
        messages.warning(request, _used(invitation))
    else:
        text = _("De uitnodiging van %(email)s is ingetrokken.")
        messages.success(request, text % {"email": invitation.email})
    return redirect("organisations:users", slug=membership.organisation.slug)


def _invitation(membership, invitation_id):
    return get_object_or_404(membership.organisation.invitations, pk=invitation_id)


def _tell(request, outcomes):
    """What became of each address, in words."""
    by_outcome = {
        outcome: [address for address, what in outcomes.items() if what == outcome]
        for outcome in Outcome
    }
    if sent := by_outcome[Outcome.INVITED]:
        text = ngettext(
            "Uitnodiging verstuurd aan %(to)s.",
            "%(count)s uitnodigingen verstuurd: %(to)s.",
            len(sent),
        )
        messages.success(request, text % {"count": len(sent), "to": ", ".join(sent)})
    for address in by_outcome[Outcome.MEMBER]:
        text = _("%(email)s hoort al bij je organisatie.")
        messages.info(request, text % {"email": address})
    for address in by_outcome[Outcome.WAITING]:
        text = _("%(email)s is al uitgenodigd. Je kunt de uitnodiging opnieuw sturen.")
        messages.info(request, text % {"email": address})


def _too_many():
    return _("Er zijn vandaag al veel uitnodigingen verstuurd. Ga morgen verder.")


def _used(invitation):
    text = _("%(email)s heeft de uitnodiging net aangenomen.")
    return text % {"email": invitation.email}

"""Asking colleagues to join; what was asked and not answered stands with the users."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from ..access import requires
from ..forms import InviteForm, SecondAdministratorForm
from ..fragments import fragment
from ..roles import Permission, Role
from ..services import inviting
from ..services.inviting import Outcome

ROW = "organisations/users.html#invitation-row"
COUNT = "organisations/users.html#invitation-count"


def _asks_for_an_administrator(request):
    return request.POST.get("role") == Role.ADMINISTRATOR


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required(enabled=_asks_for_an_administrator)
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


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required(allow_get=True)
def second_administrator(request, membership):
    """From the dashboard, where a first administrator is asked for another at once."""
    if request.method != "POST":  # who had to log in first comes back here
        return redirect("organisations:dashboard", slug=membership.organisation.slug)
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


def _makes_an_administrator(request):
    invitations = request.membership.organisation.invitations
    pk = resolve(request.path_info).kwargs["invitation_id"]  # also of what waited
    return invitations.filter(pk=pk, role=Role.ADMINISTRATOR).exists()


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required(allow_get=True, enabled=_makes_an_administrator)
def resend(request, membership, invitation_id):
    invitation = _invitation(membership, invitation_id)
    if request.method != "POST":  # who had to log in first comes back here
        return _back(membership)
    try:
        inviting.resend(invitation, by=request.user, language=get_language())
    except (inviting.InvitationUsed, inviting.InvitationWithdrawn):
        return _over(request, membership, invitation)
    except inviting.TooManyInvitations:
        messages.error(request, _too_many())
        invitation.refresh_from_db()
    else:
        text = _("%(email)s krijgt een nieuwe link. De vorige werkt niet meer.")
        messages.success(request, text % {"email": invitation.email})
    return _row(request, membership, invitation) if request.htmx else _back(membership)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_MANAGE)
def withdraw(request, membership, invitation_id):
    invitation = _invitation(membership, invitation_id)
    if request.method != "POST":
        return _back(membership)
    try:
        inviting.withdraw(invitation, by=request.user)
    except inviting.InvitationUsed:
        return _over(request, membership, invitation)
    text = _("De uitnodiging van %(email)s is ingetrokken.")
    return _end(request, membership, invitation, text, messages.success)


def _invitation(membership, invitation_id):
    invitations = membership.organisation.invitations.select_related("invited_by")
    return get_object_or_404(invitations, pk=invitation_id)


def _back(membership):
    return redirect("organisations:users", slug=membership.organisation.slug)


def _row(request, membership, invitation, **state):
    waiting = membership.organisation.invitations.waiting().count()
    context = {
        "membership": membership,
        "one": invitation,
        "total_waiting": waiting,
        **state,
    }
    return fragment(request, ROW, COUNT, context=context)


def _over(request, membership, invitation):
    """Somebody answered, or a colleague took it back, since the page was made."""
    if invitation.accepted_at:
        text = _("%(email)s heeft de uitnodiging net aangenomen.")
    else:
        text = _(
            "De uitnodiging van %(email)s is intussen ingetrokken. Er is niets gestuurd."
        )
    return _end(request, membership, invitation, text, messages.warning)


def _end(request, membership, invitation, text, say):
    text = text % {"email": invitation.email}
    if request.htmx:
        return _row(request, membership, invitation, gone=text)
    say(request, text)
    return _back(membership)


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

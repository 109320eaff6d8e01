"""The dashboard, and the members of an organisation."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from ..access import any_user, requires
from ..forms import FindUsersForm, RoleForm, SecondAdministratorForm
from ..models import Membership
from ..roles import Permission, Role
from ..services import members as services


@require_safe
@any_user
def mine(request):
    """Lead to the organisation that was used last, or to the staff's own place."""
    last_used = request.user.memberships.order_by("-last_used_at", "pk").first()
    if last_used:
        return redirect("organisations:dashboard", slug=last_used.organisation.slug)
    if request.user.is_staff:
        return redirect("admin:index")
    return render(request, "organisations/none.html")


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def dashboard(request, membership):
    first_time = membership.last_used_at is None
    membership.last_used_at = timezone.now()
    membership.save(update_fields=["last_used_at"])
    alone = services.is_alone(membership)
    invited = membership.organisation.invitations.waiting().filter(
        role=Role.ADMINISTRATOR
    )
    ask = alone and first_time and not invited
    context = {
        "membership": membership,
        "alone": alone,
        "invited": invited,
        "form": SecondAdministratorForm() if ask else None,
    }
    return render(request, "organisations/dashboard.html", context)


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def users(request, membership):
    everybody = membership.organisation.memberships.select_related("user")
    form = FindUsersForm(request.GET)
    context = {
        "membership": membership,
        "form": form,
        "users": form.choose(everybody.with_second_factor()),
        "total": everybody.count(),
        "invitations": membership.organisation.invitations.waiting().select_related(
            "invited_by"
        ),
    }
    return render(request, "organisations/users.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def member(request, membership, member_id):
    colleague = _colleague(membership, member_id)
    form = RoleForm(request.POST or None, initial={"role": colleague.role})
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            services.change_role(colleague, role, by=request.user)
        except services.LastAdministrator:
            form.add_error("role", _last_administrator())
        else:
            return _done(request, membership, _("De rol is gewijzigd."))
    context = {"membership": membership, "colleague": colleague, "form": form}
    return render(request, "organisations/member.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def remove(request, membership, member_id):
    colleague = _colleague(membership, member_id)
    own = colleague == membership  # asked before the row is gone
    if request.method == "POST":
        try:
            services.remove_member(colleague, by=request.user)
        except services.LastAdministrator:
            messages.error(request, _last_administrator())
        else:
            if own:
                return _gone(request, _("Je hoort niet meer bij de organisatie."))
            return _done(request, membership, _("De gebruiker is verwijderd."))
    context = {"membership": membership, "colleague": colleague}
    return render(request, "organisations/remove.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def hand_over(request, membership, member_id):
    colleague = _colleague(membership, member_id)
    if request.method == "POST" and colleague != membership:
        services.hand_over(membership, colleague, by=request.user)
        text = _("%(name)s is nu administrator. Jij bent ontwikkelaar.")
        return _done(request, membership, text % {"name": colleague.user.name})
    context = {"membership": membership, "colleague": colleague}
    return render(request, "organisations/hand_over.html", context)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
def end_sessions(request, membership, member_id):
    colleague = _colleague(membership, member_id)
    services.sign_out(colleague, by=request.user)
    if colleague == membership:
        return _gone(request, _("Je bent overal uitgelogd."))
    return _done(request, membership, _("De gebruiker is overal uitgelogd."))


def _colleague(membership, member_id) -> Membership:
    return get_object_or_404(
        membership.organisation.memberships.select_related("user").with_second_factor(),
        pk=member_id,
    )


def _done(request, membership, what):
    """Back to the list; who took the own rights away is led to where there still are some."""
    messages.success(request, what)
    mine = Membership.objects.filter(pk=membership.pk).first()
    if mine and Permission.ORGANISATION_MANAGE in mine.permissions:
        return redirect("organisations:users", slug=membership.organisation.slug)
    return redirect("organisations:mine")


def _gone(request, what):
    """Who ended the own session gets a new one, with what happened in it."""
    logout(request)
    messages.success(request, what)
    return redirect(settings.LOGIN_URL)


def _last_administrator():
    return _("Dit is de enige administrator. Maak eerst iemand anders administrator.")

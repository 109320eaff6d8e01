"""The dashboard, and what an administrator does with the members of an organisation."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import second_factor
from accounts import services as accounts
from mail import services as mail

from .. import activity
from ..access import any_user, requires
from ..forms import RoleForm, SecondAdministratorForm
from ..models import Membership
from ..roles import Permission, Role
from ..services import members as services
from ..services import withdrawing
from .colleagues import in_passing, of_colleague, row

ASKS_AGAIN = reauthentication_required(
    allow_get=True
)  # what is shown needs no password


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
    Membership.objects.filter(pk=membership.pk).update(last_used_at=timezone.now())
    alone = services.is_alone(membership)
    invited = membership.organisation.invitations.waiting().filter(
        role=Role.ADMINISTRATOR
    )
    ask = alone and first_time and not invited
    context = {
        "membership": membership,
        "alone": alone,
        "unreachable": mail.is_unreachable(request.user.email),
        "invited": invited,
        "form": SecondAdministratorForm() if ask else None,
        "needs_second_factor": membership.organisation.second_factor_from
        and not second_factor.met(request),
    }
    return render(request, "organisations/dashboard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_MANAGE)
@ASKS_AGAIN
@of_colleague
def member(request, membership, colleague):
    form = _role_form(colleague, request.POST or None, role=colleague.role)
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        seen = Role(form.cleaned_data["seen"])
        alone = not withdrawing.hanging_on(colleague).exists()  # nothing ends with it
        try:
            services.change_role(colleague, role, by=request.user, seen=seen)
        except services.LastAdministrator:
            form.add_error("role", _last_administrator())
        except services.ChangedMeanwhile:
            form = _seen_now(request, membership, colleague, role)
        else:
            return _changed(request, membership, colleague, in_place=alone)
    if request.htmx:
        shown = {} if "rij" in request.GET else {"role_form": form}
        return row(request, membership, colleague, focus="role", **shown)
    return render(
        request, "organisations/member.html", _about(membership, colleague, form=form)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_MANAGE)
@ASKS_AGAIN
@of_colleague
def remove(request, membership, colleague):
    own = colleague == membership  # asked before the row is gone
    context = _about(membership, colleague)
    if request.method == "POST":
        pk = colleague.pk
        try:
            services.remove_member(colleague, by=request.user)
        except services.LastAdministrator:
            messages.error(request, _last_administrator())
        else:
            if own:
                return _gone(request, _("Je hoort niet meer bij de organisatie."))
            text = _("%(name)s is verwijderd.") % {"name": colleague.user.name}
            if request.htmx and not context["invitations"]:
                return row(request, membership, {"pk": pk}, gone=text)
            return _done(request, membership, text)
    if request.htmx:
        return row(request, membership, colleague, **context, removing=True)
    return render(request, "organisations/remove.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@ASKS_AGAIN
@of_colleague
def hand_over(request, membership, colleague):
    if request.method == "POST" and colleague != membership:
        services.hand_over(membership, colleague, by=request.user)
        text = _("%(name)s is nu administrator. Jij bent ontwikkelaar.")
        return _done(request, membership, text % {"name": colleague.user.name})
    context = _about(membership, colleague)
    context["invitations"] = withdrawing.hanging_on(membership).count()
    return render(request, "organisations/hand_over.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@of_colleague
def end_sessions(request, membership, colleague):
    if request.method != "POST":  # who had to log in first comes back here
        slug = membership.organisation.slug
        return redirect("organisations:member", slug, colleague.pk)
    services.sign_out(colleague, by=request.user)
    if colleague == membership:
        return _gone(request, _("Je bent overal uitgelogd."))
    return _done(request, membership, _("De gebruiker is overal uitgelogd."))


def _about(membership, colleague, **more):
    """What a page about a colleague says, with the invitations that would end."""
    return {
        "membership": membership,
        "colleague": colleague,
        "invitations": withdrawing.hanging_on(colleague).count(),
        **more,
    }


def _seen_now(request, membership, colleague, wanted):
    """The same choice once more, beside what a colleague made of it meanwhile."""
    act = activity.latest(
        membership.organisation,
        "member.role_changed",
        about=Membership,
        pk=colleague.pk,
    )
    text = _(
        "De rol is intussen gewijzigd. Er is niets opgeslagen: kijk of je dit nog wilt."
    )
    messages.warning(request, f"{text} {in_passing(act)}")
    return _role_form(colleague, role=wanted)


def _role_form(colleague, data=None, *, role):
    """With ids of its own: two rows of the list may each have their form open."""
    initial = {"role": role, "seen": colleague.role}
    return RoleForm(data, initial=initial, auto_id=f"role-of-{colleague.pk}-%s")


def _changed(request, membership, colleague, *, in_place):
    text = _("%(name)s is nu %(role)s.") % {
        "name": colleague.user.name,
        "role": str(colleague.get_role_display()).lower(),
    }
    if request.htmx and in_place and colleague != membership:
        messages.success(request, text)
        return row(request, membership, colleague, focus="role")
    return _done(request, membership, text)


def _done(request, membership, what):
    """Back to the list; who took the own rights away is led to where there still are some."""
    messages.success(request, what)
    mine = Membership.objects.filter(pk=membership.pk).first()
    if mine and Permission.ORGANISATION_MANAGE in mine.permissions:
        return redirect("organisations:users", slug=membership.organisation.slug)
    accounts.forget_reauthentication_in(request.session)
    return redirect("organisations:mine")


def _gone(request, what):
    """Who ended the own session gets a new one, with what happened in it."""
    logout(request)
    messages.success(request, what)
    return redirect(settings.LOGIN_URL)


def _last_administrator():
    return _("Dit is de enige administrator. Maak eerst iemand anders administrator.")

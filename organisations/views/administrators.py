"""Becoming administrator by asking, and what an administrator says to it."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..access import requires
from ..forms import AnswerRequestForm, AskForm
from ..models import Intervention
from ..roles import Permission
from ..services import asking, intervening, lost_factor
from .colleagues import of_colleague


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_VIEW)
@reauthentication_required
def ask(request, membership):
    form, refusal = AskForm(request.POST or None), None
    try:
        asking.require_may_ask(membership)
        if request.method == "POST" and form.is_valid():
            asking.ask(membership, reason=form.cleaned_data["reason"])
            messages.success(request, _("Alle leden krijgen bericht van je verzoek."))
            return redirect(
                "organisations:dashboard", slug=membership.organisation.slug
            )
    except asking.MayNotAsk as error:
        refusal = error
    context = {"membership": membership, "form": form, "refusal": refusal}
    return render(request, "organisations/ask.html", context)


@require_POST
@requires(Permission.ORGANISATION_VIEW)
def withdraw(request, membership):
    asked = membership.organisation.administrator_requests.open()
    own = get_object_or_404(asked, user=request.user)
    try:
        asking.withdraw(own, by=request.user)
    except asking.RequestEnded:
        messages.warning(request, _ended())
    else:
        messages.success(request, _("Je verzoek is ingetrokken."))
    return redirect("organisations:dashboard", slug=membership.organisation.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def answer(request, membership, request_id):
    every = membership.organisation.administrator_requests.select_related(
        "user", "ended_by"
    )
    asked = get_object_or_404(every, pk=request_id)
    form = AnswerRequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _answered(asked, form.cleaned_data, request.user))
        except asking.RequestEnded:
            messages.warning(request, _ended())
        return redirect("organisations:users", slug=membership.organisation.slug)
    context = {"membership": membership, "asked": asked, "form": form}
    return render(request, "organisations/request.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE, while_blocked=True)
@reauthentication_required
def intervention(request, membership, intervention_id):
    every = Intervention.objects.about(membership.organisation)
    proposed: Intervention = get_object_or_404(every, pk=intervention_id)
    if request.method == "POST":
        try:
            intervening.object_to(proposed, by=request.user)
        except intervening.InterventionEnded:
            messages.warning(request, _("Dit is net al afgelopen."))
        else:
            messages.success(request, _("Het gaat niet door. Iedereen krijgt bericht."))
        return redirect("organisations:dashboard", slug=membership.organisation.slug)
    context = {"membership": membership, "proposed": proposed}
    return render(request, "organisations/intervention.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
@of_colleague
def end_second_factor(request, membership, colleague):
    may = lost_factor.may_end(colleague, by=request.user)
    if request.method == "POST" and may:
        try:
            lost_factor.end_of(colleague, by=request.user)
        except lost_factor.NotOursToEnd:  # since a moment ago; the page says why
            return redirect(request.path)
        text = _("De tweede stap van %(name)s is weggehaald.")
        messages.success(request, text % {"name": colleague.user.name})
        return redirect("organisations:users", slug=membership.organisation.slug)
    context = {"membership": membership, "colleague": colleague, "may": may}
    return render(request, "organisations/lost_factor.html", context)


def _answered(asked, answers, by):
    if answers["decision"] == "grant":
        asking.grant(asked, by=by)
        return _("%(name)s is nu administrator.") % {"name": asked.user.name}
    asking.refuse(asked, answer=answers["answer"], by=by)
    return _("Je bezwaar is verstuurd aan %(name)s.") % {"name": asked.user.name}


def _ended():
    return _("Dit verzoek is net al afgelopen.")

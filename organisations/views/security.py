"""Veiligheid: whether everybody in the organisation needs a second factor, and since when."""

import datetime

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import second_factor

from .. import activity
from ..access import requires
from ..forms import SecondFactorForm
from ..models import Organisation
from ..roles import Permission
from ..services import members
from ..services import second_factor as services
from .colleagues import in_passing

TIME_TO_SET_UP = datetime.timedelta(weeks=2)
NAMED = 20  # of those without; the list of users shows the others
ASKS_AGAIN = reauthentication_required(allow_get=True)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@ASKS_AGAIN
def security(request, membership):
    organisation = membership.organisation
    has_one = second_factor.met(request)
    form = SecondFactorForm(request.POST or None, initial=_suggested(organisation))
    if request.method == "POST" and form.is_valid():
        try:
            services.require(
                organisation, **form.cleaned_data, by=request.user, has_one=has_one
            )
        except services.HasNone:
            form.add_error(None, _("Stel eerst zelf een tweede stap in."))
        except services.InThePast:
            form.add_error("day", _("Kies vandaag of een latere dag."))
        except members.ChangedMeanwhile:
            _say_changed(request, organisation)
            kept = {"day": form.cleaned_data["day"]}
            form = SecondFactorForm(initial=_suggested(organisation) | kept)
        else:
            messages.success(request, _("Het is ingesteld. Iedereen krijgt een mail."))
            return redirect("organisations:security", slug=organisation.slug)
    without = organisation.memberships.without_second_factor().select_related("user")
    context = {
        "membership": membership,
        "form": form,
        "has_one": has_one,
        "without": without.order_by("user__name", "pk")[:NAMED],
        "count_without": without.count(),
        "reminded": services.reminded_today(organisation),
    }
    return render(request, "organisations/security.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@ASKS_AGAIN
def release(request, membership):
    organisation = membership.organisation
    form = SecondFactorForm(request.POST)
    if request.method == "POST":
        form.is_valid()  # of which only `seen` is there
        try:
            services.release(
                organisation, by=request.user, seen=form.cleaned_data.get("seen")
            )
        except members.ChangedMeanwhile:
            _say_changed(request, organisation)
        else:
            text = _("Een tweede stap is niet meer verplicht.")
            messages.success(request, text)
    return redirect("organisations:security", slug=organisation.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def remind(request, membership):
    if request.method == "POST":
        try:
            count = services.remind(membership.organisation, by=request.user)
        except services.RemindedToday:
            text = _("Vandaag is er al een herinnering gestuurd.")
            messages.info(request, text)
        else:
            text = ngettext(
                "%(count)s gebruiker krijgt een mail.",
                "%(count)s gebruikers krijgen een mail.",
                count,
            )
            messages.success(request, text % {"count": count})
    return redirect("organisations:security", slug=membership.organisation.slug)


def _suggested(organisation):
    in_two_weeks = timezone.localdate() + TIME_TO_SET_UP
    current = organisation.second_factor_from
    return {"day": current or in_two_weeks, "seen": current}


def _say_changed(request, organisation):
    newest = activity.latest(
        organisation,
        "organisation.second_factor_required",
        "organisation.second_factor_released",
        about=Organisation,
        pk=organisation.pk,
    )
    text = _("Dit is intussen gewijzigd. Er is niets opgeslagen.")
    messages.warning(request, f"{text} {in_passing(newest)}")

from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from organisations.access import requires
from organisations.fragments import fragment
from organisations.roles import Permission

from . import usage_page
from .usage_forms import FindUsageForm


@require_safe
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_VIEW)
def usage(request, membership):
    form = FindUsageForm(request.GET, organisation=membership.organisation)
    context = {"membership": membership, "form": form, "query": request.GET.urlencode()}
    if form.is_valid():
        period, earlier = form.periods()
        asked = form.asked()
        step = form.step_of(period)
        context |= usage_page.about(
            asked, period, earlier, step, keys=form.keys, apis=form.apis
        )
        context |= usage_page.cost(asked) | {"asked": asked}
    if request.htmx:
        return fragment(request, "apikeys/usage.html#usage", context=context)
    return render(request, "apikeys/usage.html", context)

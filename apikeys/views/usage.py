from django.http import HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from organisations import spreadsheets
from organisations.access import requires
from organisations.downloads import as_download
from organisations.fragments import fragment
from organisations.roles import Permission

from .. import exports, usage_page
from ..reading import counting
from ..usage_forms import FindUsageForm

FORMATS = {"csv": exports.as_csv, "xlsx": spreadsheets.book}


@require_safe
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_VIEW)
def usage(request, membership):
    form = FindUsageForm(request.GET, organisation=membership.organisation)
    if request.GET.get("format") in FORMATS:
        return _download(request, membership.organisation, form)
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


def _download(request, organisation, form):
    """What the page shows, or with `raw` the counters that it was made from."""
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain")
    period, earlier = form.periods()
    step, asked = form.step_of(period), form.asked()
    if "raw" in request.GET:
        rows = exports.raw(asked, period, step, form.keys)
    else:
        used, before = (counting.used(asked, one, step) for one in (period, earlier))
        rows = exports.shown(used, before, form.keys, form.apis)
    name = f"verbruik-{organisation.slug}-{period.first}-{period.last}"
    kind = request.GET["format"]
    return as_download(FORMATS[kind](rows), f"{name}.{kind}")

"""What happened in the organisation, to read and to take along."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from .. import activity
from ..access import requires
from ..downloads import as_download
from ..forms import FindActivityForm
from ..roles import Permission

PAGE = 50


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def shown(request, membership):
    organisation = membership.organisation
    form = FindActivityForm(request.GET, people=activity.people(organisation))
    chosen = activity.events(organisation, **form.chosen())
    page = Paginator(chosen, PAGE).get_page(request.GET.get("bladzijde"))
    query = request.GET.copy()
    query.pop("bladzijde", None)
    context = {
        "membership": membership,
        "form": form,
        "page": page,
        "acts": activity.in_words(organisation, page.object_list),
        "query": query.urlencode(),
    }
    return render(request, "organisations/activity.html", context)


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def download(request, membership):
    organisation = membership.organisation
    form = FindActivityForm(request.GET, people=activity.people(organisation))
    chosen = activity.events(organisation, **form.chosen())
    name = f"activiteit-{organisation.slug}-{timezone.localdate().isoformat()}.csv"
    return as_download(activity.as_csv(organisation, chosen), name)

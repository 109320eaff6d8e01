import datetime

from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from organisations.access import requires
from organisations.downloads import as_download
from organisations.roles import Permission

from .. import statements


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def shown(request, membership):
    organisation = membership.organisation
    whose = [organisation, *organisation.doubles.all()]
    months = [month for one in whose for month in _months(one)]
    months.sort(key=lambda one: one["month"], reverse=True)
    context = {"membership": membership, "months": months}
    return render(request, "apikeys/months.html", context)


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def report(request, membership, month):
    """In the reader's language, or in the one in which it was made."""
    reports = _whose(request, membership).monthly_reports.filter(
        month=_first_day(month)
    )
    mine = reports.filter(language=get_language())
    found = get_object_or_404(mine or reports)
    name, content, _media_type = found.as_attachment()
    return as_download(content, name)


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def statement_csv(request, membership, month):
    organisation = _whose(request, membership)
    lines = statements.as_csv(_batches(organisation, month))
    return as_download(lines, f"afrekening-{organisation.slug}-{month}.csv")


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def statement_json(request, membership, month):
    organisation = _whose(request, membership)
    signed = statements.as_json(_batches(organisation, month))
    name = f"afrekening-{organisation.slug}-{month}.json"
    return as_download(JsonResponse(signed).content, name)


def _months(organisation):
    """What there is to read of each month; of a double it says whose it was."""
    reports = set(organisation.monthly_reports.values_list("month", flat=True))
    batches: dict[datetime.date, list] = {}
    for batch in organisation.statement_batches.order_by("month", "number"):
        batches.setdefault(batch.month, []).append(batch)
    return [
        {
            "month": month,
            "report": month in reports,
            "batches": len(batches.get(month, [])),
            "amount": statements.amount(batches.get(month, [])),
            "double": organisation if organisation.merged_into_id else None,
        }
        for month in sorted({*reports, *batches}, reverse=True)
    ]


def _whose(request, membership):
    """Its own, or with `van` those of a double that merged into it."""
    slug, organisation = request.GET.get("van"), membership.organisation
    return get_object_or_404(organisation.doubles, slug=slug) if slug else organisation


def _batches(organisation, month):
    found = list(statements.of_month(organisation, _first_day(month)))
    if not found:
        raise Http404
    return found


def _first_day(month):
    try:
        return datetime.datetime.strptime(month, "%Y-%m").date()
    except ValueError:
        raise Http404 from None

"""The operator's reports: each a table, a picture and a CSV, over a period to choose."""

from django.contrib import admin
from django.http import Http404, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from apikeys.exports import as_csv
from apikeys.usage_forms import PeriodForm
from audit.admin import ReadOnlyAdmin, needs
from organisations.downloads import as_download

from ..models import Report
from ..reports import REPORTS


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    def get_queryset(self, request):
        return super().get_queryset(request).none()  # figures, and nobody's row

    def get_urls(self):
        csv = path(
            "csv/<slug:report>/",
            self.admin_site.admin_view(self.csv),
            name="applications_report_csv",
        )
        return [csv, *super().get_urls()]

    @needs("applications.view_report")
    def changelist_view(self, request, extra_context=None):
        form = PeriodForm(request.GET)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Rapporten"),
            "form": form,
            "query": request.GET.urlencode(),
            "reports": [],
        }
        if form.is_valid():
            period, _before = form.periods()
            context |= {
                "period": period,
                "reports": [(one, one.made(period)) for one in REPORTS],
            }
        return render(request, "admin/applications/report/page.html", context)

    @needs("applications.view_report")
    def csv(self, request, report):
        """One report, with numbers as a spreadsheet reads them."""
        chosen = next((one for one in REPORTS if one.slug == report), None)
        if chosen is None:
            raise Http404
        form = PeriodForm(request.GET)
        if not form.is_valid():
            text = form.errors.as_text()
            return HttpResponseBadRequest(text, content_type="text/plain")
        period, _before = form.periods()
        table = chosen.made(period).table
        rows = [table.columns, *table.rows]
        return as_download(as_csv(rows), f"{report}-{period.first}-{period.last}.csv")

"""Where a month is taken to billing."""

import datetime
import hashlib
from decimal import Decimal

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from apikeys.words import euro
from audit.admin import ReadOnlyAdmin, needs
from audit.services import record

from .. import billing_csv
from ..models import BillingMonth
from ..services import billing, collecting

REFUSALS: dict[type[Exception], object] = {
    collecting.NothingToCollect: _("Niemand betaalt deze maand door incasso."),
    collecting.NoAccount: _("Het nummer van onze eigen rekening is niet ingesteld."),
    collecting.TooSoon: _("Een incasso kondigen we vijf dagen vooraf aan."),
    collecting.NotValid: _("De bank zou dit bestand niet lezen. Er is niets gemaakt."),
    billing.AlreadyDecided: _("Iemand anders was je voor."),
}


class CollectForm(forms.Form):
    """The day on which banks take the money."""

    collect_on = forms.DateField(
        label=_("Incassodatum"),
        help_text=_(
            "Ten minste vijf dagen vooruit: zo lang van tevoren kondigen we aan."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: collecting.earliest() + datetime.timedelta(days=9),
    )


@admin.register(BillingMonth)
class BillingMonthAdmin(ReadOnlyAdmin):
    """Months with what they come to; each download is recorded, so it is a POST."""

    list_display = ["name", "line_count", "sum", "made_at", "handed_over_at"]
    fields = ["month", "made_at", "handed_over_at", "handed_over_by"]
    change_form_template = "admin/applications/billingmonth/page.html"

    @admin.display(description=_("maand"), ordering="month")
    def name(self, billing_month):
        return f"{billing_month}"

    @admin.display(description=_("totaal"), ordering="total")
    def sum(self, billing_month):
        return euro(billing_month.total)

    def get_urls(self):
        pages = {"csv": self.csv, "incasso": self.debit, "overgedragen": self.done}
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(page),
                name=f"applications_billingmonth_{name}",
            )
            for name, page in pages.items()
        ]
        return [*own, *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        context = self._shown(request, found) if found else {}
        return super().change_view(request, object_id, form_url, context)

    def _shown(self, request, billing_month, form=None):
        dues = list(collecting.due(billing_month))
        collected = [one for one in dues if one.is_collected]
        return {
            "may": request.user.has_perm("applications.hand_over_billing"),
            "lines": billing_month.line_count,
            "total": self.sum(billing_month),
            "without": billing_month.lines.filter(contract=None).count(),
            "collected": len(collected),
            "collected_total": euro(
                sum((one.amount for one in collected), Decimal("0.00"))
            ),
            "paid_back": [one for one in dues if one.amount < 0],
            "debit": getattr(billing_month, "direct_debit", None),
            "collect_form": form or CollectForm(),
            "lines_url": reverse("admin:applications_billingline_changelist")
            + f"?billing__id__exact={billing_month.pk}",
        }

    @needs("applications.hand_over_billing")
    def csv(self, request, pk):
        """All lines of a month, for the books."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if request.method != "POST":
            return self._back(found)
        content = "".join(billing_csv.lines(found)).encode()
        return self._download(request, found, content, f"facturatie-{found}.csv")

    @needs("applications.hand_over_billing")
    def debit(self, request, pk):
        """The file for the bank: made at the first time, the same ever after."""
        found = get_object_or_404(BillingMonth, pk=pk)
        form = CollectForm(request.POST or None)
        made = getattr(found, "direct_debit", None)
        if request.method == "POST" and (made or form.is_valid()):
            day = made.collect_on if made else form.cleaned_data["collect_on"]
            try:
                made = collecting.make(found, collect_on=day, by=request.user)
            except tuple(REFUSALS) as refusal:
                messages.error(request, REFUSALS[type(refusal)])
            else:
                content = bytes(made.content)
                return self._download(request, found, content, f"incasso-{found}.xml")
        elif form.is_bound:
            messages.error(request, _("Vul een datum in."))
        return self._back(found)

    @needs("applications.hand_over_billing")
    def done(self, request, pk):
        """Billing has it."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if request.method == "POST":
            try:
                billing.hand_over(found, by=request.user)
            except billing.AlreadyDecided as refusal:
                messages.warning(request, REFUSALS[type(refusal)])
        return self._back(found)

    def _back(self, found):
        return redirect("admin:applications_billingmonth_change", found.pk)

    def _download(self, request, found, content, name):
        record(
            "billing.downloaded",
            subject=found,
            by=request.user,
            file=name,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        response = HttpResponse(content, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Content-Security-Policy"] = "sandbox"
        return response

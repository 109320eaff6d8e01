"""Where a month is taken to billing."""

import datetime
import hashlib

from django import forms
from django.contrib import admin
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apikeys.words import euro
from audit.admin import HappenedFilter, ReadOnlyAdmin, needs
from audit.services import record
from organisations.admin import asked
from organisations.downloads import as_download

from .. import billing_csv
from ..models import BillingMonth, CollectionReturn, DirectDebit
from ..services import billing, collecting
from . import returns

REFUSALS: dict[type[Exception], object] = {
    collecting.AlreadyMade: _(
        "Een collega heeft het bestand al gemaakt. Jouw datum is niet gebruikt."
    ),
    collecting.NothingToCollect: _("Niemand betaalt deze maand door incasso."),
    collecting.NoAccount: _("Het nummer van onze eigen rekening is niet ingesteld."),
    collecting.TooSoon: _("Een incasso kondigen we vijf dagen vooraf aan."),
    collecting.TooFar: _("Deze dag ligt te ver weg."),
    collecting.NotValid: _("De bank zou dit bestand niet lezen. Er is niets gemaakt."),
    billing.AlreadyDecided: _("Iemand anders was je voor."),
}


class CollectForm(forms.Form):
    """The day on which banks take the money."""

    use_required_attribute = False
    collect_on = forms.DateField(
        label=_("Incassodatum"),
        help_text=_(
            "Ten minste vijf dagen vooruit: zo lang van tevoren kondigen we aan. Ten"
            " hoogste drie maanden vooruit."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: collecting.earliest() + datetime.timedelta(days=9),
        error_messages={"required": _("Vul een datum in.")},
    )

    def clean_collect_on(self):
        day = self.cleaned_data["collect_on"]
        if day < collecting.earliest():
            raise forms.ValidationError(REFUSALS[collecting.TooSoon])
        if day > collecting.latest():
            raise forms.ValidationError(REFUSALS[collecting.TooFar])
        return day


@admin.register(BillingMonth)
class BillingMonthAdmin(ReadOnlyAdmin):
    """Months with what they come to; each download is recorded, so it is a POST."""

    list_display = ["name", "line_count", "sum", "made_at", "handed_over_at"]
    list_filter = [("handed_over_at", HappenedFilter)]
    fields = ["month", "made_at", "handed_over_at", "handed_over_by"]
    change_form_template = "admin/applications/billingmonth/page.html"

    @admin.display(description=_("maand"), ordering="month")
    def name(self, billing_month):
        return f"{billing_month}"

    @admin.display(description=_("totaal"), ordering="total")
    def sum(self, billing_month):
        return euro(billing_month.total)

    def get_urls(self):
        pages = {
            "csv": self.csv, "incasso": self.debit, "bestand": self.file,
            "overgedragen": self.done, "terug": self.returned,
        }  # fmt: skip
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(page),
                name=f"applications_billingmonth_{name}",
            )
            for name, page in pages.items()
        ]
        take_back = path(
            "terug/<int:pk>/",
            self.admin_site.admin_view(self.take_back),
            name="applications_billingmonth_take_back",
        )
        return [take_back, *own, *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        context = self._shown(request, found) if found else {}
        return super().change_view(request, object_id, form_url, context)

    def _shown(self, request, billing_month):
        sums = collecting.sums(billing_month)
        return {
            "may": request.user.has_perm("applications.hand_over_billing"),
            "lines": billing_month.line_count,
            "total": self.sum(billing_month),
            "without": billing_month.lines.filter(contract=None).count(),
            "collected": sums.collected,
            "collected_total": euro(sums.amount),
            "paid_back": sums.paid_back,
            "debit": _file_of(billing_month),
            "may_return": request.user.has_perm("applications.add_collectionreturn"),
            "came_back": CollectionReturn.objects.filter(
                collection__direct_debit__billing=billing_month
            ).select_related("collection__contract__organisation", "taken_back_by"),
            "lines_url": reverse("admin:applications_billingline_changelist")
            + f"?billing__id__exact={billing_month.pk}",
        }

    @needs("applications.hand_over_billing")
    def csv(self, request, pk):
        """All lines of a month, for the books."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if request.method != "POST":
            return redirect(_page(found))
        content = "".join(billing_csv.lines(found)).encode()
        return self._download(request, found, content, f"facturatie-{found}.csv")

    @needs("applications.hand_over_billing")
    def debit(self, request, pk):
        """Ask for the day, and make the file for the bank."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if request.method != "POST" and _file_of(found):
            return redirect(_page(found))
        sums = collecting.sums(found)
        said = ngettext(
            "%(count)s overeenkomst wordt geïncasseerd, voor %(amount)s.",
            "%(count)s overeenkomsten worden geïncasseerd, samen %(amount)s.",
            sums.collected,
        ) % {"count": sums.collected, "amount": euro(sums.amount)}
        once = _(
            "Het bestand wordt één keer gemaakt. Daarna staat de dag vast, en krijg je"
            " steeds hetzelfde bestand."
        )
        return asked(
            self,
            request,
            found,
            CollectForm(request.POST if request.method == "POST" else None),
            collecting.make,
            refusals=REFUSALS,
            there=_page(found),
            title=_("Incassobestand maken"),
            explanation=f"{said} {once}",
            button=_("Incassobestand maken (SEPA pain.008)"),
        )

    @needs("applications.hand_over_billing")
    def file(self, request, pk):
        """The file for the bank, the same at each time."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if request.method != "POST":
            return redirect(_page(found))
        file = get_object_or_404(DirectDebit, billing=found)
        content = bytes(file.content)
        return self._download(request, found, content, f"incasso-{found}.xml")

    @needs("applications.add_collectionreturn")
    def returned(self, request, pk):
        """A bank gave one of them back."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if _file_of(found) is None:
            return redirect(_page(found))
        return returns.ask(self, request, found, _page(found))

    @needs("applications.add_collectionreturn")
    def take_back(self, request, pk):
        """It did not come back: that was written down by mistake."""
        known = CollectionReturn.objects.select_related("collection__contract")
        found = get_object_or_404(known, pk=pk)
        there = _page(found.collection.direct_debit.billing)
        return returns.ask_to_take_back(self, request, found, there)

    @needs("applications.hand_over_billing")
    def done(self, request, pk):
        """Ask for it, and keep that billing has the month."""
        found = get_object_or_404(BillingMonth, pk=pk)
        if request.method != "POST" and found.handed_over_at:
            return redirect(_page(found))
        said = [
            ngettext(
                "De facturatie heeft %(count)s regel van deze maand, van %(amount)s.",
                "De facturatie heeft %(count)s regels van deze maand, samen %(amount)s.",
                found.line_count,
            )
            % {"count": found.line_count, "amount": self.sum(found)},
            _("Jouw naam en dit moment blijven erbij staan. Dit draai je niet terug."),
        ]
        if not _file_of(found) and collecting.sums(found).collected:
            said.append(_("Let op: er is nog geen incassobestand van deze maand."))
        return asked(
            self,
            request,
            found,
            forms.Form(request.POST if request.method == "POST" else None),
            billing.hand_over,
            refusals=REFUSALS,
            there=_page(found),
            title=_("De facturatie heeft deze maand"),
            explanation=" ".join(map(str, said)),
            button=_("Ja, de facturatie heeft deze maand"),
        )

    def _download(self, request, found, content, name):
        record(
            "billing.downloaded",
            subject=found,
            by=request.user,
            file=name,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        return as_download(content, name)


def _page(billing_month):
    return reverse("admin:applications_billingmonth_change", args=[billing_month.pk])


def _file_of(billing_month):
    return getattr(billing_month, "direct_debit", None)

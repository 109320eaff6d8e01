"""Where a line of billing is read, and put right by two."""

from decimal import Decimal, InvalidOperation

from django import forms
from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apikeys.words import euro
from audit.admin import ReadOnlyAdmin, needs
from organisations.admin import act_page

from ..models import BillingCorrection, BillingLine
from ..services import billing
from ..staff.billing import Account

REFUSALS = {
    billing.AlreadyDecided: _("Iemand anders was je voor."),
    billing.SamePerson: _("Je hebt dit zelf voorgesteld. Een collega beslist."),
    billing.ChangedMeanwhile: _(
        "De regel is intussen gewijzigd. Kijk opnieuw, en beslis dan."
    ),
}
STATES = {None: _("nog niet beslist"), True: _("goedgekeurd"), False: _("niet gedaan")}
NOTHING = Decimal("NaN")  # which no line comes to
RELATED = ["billing", "organisation", "contract", "corrects"]


class CorrectForm(forms.ModelForm):
    """What should be put right; what is odd is asked a second time."""

    use_required_attribute = False
    anyway = forms.BooleanField(
        label=_("Ja, dit verschil klopt"),
        help_text=_("Kruis dit aan als het bedrag goed is."),
        required=False,
    )

    class Meta:
        model = BillingCorrection
        fields = ["amount", "reason"]

    def __init__(self, line, data=None):
        super().__init__(data)
        self.line = line
        if data is None:
            del self.fields["anyway"]

    def clean_amount(self):
        if not self.cleaned_data["amount"]:
            raise forms.ValidationError(_("Nul is geen verschil."))
        return self.cleaned_data["amount"]

    def clean(self):
        data = super().clean()
        sure = data.pop("anyway", False)
        odd = Account(self.line, data.get("amount")).warnings
        if odd and not sure:
            self.add_error("amount", odd)
        if not odd:
            del self.fields["anyway"]
        return data


@admin.register(BillingLine)
class BillingLineAdmin(ReadOnlyAdmin):
    """What a contract is charged, line by line."""

    list_display = [
        "number", "billing", "of", "organisation", "contract", "what", "counted",
        "priced", "sum", "corrects",
    ]  # fmt: skip
    list_filter = ["billing", ("corrects", admin.EmptyFieldListFilter)]
    list_select_related = RELATED
    search_fields = ["=pk", "contract__number", "organisation__name"]
    show_full_result_count = False
    fields = [
        "billing", "organisation", "contract", "corrects", "mandate", "name",
        "invoice_email", "purchase_reference",
    ]  # fmt: skip
    change_form_template = "admin/applications/billingline/page.html"

    @admin.display(description=_("regel"), ordering="pk")
    def number(self, line):
        return line.pk

    @admin.display(description=_("maand"), ordering="month")
    def of(self, line):
        return date_format(line.month, "F Y")

    @admin.display(description=_("waarvoor"), ordering="subscription")
    def what(self, line):
        return f"{line.subscription} {line.api}, {Account(line).unit}".replace(
            " ,", ","
        )

    @admin.display(description=_("aantal"), ordering="count")
    def counted(self, line):
        return intcomma(line.count)

    @admin.display(description=_("prijs"), ordering="price")
    def priced(self, line):
        return euro(line.price)

    @admin.display(description=_("bedrag"), ordering="amount")
    def sum(self, line):
        return euro(line.amount)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        context = {"account": found and Account(found)}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self):
        correct = path(
            "<int:pk>/corrigeren/",
            self.admin_site.admin_view(self.correct),
            name="applications_billingline_correct",
        )
        return [correct, *super().get_urls()]

    @needs("applications.add_billingcorrection")
    def correct(self, request, pk):
        """Propose to put a line right: another agrees, and it is a line of its own."""
        line = get_object_or_404(BillingLine.objects.select_related(*RELATED), pk=pk)
        form = CorrectForm(line, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            made = billing.propose(line, **form.cleaned_data, by=request.user)
            messages.success(request, _("Voorgesteld. Een collega beslist."))
            return redirect("admin:applications_billingcorrection_change", made.pk)
        return act_page(
            self,
            request,
            _("Factuurregel %s") % line,
            template="admin/applications/billingline/correct.html",
            title=_("Een correctie voorstellen"),
            explanation=_(
                "De regel zelf verandert niet. Is een collega het ermee eens, dan komt er"
                " een regel bij in de volgende maand, en op de afrekening van de"
                " organisatie."
            ),
            button=_("Voorstellen"),
            there=reverse("admin:applications_billingline_change", args=[pk]),
            account=Account(line),
            form=form,
        )


@admin.register(BillingCorrection)
class BillingCorrectionAdmin(ReadOnlyAdmin):
    """What was proposed with all that who decides has to know, and who agreed."""

    list_display = [
        "line", "difference", "reason", "proposed_by", "proposed_at", "state",
    ]  # fmt: skip
    list_filter = [("approved", admin.BooleanFieldListFilter)]
    list_select_related = ["line", "proposed_by"]
    search_fields = ["=line__pk", "reason"]
    fields = [
        "line", "amount", "reason", ("proposed_by", "proposed_at"),
        ("decided_by", "decided_at"), "state",
    ]  # fmt: skip
    change_form_template = "admin/applications/billingcorrection/page.html"

    @admin.display(description=_("verschil"), ordering="amount")
    def difference(self, correction):
        return euro(correction.amount)

    @admin.display(description=_("status"), ordering="approved")
    def state(self, correction):
        return STATES[correction.approved]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        decides = request.user.has_perm("applications.decide_billingcorrection")
        waits = (
            found and found.decided_at is None
        )  # else it is in what the line comes to
        context = {
            "account": found
            and Account(found.line, found.amount if waits else None, found),
            "decides": decides and waits,
            "mine": found and found.proposed_by_id == request.user.pk,
        }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self):
        decide = path(
            "<int:pk>/beslissen/",
            self.admin_site.admin_view(self.decide),
            name="applications_billingcorrection_decide",
        )
        return [decide, *super().get_urls()]

    @needs("applications.decide_billingcorrection")
    def decide(self, request, pk):
        """Agree with it as it was shown, or not."""
        found = get_object_or_404(BillingCorrection, pk=pk)
        if request.method == "POST":
            try:
                if "approve" in request.POST:
                    seen = _amount(request.POST.get("seen", ""))
                    billing.approve(found, seen=seen, by=request.user)
                else:
                    billing.refuse(found, by=request.user)
            except tuple(REFUSALS) as refusal:
                messages.error(request, REFUSALS[type(refusal)])
            else:
                found.refresh_from_db()
                messages.success(request, _done(found))
        return redirect("admin:applications_billingcorrection_change", found.pk)


def _done(correction):
    if correction.approved:
        return _(
            "Goedgekeurd: het staat op de afrekening, en gaat mee met de volgende maand."
        )
    if correction.proposed_by_id == correction.decided_by_id:
        return _("Je voorstel is teruggenomen. Er verandert niets.")
    return _("Niet gedaan. Er verandert niets.")


def _amount(text):
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = NOTHING
    return found if found.is_finite() else NOTHING

"""Where staff see contracts, and end one."""

from django import forms
from django.contrib import admin
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, needs
from organisations.admin import asked
from organisations.filters import OfOrganisation
from organisations.staff import REFUSALS as OF_ORGANISATION
from organisations.staff import ReasonForm

from ..models import Contract
from ..services import contracts

REFUSALS = {
    **OF_ORGANISATION,
    contracts.Over: _("De laatste dag van deze overeenkomst is al voorbij."),
    contracts.NotADay: _(
        "Kies vandaag of een latere dag, en een dag na de ingangsdatum."
    ),
    contracts.LaterThanTheirs: _(
        "De klant heeft zelf opgezegd. Kies de laatste dag van de klant, of een eerdere."
    ),
    contracts.NotCancelled: _("Een collega heeft dit al teruggedraaid."),
}


class EndForm(ReasonForm):
    """The last day, and why."""

    ends_on = forms.DateField(
        label=_("Laatste dag"),
        help_text=_("De API-keys van de overeenkomst werken tot en met deze dag."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Kies een dag."),
            "invalid": _("Vul een bestaande dag in."),
        },
    )
    field_order = ["ends_on", "reason"]


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    list_display = ["number", "organisation", "starts_on", "ends_on", "cancelled_at"]
    list_filter = ["ends_on", OfOrganisation]
    list_select_related = ["organisation"]
    fields = [
        "number",
        "organisation",
        "application",
        "api_key",
        "starts_on",
        "ends_on",
        "cancelled_at",
        "cancelled_by",
        "cancellation_reason",
        "by_us",
        "ended_at",
    ]
    search_fields = ["number", "organisation__name", "organisation__kvk_number"]

    def get_urls(self):
        ours = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"applications_contract_{view.__name__}",
            )
            for name, view in (("beeindigen", self.end), ("doorlopen", self.run_on))
        ]
        return [*ours, *super().get_urls()]

    @needs("applications.end_contract")
    def end(self, request, pk):
        """On which day, and why; the customer's own last day is offered."""
        contract = get_object_or_404(Contract, pk=pk)
        first = contract.ends_on or contracts.last_day(timezone.localdate())
        form = EndForm(request.POST or None, initial={"ends_on": first})
        return self._asked(
            request,
            contract,
            form,
            contracts.end,
            title=_("Overeenkomst beëindigen"),
            explanation=_(
                "De administrators en de contactpersoon krijgen een mail met de laatste"
                " dag en de reden. Alleen wij kunnen dit terugdraaien."
            ),
            button=_("Beëindig de overeenkomst"),
            beside=dict.fromkeys(
                (contracts.NotADay, contracts.LaterThanTheirs), "ends_on"
            ),
        )

    @needs("applications.end_contract")
    def run_on(self, request, pk):
        """What staff ended runs on after all."""
        contract = get_object_or_404(Contract, pk=pk)
        return self._asked(
            request,
            contract,
            forms.Form(request.POST if request.method == "POST" else None),
            contracts.let_run_on,
            title=_("Overeenkomst laten doorlopen"),
            explanation=_(
                "De overeenkomst heeft geen laatste dag meer, en de API-keys werken door."
                " Had de klant zelf opgezegd, dan geldt die laatste dag weer."
                " De administrators en de contactpersoon krijgen een mail."
            ),
            button=_("Laat de overeenkomst doorlopen"),
        )

    def _asked(self, request, contract, form, perform, **content):
        there = reverse("admin:applications_contract_change", args=[contract.pk])
        return asked(
            self,
            request,
            contract,
            form,
            perform,
            refusals=REFUSALS,
            there=there,
            **content,
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        contract = self.get_object(request, object_id)
        may = request.user.has_perm("applications.end_contract")
        open_now = may and contract is not None and not contract.is_over
        context = {"may_end": open_now, "may_run_on": open_now and contract.by_us}
        return super().change_view(request, object_id, form_url, context)

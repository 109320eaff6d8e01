from typing import ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin

from ..models import Intervention
from ..services import intervening
from ..staff import REFUSALS
from .acting import Page, act_page, added_urls


def _right(intervention, act, right):
    """A merge is approved by who may merge."""
    is_merge = intervention and intervention.kind == Intervention.Kind.MERGE
    right = "merge_organisation" if is_merge and act == "goedkeuren" else right
    return f"organisations.{right}"


class Waits(admin.SimpleListFilter):
    """What another of us has to look at."""

    title = _("wacht op")
    parameter_name = "waits"

    def lookups(self, request, model_admin):
        return [("approval", _("goedkeuring"))]

    def queryset(self, request, queryset):
        return queryset.to_approve() if self.value() == "approval" else queryset


@admin.register(Intervention)
class InterventionAdmin(ReadOnlyAdmin):
    """Help that staff proposed: another approves it, or somebody stops it."""

    list_display = ["organisation", "what", "state", "proposed_at", "proposed_by"]
    list_filter = [Waits, "kind", "outcome"]
    list_select_related = ["organisation", "user", "replaces", "into", "proposed_by"]
    search_fields = ["organisation__name", "organisation__slug"]
    fields = [
        "organisation", "what", "reason", "checked", "state",
        ("proposed_at", "proposed_by"), ("approved_at", "approved_by"),
        "takes_effect_at", ("ended_at", "ended_by"),
    ]  # fmt: skip
    added_pages: ClassVar[list[Page]] = []  # of apps above
    ACTS = {
        "goedkeuren": (_("Goedkeuren"), "approve_intervention", intervening.approve),
        "stoppen": (_("Stoppen"), "propose_intervention", intervening.stop),
    }

    @admin.display(description=_("wat"))
    def what(self, intervention):
        return str(intervention)

    @admin.display(description=_("status"))
    def state(self, intervention):
        if intervention.outcome:
            return intervention.get_outcome_display()
        if intervention.approved_at:
            return _("goedgekeurd, er kan nog bezwaar komen")
        return _("wacht op goedkeuring door een ander")

    def get_urls(self):
        act = path(
            "<int:pk>/<slug:act>/",
            self.admin_site.admin_view(self.act),
            name="organisations_intervention_act",
        )
        standard = super().get_urls()  # the last one takes any other path
        return [*standard[:-1], *added_urls(self), act, *standard[-1:]]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        open_acts = self.ACTS.items() if found and not found.outcome else ()
        offered = [
            (slug, said)
            for slug, (label, right, _act) in open_acts
            if request.user.has_perm(_right(found, slug, right))
            and (said := self._said(request, found, slug, label))
        ]
        return super().change_view(request, object_id, form_url, {"acts": offered})

    def _said(self, request, intervention, slug, label):
        """What the act is called; nothing, where it is not for this person."""
        if slug != "goedkeuren":
            return label
        if intervention.proposed_by_id != request.user.pk:
            return None if intervention.approved_at else label
        is_merge = intervention.kind == Intervention.Kind.MERGE
        return _("Bekijken of terugnemen") if is_merge else None

    def act(self, request, pk, act):
        """Ask for confirmation, then do it."""
        if act not in self.ACTS:
            return redirect("admin:organisations_intervention_change", pk)
        label, right, perform = self.ACTS[act]
        intervention = Intervention.objects.filter(pk=pk).first()
        if not request.user.has_perm(_right(intervention, act, right)):
            raise PermissionDenied
        if intervention is None:
            raise Http404
        if act == "goedkeuren" and intervention.kind == Intervention.Kind.MERGE:
            return redirect("admin:organisations_intervention_merge", pk)
        if request.method == "POST":
            try:
                perform(intervention, by=request.user)
            except tuple(REFUSALS) as refusal:
                messages.error(request, REFUSALS[type(refusal)])
            else:
                messages.success(request, _("Gedaan: %(act)s.") % {"act": label})
            return redirect("admin:organisations_intervention_change", pk)
        return act_page(
            self,
            request,
            intervention.organisation,
            title=label,
            explanation=str(intervention),
            checked=intervention.checked,
            button=label,
        )

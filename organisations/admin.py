from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.admin import ReadOnlyAdmin, StaffAdmin, needs

from .fields import KvkNumberField, RsinField
from .models import Contact, Intervention, LegalForm, Membership, Organisation
from .services import details, intervening, looking
from .staff import EXPLANATION, FORMS, REFUSALS, LookForm


def act_page(pages, request, organisation, **content):
    """One act of staff on an organisation: what it is, and the form that asks for it."""
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "about": organisation,
        **content,
    }
    return render(request, "admin/organisations/act.html", context)


class ShownInline(admin.TabularInline):
    """Rows to read beside their organisation."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class MembershipInline(ShownInline):
    model = Membership
    fields = ["user", "role", "since", "last_used_at"]
    readonly_fields = ["user", "role", "since", "last_used_at"]


class ContactInline(ShownInline):
    """Who is asked by telephone before staff believe a mail."""

    model = Contact
    fields = ["kind", "name", "function", "email", "phone", "since", "replaced_at"]
    readonly_fields = ["since", "replaced_at"]


class CorrectionForm(forms.ModelForm):
    """What only staff change, in the form that an application asks it, and why."""

    kvk_number = KvkNumberField(label=_("KVK-nummer"), required=False)
    rsin = RsinField(label=_("RSIN"), required=False)
    reason = forms.CharField(
        label=_("Reden"),
        help_text=_("De administrators van de organisatie krijgen dit te lezen."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Geef een reden.")},
    )

    class Meta:
        model = Organisation
        fields = details.IDENTITY

    def clean_kvk_number(self):
        return self.cleaned_data["kvk_number"] or None

    def clean(self):
        data = super().clean()
        if data.get("legal_form") == LegalForm.SOLE_TRADER and data.get("rsin"):
            raise ValidationError(
                {"rsin": _("Een eenmanszaak heeft geen RSIN. Laat dit veld leeg.")}
            )
        return data


@admin.register(Organisation)
class OrganisationAdmin(StaffAdmin):
    list_display = ["name", "kvk_number", "city", "members_in_words", "created_at"]
    search_fields = ["name", "kvk_number", "slug", "members__name", "members__email"]
    list_filter = ["legal_form"]
    form = CorrectionForm
    fields = [
        "slug",
        *details.IDENTITY,
        "reason",
        ("street", "postcode", "city", "country"),
        ("postal_street", "postal_postcode", "postal_city"),
        ("invoice_email", "invoice_attention", "purchase_reference"),
        "created_at",
    ]
    inlines = [MembershipInline, ContactInline]

    @admin.display(description=_("gebruikers"))
    def members_in_words(self, organisation):
        return ", ".join(user.username for user in organisation.members.all())

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("members")

    def get_fields(self, request, obj=None):
        """Who only reads is not asked for a reason."""
        if self.has_change_permission(request, obj):
            return self.fields
        return [name for name in self.fields if name != "reason"]

    def get_readonly_fields(self, request, obj=None):
        rows = (row if isinstance(row, tuple) else (row,) for row in self.fields)
        names = [name for row in rows for name in row]
        return [name for name in names if name not in {*details.IDENTITY, "reason"}]

    def save_model(self, request, obj, form, change):
        values = {name: form.cleaned_data[name] for name in details.IDENTITY}
        stored = Organisation.objects.get(pk=obj.pk)
        details.correct(
            stored, values, reason=form.cleaned_data["reason"], by=request.user
        )

    def get_urls(self):
        help_one = path(
            "<int:pk>/helpen/<slug:kind>/",
            self.admin_site.admin_view(self.propose),
            name="organisations_organisation_help",
        )
        look = path(
            "<int:pk>/meekijken/",
            self.admin_site.admin_view(self.look),
            name="organisations_organisation_look",
        )
        stop_looking = path(
            "<int:pk>/meekijken/stoppen/",
            self.admin_site.admin_view(self.stop_looking),
            name="organisations_organisation_stop_looking",
        )
        return [help_one, look, stop_looking, *super().get_urls()]

    @needs("organisations.look_along")
    def look(self, request, pk):
        """Say why, and look at the pages as a member sees them."""
        organisation = get_object_or_404(Organisation, pk=pk)
        form = LookForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                looking.start(organisation, **form.cleaned_data, by=request.user)
            except intervening.OwnInterest as refusal:
                form.add_error(None, REFUSALS[type(refusal)])
            else:
                return redirect("organisations:dashboard", organisation.slug)
        minutes = settings.LOOK_ALONG_MINUTES
        explanation = ngettext(
            "Je ziet %(count)d minuut wat een lid ziet. Je wijzigt niets.",
            "Je ziet %(count)d minuten wat een lid ziet. Je wijzigt niets.",
            minutes,
        )
        return act_page(
            self,
            request,
            organisation,
            title=_("Meekijken"),
            explanation=explanation % {"count": minutes},
            button=_("Begin met meekijken"),
            form=form,
        )

    @needs("organisations.look_along")
    def stop_looking(self, request, pk):
        organisation = get_object_or_404(Organisation, pk=pk)
        look = looking.going_on(request.user, organisation.slug)
        if request.method == "POST" and look:
            looking.stop(look, by=request.user)
        return redirect("admin:organisations_organisation_change", pk)

    @needs("organisations.propose_intervention")
    def propose(self, request, pk, kind):
        """Propose to help; another member of staff approves it."""
        organisation = get_object_or_404(Organisation, pk=pk)
        kind = next((one for one in FORMS if one.value == kind), None)
        if kind is None:
            return redirect("admin:organisations_organisation_change", pk)
        sent = {"data": request.POST} if request.method == "POST" else {}
        form = FORMS[kind](organisation, **sent)
        if request.method == "POST" and form.is_valid():
            try:
                proposed = intervening.propose(
                    organisation, kind, by=request.user, **form.cleaned_data
                )
            except tuple(REFUSALS) as refusal:
                form.add_error(None, REFUSALS[type(refusal)])
            else:
                messages.success(request, _("Voorgesteld. De organisatie is gemaild."))
                return redirect("admin:organisations_intervention_change", proposed.pk)
        return act_page(
            self,
            request,
            organisation,
            title=kind.label.capitalize(),
            explanation=EXPLANATION,
            button=_("Voorstellen"),
            form=form,
        )

    def has_add_permission(self, request):
        return False  # an organisation comes from an approved application

    def has_change_permission(self, request, obj=None):
        """Who works for an organisation does not change what it is."""
        may = super().has_change_permission(request, obj)
        own = obj and obj.pk and obj.members.filter(pk=request.user.pk).exists()
        return may and not own

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Intervention)
class InterventionAdmin(ReadOnlyAdmin):
    """Help that staff proposed: another approves it, or somebody stops it."""

    list_display = ["organisation", "what", "state", "proposed_at", "proposed_by"]
    list_filter = ["kind", "outcome"]
    list_select_related = ["organisation", "user", "replaces", "proposed_by"]
    search_fields = ["organisation__name", "organisation__slug"]
    fields = [
        "organisation", "what", "reason", "checked", "state",
        ("proposed_at", "proposed_by"), ("approved_at", "approved_by"),
        "takes_effect_at", ("ended_at", "ended_by"),
    ]  # fmt: skip
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
        return [*standard[:-1], act, *standard[-1:]]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        offered = [
            (slug, label)
            for slug, (label, right, _act) in self.ACTS.items()
            if found is not None
            and not found.outcome
            and not (slug == "goedkeuren" and found.approved_at)
            and request.user.has_perm(f"organisations.{right}")
        ]
        return super().change_view(request, object_id, form_url, {"acts": offered})

    def act(self, request, pk, act):
        """Ask for confirmation, then do it."""
        if act not in self.ACTS:
            return redirect("admin:organisations_intervention_change", pk)
        label, right, perform = self.ACTS[act]
        if not request.user.has_perm(f"organisations.{right}"):
            raise PermissionDenied
        intervention = get_object_or_404(Intervention, pk=pk)
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

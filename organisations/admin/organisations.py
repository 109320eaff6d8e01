from typing import ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.admin import StaffAdmin, needs

from .. import staff_page
from ..fields import KvkNumberField, RsinField
from ..models import LegalForm, Membership, Organisation
from ..services import blocking, details, intervening, looking
from ..staff import EXPLANATION, FORMS, REFUSALS, LookForm, ReasonForm
from .acting import Page, act_page, added_urls, asked


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
    list_display = ["name_now", "kvk_number", "city", "members_in_words", "created_at"]
    search_fields = ["name", "kvk_number", "slug"]
    search_help_text = _("Zoek op naam, KVK-nummer, code of een gebruiker.")
    list_filter = ["legal_form"]
    list_select_related = ["merged_into"]
    form = CorrectionForm
    added_pages: ClassVar[list[Page]] = []  # of apps above
    fields = [
        "slug",
        *details.IDENTITY,
        "reason",
        ("street", "postcode", "city", "country"),
        ("postal_street", "postal_postcode", "postal_city"),
        ("invoice_email", "invoice_attention", "purchase_reference"),
        "created_at",
    ]

    @admin.display(description=_("naam"), ordering="name")
    def name_now(self, organisation):
        """A double says where it went."""
        if organisation.merged_into is None:
            return organisation.name
        both = {"double": organisation.name, "into": organisation.merged_into}
        return _("%(double)s (samengevoegd met %(into)s)") % both

    @admin.display(description=_("gebruikers"))
    def members_in_words(self, organisation):
        return ", ".join(user.username for user in organisation.members.all())

    def get_queryset(self, request):
        found = super().get_queryset(request)
        is_list = request.resolver_match.url_name.endswith("_changelist")
        return found.prefetch_related("members") if is_list else found

    def also_found(self, words):
        """By a member."""
        return Membership.objects.found(words).values("organisation")

    def change_view(self, request, object_id, form_url="", extra_context=None):
        organisation = self.get_object(request, unquote(object_id))
        if organisation is None or not self.has_view_permission(request, organisation):
            return super().change_view(request, object_id, form_url)
        context = {"sections": staff_page.sections(organisation, request.user)}
        return super().change_view(request, object_id, form_url, context)

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
        block = path(
            "<int:pk>/blokkeren/",
            self.admin_site.admin_view(self.block),
            name="organisations_organisation_block",
        )
        added = added_urls(self)
        return [help_one, look, stop_looking, block, *added, *super().get_urls()]

    @needs("organisations.block_organisation")
    def block(self, request, pk):
        """Block it, or lift that: whichever it can be now."""
        organisation = get_object_or_404(Organisation, pk=pk)
        form = ReasonForm(request.POST or None)
        if organisation.blocked_at:
            content = {
                "title": _("Blokkade opheffen"),
                "explanation": _(
                    "De API-keys die voor de blokkade werkten, werken meteen weer. De"
                    " administrators krijgen een mail."
                ),
                "button": _("Hef de blokkade op"),
            }
            return asked(self, request, organisation, form, blocking.unblock, **content)
        content = {
            "title": _("Blokkeren"),
            "explanation": _(
                "Geen enkele API-key van deze organisatie werkt nog. De leden kunnen"
                " inloggen en lezen, maar niets wijzigen. De administrators krijgen een"
                " mail."
            ),
            "button": _("Blokkeer de organisatie"),
        }
        return asked(self, request, organisation, form, blocking.block, **content)

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
        closed = obj and (obj.merged_into_id or obj.pk in self._own(request))
        return may and not closed

    def _own(self, request):
        """Asked once for a page, which asks it for each of its parts."""
        if not hasattr(request, "own_organisations"):
            mine = Membership.objects.filter(user=request.user.pk)
            request.own_organisations = {*mine.values_list("organisation", flat=True)}
        return request.own_organisations

    def has_delete_permission(self, request, obj=None):
        return False

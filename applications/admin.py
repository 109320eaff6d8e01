"""Where staff work through the applications: they choose acts, they edit nothing."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, StaffAdmin, needs
from mail import paper

from . import example, rendering
from .bank_admin import BankChangeAdmin
from .bank_models import BankChange
from .models import (
    FROM_THE_CUSTOMER,
    Application,
    Contract,
    DocumentKind,
    DocumentTemplate,
    Mandate,
    Status,
    WrongState,
)
from .services.handling import existing_organisation
from .staff import ACTS, REFUSALS
from .summary import answer, parts, question
from .timeline import timeline
from .views.following import as_download


class Queue(admin.SimpleListFilter):
    """The status, with what waits for staff as the answer to no choice at all."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return [
            ("all", _("Alle")),
            *[s for s in Status.choices if s[0] != Status.DRAFT],
        ]

    def choices(self, changelist):
        waiting, *others = super().choices(changelist)
        return [{**waiting, "display": _("Wacht op ons")}, *others]

    def queryset(self, request, queryset):
        if self.value() == "all" or (not self.value() and request.GET.get("q")):
            return queryset  # a search without a choice looks everywhere
        if self.value():
            return queryset.filter(status=self.value())
        return queryset.filter(status__in=[Status.SUBMITTED, Status.CONTRACT_RETURNED])


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    list_display = [
        "shown_reference",
        "organisation",
        "kvk_number",
        "status",
        "age",
        "contact",
    ]
    list_filter = [Queue]
    search_fields = [
        "reference",
        "kvk_number",
        "organisation_name",
        "contact_name",
        "contact_email",
        "answers__account_email",
        "answers__username",
    ]
    search_help_text = _(
        "Zoek op kenmerk, KVK-nummer, naam, e-mailadres of gebruikersnaam."
    )
    list_per_page = 50

    @admin.display(description=_("kenmerk"), ordering="reference")
    def shown_reference(self, application):
        return application.reference

    @admin.display(description=_("organisatie"), ordering="organisation_name")
    def organisation(self, application):
        if application.customer_id is None:
            return application.organisation_name
        name = {"name": application.organisation_name}
        return _("%(name)s (bestaande klant)") % name

    @admin.display(description=_("in deze status"), ordering="status_since")
    def age(self, application):
        age = timesince(application.status_since, depth=1)
        if application.is_open and not application.email_confirmed_at:
            return _("%(age)s, e-mailadres niet bevestigd") % {"age": age}
        return age

    @admin.display(description=_("contactpersoon"))
    def contact(self, application):
        return application.contact_name

    def get_queryset(self, request):
        return super().get_queryset(request).submitted()

    def get_urls(self):
        wrap = self.admin_site.admin_view
        ours = [
            path(
                "<int:pk>/document/<int:document_pk>/",
                wrap(self.document),
                name="applications_application_document",
            ),
            path(
                "<int:pk>/<slug:act>/",
                wrap(self.act),
                name="applications_application_act",
            ),
        ]
        standard = super().get_urls()  # the last one takes any other path
        return [*standard[:-1], *ours, *standard[-1:]]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        application = self.get_object(request, unquote(object_id))
        if application is None:
            raise Http404
        if not self.has_view_permission(request, application):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{application.reference} · {application.organisation_name}",
            "application": application,
            "existing": application.is_open and existing_organisation(application),
            "acts": [act for act in ACTS if act.allowed(request.user, application)],
            "parts": parts(application, checked=True),
            "timeline": timeline(application),
            "documents": application.documents.defer("content").select_related(
                "added_by"
            ),
            "changes": map(_compared, application.change_requests.all()),
            "age": timesince(application.status_since, depth=1),
        }
        return render(request, "admin/applications/application/page.html", context)

    def act(self, request, pk, act):
        """One act on one application: its form, and what it does."""
        application = get_object_or_404(self.get_queryset(request), pk=pk)
        chosen = next((one for one in ACTS if one.slug == act), None)
        if chosen is None:
            raise Http404
        if not request.user.has_perm(f"applications.{chosen.permission}"):
            raise PermissionDenied
        if not chosen.possible(application):
            return self._too_late(request, pk)
        sent = {"data": request.POST, "files": request.FILES}
        form = chosen.form(application, **(sent if request.method == "POST" else {}))
        if request.method == "POST" and form.is_valid():
            try:
                chosen.perform(application, form, request.user)
            except WrongState:
                return self._too_late(request, pk)
            except tuple(REFUSALS) as refusal:
                form.add_error(None, REFUSALS[type(refusal)])
            else:
                messages.success(request, _("Gedaan: %(act)s.") % {"act": chosen.label})
                return redirect("admin:applications_application_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": chosen.label,
            "application": application,
            "act": chosen,
            "form": form,
            "documents": application.documents.defer("content"),
            "signed": application.documents.filter(kind=DocumentKind.SIGNED_CONTRACT),
        }
        return render(request, "admin/applications/application/act.html", context)

    def _too_late(self, request, pk):
        messages.warning(
            request, _("Dat kan niet (meer): kijk hoe de aanvraag er nu voor staat.")
        )
        return redirect("admin:applications_application_change", pk)

    @needs("applications.view_application")
    def document(self, request, pk, document_pk):
        application = get_object_or_404(self.get_queryset(request), pk=pk)
        return as_download(get_object_or_404(application.documents, pk=document_pk))


def _compared(asked):
    """One request for completion, old beside new."""
    rows = [
        (question(name), answer(name, asked.before), answer(name, asked.after or {}))
        for name in asked.fields
    ]
    return {"asked": asked, "rows": rows}


class DocumentTemplateForm(forms.ModelForm):
    """A version is only accepted when it can be made into a document."""

    class Meta:
        model = DocumentTemplate
        fields = ["kind", "title", "version", "valid_from", "language", "source"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "kind" in self.fields:  # not on the page that only shows a version
            self.fields["kind"].choices = [
                kind
                for kind in DocumentKind.choices
                if kind[0] not in FROM_THE_CUSTOMER
            ]

    def clean(self):
        data = super().clean()
        if not self.errors:
            template, on = DocumentTemplate(**data), data["valid_from"]
            try:
                rendering.draw_up(template, example.application(), number="1", on=on)
            except paper.NotRendered as error:
                why = _("Hier is geen document van te maken: %(why)s")
                self.add_error("source", why % {"why": error})
        return data


@admin.register(DocumentTemplate)
class DocumentTemplateAdmin(StaffAdmin):
    """A new version is a new row; what was ever used stays what it was."""

    form = DocumentTemplateForm
    list_display = ["title", "version", "kind", "valid_from", "language"]
    list_filter = ["kind"]

    def has_change_permission(self, request, obj=None):
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    list_display = ["number", "organisation", "starts_on", "ends_on", "cancelled_at"]
    list_filter = ["ends_on"]
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
        "ended_at",
    ]
    search_fields = ["number", "organisation__name", "organisation__kvk_number"]


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ["reference", "made_for", "account_holder", "signed_on"]
    list_select_related = ["application", "bank_change__contract"]
    search_fields = ["reference"]

    @admin.display(description=_("bij"))
    def made_for(self, mandate):
        return mandate.application or mandate.bank_change


admin.site.register(BankChange, BankChangeAdmin)

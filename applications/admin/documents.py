"""The legal texts, and what was agreed by them."""

from django import forms
from django.contrib import admin, messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin import HappenedFilter, ReadOnlyAdmin, StaffAdmin, needs
from mail import paper
from organisations.admin import act_page
from organisations.downloads import as_download

from .. import example, rendering
from ..models import (
    FROM_THE_CUSTOMER,
    DocumentKind,
    DocumentTemplate,
    Mandate,
)
from ..services import templates


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


REFUSALS = {
    templates.AlreadyPublished: _(
        "Dit sjabloon is al gepubliceerd. Maak een nieuwe versie."
    ),
    templates.WrittenByYou: _(
        "Jij schreef deze tekst als laatste. Een ander moet haar publiceren."
    ),
    templates.ChangedMeanwhile: _(
        "De tekst is intussen gewijzigd. Bekijk het voorbeeld opnieuw."
    ),
    templates.InThePast: _(
        "De dag vanaf wanneer dit geldt is voorbij. Kies eerst een andere dag."
    ),
}


class PublishForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput)


@admin.register(DocumentTemplate)
class DocumentTemplateAdmin(StaffAdmin):
    """A draft can be changed; what was published stays what it was."""

    form = DocumentTemplateForm
    list_display = ["title", "version", "kind", "valid_from", "language", "state"]
    list_filter = ["kind", ("published_at", HappenedFilter)]
    list_select_related = ["published_by"]
    readonly_fields = ["written_by", "published_by", "published_at"]

    @admin.display(description=_("stand"))
    def state(self, template):
        return _("gepubliceerd") if template.published_at else _("concept")

    def has_change_permission(self, request, obj=None):
        is_draft = obj is None or obj.published_at is None
        return is_draft and super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_fields(self, request, obj=None):
        shown = self.readonly_fields if obj else []
        return [*DocumentTemplateForm.Meta.fields, *shown]

    def save_model(self, request, obj, form, change):
        templates.write(obj, by=request.user)

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, "applications_documenttemplate_{}"
        return [
            path(
                "<int:pk>/voorbeeld/", wrap(self.example), name=name.format("example")
            ),
            path(
                "<int:pk>/publiceren/", wrap(self.publish), name=name.format("publish")
            ),
            *super().get_urls(),
        ]

    @needs("applications.view_documenttemplate")
    def example(self, request, pk):
        """What comes of it for a customer who does not exist."""
        template = get_object_or_404(DocumentTemplate, pk=pk)
        on = max(template.valid_from, timezone.localdate())
        content = rendering.draw_up(
            template, example.application(), number="VOORBEELD", on=on
        )
        return as_download(content, f"voorbeeld-{template.kind}-{template.version}.pdf")

    @needs("applications.publish_documenttemplate")
    def publish(self, request, pk):
        template = get_object_or_404(DocumentTemplate, pk=pk)
        form = PublishForm(request.POST or None, initial={"seen": template.digest})
        if request.method == "POST" and form.is_valid():
            try:
                templates.publish(
                    template, seen=form.cleaned_data["seen"], by=request.user
                )
            except tuple(REFUSALS) as refusal:
                messages.error(request, REFUSALS[type(refusal)])
            else:
                messages.success(request, _("De tekst is gepubliceerd."))
            return redirect("admin:applications_documenttemplate_change", pk)
        return act_page(
            self,
            request,
            template,
            title=_("Publiceren"),
            explanation=_(
                "Bekijk eerst het voorbeeld. Vanaf de dag waarop de tekst geldt, wordt ze"
                " gebruikt. Daarna kan niemand haar nog wijzigen."
            ),
            button=_("Publiceren"),
            there=reverse("admin:applications_documenttemplate_change", args=[pk]),
            look_first=reverse(
                "admin:applications_documenttemplate_example", args=[pk]
            ),
            form=form,
        )


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ["reference", "made_for", "account_holder", "signed_on"]
    list_select_related = ["application", "bank_change__contract"]
    search_fields = ["reference"]

    @admin.display(description=_("bij"))
    def made_for(self, mandate):
        return mandate.application or mandate.bank_change

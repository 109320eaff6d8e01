"""The legal texts, and what was agreed by them."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, StaffAdmin
from mail import paper

from .. import example, rendering
from ..models import (
    FROM_THE_CUSTOMER,
    DocumentKind,
    DocumentTemplate,
    Mandate,
)


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


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ["reference", "made_for", "account_holder", "signed_on"]
    list_select_related = ["application", "bank_change__contract"]
    search_fields = ["reference"]

    @admin.display(description=_("bij"))
    def made_for(self, mandate):
        return mandate.application or mandate.bank_change

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from audit.admin import StaffAdmin

from .fields import KvkNumberField, RsinField
from .models import Contact, LegalForm, Membership, Organisation
from .services import details


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

    def has_add_permission(self, request):
        return False  # an organisation comes from an approved application

    def has_change_permission(self, request, obj=None):
        """Who works for an organisation does not change what it is."""
        may = super().has_change_permission(request, obj)
        return may and not (obj and obj.members.filter(pk=request.user.pk).exists())

    def has_delete_permission(self, request, obj=None):
        return False

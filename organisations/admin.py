from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin import StaffAdmin

from .models import Membership, Organisation


class MembershipInline(admin.TabularInline):
    model = Membership
    fields = ["user", "role", "since", "last_used_at"]
    readonly_fields = ["user", "role", "since", "last_used_at"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(Organisation)
class OrganisationAdmin(StaffAdmin):
    list_display = ["name", "kvk_number", "city", "members_in_words", "created_at"]
    search_fields = ["name", "kvk_number", "slug", "members__name", "members__email"]
    list_filter = ["legal_form"]
    fields = [
        "slug",
        "kvk_number",
        "name",
        "legal_form",
        "rsin",
        ("street", "postcode", "city", "country"),
        "postal_address",
        ("invoice_email", "invoice_attention", "purchase_reference"),
        "created_at",
    ]
    inlines = [MembershipInline]

    @admin.display(description=_("gebruikers"))
    def members_in_words(self, organisation):
        return ", ".join(user.username for user in organisation.members.all())

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("members")

    def get_readonly_fields(self, request, obj=None):
        return ["slug", "created_at"]

    def has_add_permission(self, request):
        return False  # an organisation comes from an approved application

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return False

"""What happened, for staff to read; nothing here can be changed."""

from django.contrib import admin

from .models import Event


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    list_display = ["at", "kind", "by", "organisation", "subject_type", "subject_id"]
    list_filter = ["kind", "at"]
    list_select_related = ["by", "organisation"]
    search_fields = ["subject_id", "by__username"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

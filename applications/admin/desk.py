"""What staff set up for their own work."""

from django.contrib import admin

from audit.admin import StaffAdmin
from audit.services import record

from ..models import ChecklistItem, ReplyTemplate


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(StaffAdmin):
    """What is not used any more stays, so that nobody loses a colleague's text."""

    list_display = ["name", "use", "in_use"]
    list_filter = ["use", "in_use"]
    search_fields = ["name", "text_nl", "text_en"]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        record("reply.saved", subject=obj, by=request.user, fields=form.changed_data)

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(ChecklistItem)
class ChecklistItemAdmin(StaffAdmin):
    """What is not asked any more stays: somebody ticked it."""

    list_display = ["text", "stage", "position", "in_use"]
    list_filter = ["stage", "in_use"]
    search_fields = ["text", "text_en"]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        names = form.changed_data
        record("checklist.item_saved", subject=obj, by=request.user, fields=names)

    def has_delete_permission(self, request, obj=None):
        return False

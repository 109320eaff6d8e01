"""What staff see of mail: that it went, not what stood in it (it holds private links)."""

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _

from . import services
from .models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["subject_line", "to", "state", "attempts", "created_at", "sent_at"]
    list_filter = ["state", "created_at"]
    search_fields = ["to", "subject_line"]
    search_help_text = _("Zoek op e-mailadres of onderwerp.")
    fields = [
        "to",
        "subject_line",
        "language",
        "state",
        "attempts",
        "last_error",
        "created_at",
        "sent_at",
    ]
    readonly_fields = fields
    actions = ["resend"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_resend_permission(self, request):
        return request.user.has_perm("mail.resend_message")

    @admin.action(description=_("Opnieuw versturen"), permissions=["resend"])
    def resend(self, request, queryset):
        for message in queryset:
            services.resend(message, by=request.user)
        messages.success(request, _("De mail wordt opnieuw verstuurd."))

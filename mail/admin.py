from django.contrib import admin, messages
from django.shortcuts import get_object_or_404, redirect, render
from django.template import TemplateDoesNotExist
from django.urls import path
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, needs

from . import rendering, services
from .models import Message, State


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every mail with how its sending went; staff read, and have it sent once more."""

    list_display = ["to", "subject_line", "status", "kind_of_about", "created_at"]
    list_filter = ["state", "created_at"]
    search_fields = ["to", "subject_line"]
    search_help_text = _("Zoek op e-mailadres of onderwerp.")
    fields = [
        "to",
        "subject_line",
        "language",
        "status",
        "attempts",
        "last_error",
        "shown_about",
        "created_at",
        "not_before",
        "sent_at",
        "copy_of",
        "text",
    ]

    @admin.display(description=_("status"), ordering="state")
    def status(self, message):
        if message.state == State.SENT or not message.attempts:
            return message.get_state_display()
        return _("%(state)s (%(attempts)s pogingen): %(answer)s") % {
            "state": message.get_state_display(),
            "attempts": message.attempts,
            "answer": message.last_error,
        }

    @admin.display(description=_("over"))
    def shown_about(self, message):
        return f"{message.about_type.name} {message.about or message.about_id}"

    @admin.display(description=_("over"))
    def kind_of_about(self, message):
        """Only what the row itself tells: each kind of thing would cost a query."""
        return f"{message.about_type.name} {message.about_id}"

    @admin.display(description=_("tekst"))
    def text(self, message):
        try:
            return rendering.text_without_links(message)
        except TemplateDoesNotExist:
            return _("Dit bericht bestaat niet meer.")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("about_type", "copy_of")

    def get_search_results(self, request, queryset, search_term):
        """A whole address finds the mails to it alone, as far as there are any."""
        if "@" in search_term:
            own = queryset.to_address(search_term.strip())
            if own.exists():
                return own, False
        return super().get_search_results(request, queryset, search_term)

    def get_urls(self):
        resend = path(
            "<uuid:pk>/opnieuw/",
            self.admin_site.admin_view(self.resend),
            name="mail_message_resend",
        )
        return [resend, *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        message = self.get_object(request, object_id)
        may_resend = (
            message is not None
            and message.state != State.QUEUED
            and request.user.has_perm("mail.resend_message")
        )
        return super().change_view(
            request, object_id, form_url, {"may_resend": may_resend}
        )

    @needs("mail.resend_message")
    def resend(self, request, pk):
        """Ask for confirmation, then send it once more."""
        message = get_object_or_404(Message, pk=pk)
        if request.method == "POST":
            try:
                services.resend(message, by=request.user)
            except services.StillQueued:
                messages.warning(request, _("Deze mail is al onderweg."))
            else:
                messages.success(request, _("De mail wordt opnieuw verstuurd."))
            return redirect("admin:mail_message_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Opnieuw versturen"),
            "message": message,
        }
        return render(request, "admin/mail/message/resend.html", context)

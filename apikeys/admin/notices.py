"""What staff tell customers, and who is not ready for it."""

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit.admin import StaffAdmin, needs
from audit.services import record
from organisations.downloads import as_download

from .. import notices
from ..models import Notice

SHOWN = 100
MOMENT = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


@admin.register(Notice)
class NoticeAdmin(StaffAdmin):
    """For whom it is and whether it is mailed is fixed once it is there."""

    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MOMENT}
    }
    list_display = ["title", "kind", "api", "visible_from", "visible_until", "who"]
    list_filter = ["kind", "api"]
    list_select_related = ["api"]
    search_fields = ["title", "text"]
    fields = [
        "kind", ("title", "title_en"), ("text", "text_en"), ("api", "days"),
        ("visible_from", "visible_until"), "mails",
    ]  # fmt: skip

    @admin.display(description=_("wie er niet klaar is"))
    def who(self, notice):
        url = reverse("admin:apikeys_notice_readers", args=[notice.pk])
        return format_html('<a href="{}">{}</a>', url, _("Bekijk"))

    def get_readonly_fields(self, request, obj=None):
        return ["api", "days", "mails", "who"] if obj else []

    def get_fields(self, request, obj=None):
        return [*self.fields, "who"] if obj else self.fields

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        notices.save(obj, by=request.user)

    def get_urls(self):
        own = [
            path(
                "<int:pk>/lezers/",
                self.admin_site.admin_view(self.readers),
                name="apikeys_notice_readers",
            ),
            path(
                "<int:pk>/lezers.csv",
                self.admin_site.admin_view(self.csv),
                name="apikeys_notice_csv",
            ),
        ]
        return [*own, *super().get_urls()]

    @needs("apikeys.view_notice")
    def readers(self, request, pk):
        """Who did not read it, or still calls what ends."""
        notice = get_object_or_404(Notice.objects.select_related("api"), pk=pk)
        pages = Paginator(notices.not_ready(notice), SHOWN)
        shown = pages.get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "notice": notice,
            "title": _("Wie er niet klaar is"),
            "aimed": notice.readers.count(),
            "shown": shown,
            "rows": notices.readiness(notice, shown),
        }
        return render(request, "admin/apikeys/notice/readers.html", context)

    @needs("apikeys.view_notice")
    def csv(self, request, pk):
        """Everybody whom it is for, to go through one by one."""
        notice = get_object_or_404(Notice, pk=pk)
        record("notice.exported", subject=notice, by=request.user)
        return as_download(notices.as_csv(notice), f"mededeling-{notice.pk}.csv")

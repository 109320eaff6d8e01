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
from ..models import Notice, NoticeKind

TEXTS = ["kind", "title", "title_en", "text", "text_en"]
SHOWN = 100
MOMENT = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class Waits(admin.SimpleListFilter):
    """What somebody still has to read, or to stop calling."""

    title = _("klaar")
    parameter_name = "waits"

    def lookups(self, request, model_admin):
        return [("yes", _("niet iedereen is klaar"))]

    def queryset(self, request, queryset):
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=notices.waited_for())


class NoticeForm(forms.ModelForm):
    """One who means everybody says so."""

    everybody = forms.BooleanField(
        label=_("Voor alle organisaties"),
        required=False,
        help_text=_("Zonder API: iedere klant leest het op het dashboard."),
    )

    def clean(self):
        given = super().clean()
        if "api" in self.fields and not (given.get("api") or given["everybody"]):
            words = _("Kies een API, of vink aan dat het voor alle organisaties is.")
            self.add_error("everybody", words)
        if "api" in self.fields and given.get("api") and given["everybody"]:
            words = _("Dit is voor wie de API aanroept, of voor alle organisaties.")
            self.add_error("everybody", words)
        begin, end = given.get("visible_from"), given.get("visible_until")
        if begin and end and end <= begin:
            self.add_error("visible_until", _("Dit moment ligt voor het begin."))
        changed = [name for name in TEXTS if name in self.changed_data]
        if changed and self.instance.pk and self.instance.is_told:
            words = _(
                "Dit is intussen aan organisaties verteld, en staat vast. Laat deze"
                " mededeling eindigen en maak een nieuwe."
            )
            self.add_error(changed[0], words)
        return given


@admin.register(Notice)
class NoticeAdmin(StaffAdmin):
    """For whom it is stays what it was; what it says is fixed once somebody was told."""

    form = NoticeForm

    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MOMENT}
    }
    list_display = ["title", "kind", "api", "visible_from", "visible_until", "who"]
    list_filter = [Waits, "kind", "api"]
    list_select_related = ["api"]
    search_fields = ["title", "text"]
    fields = [
        "kind", ("title", "title_en"), ("text", "text_en"), ("api", "days"), "everybody",
        ("visible_from", "visible_until"), "mails",
    ]  # fmt: skip

    @admin.display(description=_("wie er niet klaar is"))
    def who(self, notice):
        url = reverse("admin:apikeys_notice_readers", args=[notice.pk])
        return format_html('<a href="{}">{}</a>', url, _("Bekijk"))

    def get_readonly_fields(self, request, obj=None):
        if not obj:
            return []
        told = obj.is_told and "text" not in request.POST  # else: it says what to do
        return ["api", "days", "mails", "who", *(TEXTS if told else [])]

    def get_fields(self, request, obj=None):
        fields = [*self.fields, "who"] if obj else self.fields
        return [name for name in fields if not (obj and name == "everybody")]

    def formfield_for_choice_field(self, db_field, request, **options):
        kinds = [(one.value, one.label) for one in notices.kinds_of(request.user)]
        options["choices"] = [("", "---------"), *kinds]
        return super().formfield_for_choice_field(db_field, request, **options)

    def has_change_permission(self, request, obj=None):
        theirs = obj is None or obj.kind in notices.kinds_of(request.user)
        return theirs and super().has_change_permission(request, obj)

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
            "ends": notice.kind == NoticeKind.DEPRECATION,
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

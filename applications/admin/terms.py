"""Rounds over new terms: what is asked, and who agreed, said no, or did not answer."""

from django import forms
from django.contrib import admin, messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from audit.admin import HappenedFilter, ReadOnlyAdmin, StaffAdmin, needs
from audit.services import record
from organisations.admin import act_page
from organisations.downloads import as_download

from .. import terms_csv
from ..models import TermsRequest, TermsRound
from ..services import terms

REFUSALS = {
    terms.AlreadyStarted: _("Deze ronde is al begonnen."),
    terms.PreparedByYou: _(
        "Jij bereidde deze ronde voor. Een ander moet haar beginnen."
    ),
    terms.TooSoon: _("De laatste dag voor een antwoord is te vroeg. Kies een latere."),
}
ANSWERS = {
    "agreed": _("akkoord"),
    "refused": _("geen akkoord"),
    "unanswered": _("geen antwoord"),
}


class TermsRoundForm(forms.ModelForm):
    class Meta:
        model = TermsRound
        fields = ["template", "answer_by", "consequence_nl", "consequence_en"]

    def clean_answer_by(self):
        if self.cleaned_data["answer_by"] <= timezone.localdate():
            raise forms.ValidationError(_("Kies een dag die nog komt."))
        return self.cleaned_data["answer_by"]


@admin.register(TermsRound)
class TermsRoundAdmin(StaffAdmin):
    """A round that is prepared can be changed; one that began stays what it is."""

    form = TermsRoundForm
    list_display = ["template", "answer_by", "started_at", "started_by"]
    list_filter = [("started_at", HappenedFilter)]
    list_select_related = ["template", "started_by"]
    readonly_fields = [
        "answers",
        "prepared_by",
        "started_at",
        "started_by",
        "sha256",
    ]

    def get_fields(self, request, obj=None):
        shown = self.readonly_fields if obj else []
        return [*TermsRoundForm.Meta.fields, *shown]

    def has_change_permission(self, request, obj=None):
        waits = obj is None or obj.started_at is None
        return waits and super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("antwoorden"))
    def answers(self, round):
        page = reverse("admin:applications_termsrequest_changelist")
        if not round.started_at:
            return _("nog niet gevraagd")
        rows = [
            (f"{page}?round={round.pk}&answer={kind}", label, found.count())
            for kind, label in ANSWERS.items()
            for found in [getattr(round.requests, kind)()]
        ]
        return format_html_join(", ", '<a href="{}">{}: {}</a>', rows)

    def save_model(self, request, obj, form, change):
        terms.prepare(obj, by=request.user)

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, "applications_termsround_{}"
        own = [
            path("<int:pk>/beginnen/", wrap(self.start), name=name.format("start")),
            path("<int:pk>/antwoorden.csv", wrap(self.csv), name=name.format("csv")),
        ]
        return [*own, *super().get_urls()]

    @needs("applications.view_termsrequest")
    def csv(self, request, pk):
        """Everybody who was asked, and what they said."""
        round = get_object_or_404(TermsRound, pk=pk)
        record("terms_round.exported", subject=round, by=request.user)
        return as_download(terms_csv.lines(round), f"voorwaarden-{round.pk}.csv")

    @needs("applications.start_termsround")
    def start(self, request, pk):
        round = get_object_or_404(TermsRound, pk=pk)
        if request.method == "POST":
            try:
                terms.start(round, by=request.user)
            except tuple(REFUSALS) as refusal:
                messages.error(request, REFUSALS[type(refusal)])
            else:
                said = _("De ronde is begonnen. De organisaties krijgen een mail.")
                messages.success(request, said)
            return redirect("admin:applications_termsround_change", pk)
        return act_page(
            self,
            request,
            round,
            title=_("Ronde beginnen"),
            explanation=_(
                "Elke organisatie met een lopende overeenkomst krijgt de vraag, behalve wie"
                " deze versie al heeft aanvaard. Daarna kan niemand de ronde nog wijzigen."
                " Er eindigt niets vanzelf."
            ),
            button=_("Ronde beginnen"),
            there=reverse("admin:applications_termsround_change", args=[pk]),
            form=forms.Form(),
        )


class Answered(admin.SimpleListFilter):
    title = _("antwoord")
    parameter_name = "answer"

    def lookups(self, request, model_admin):
        return ANSWERS.items()

    def queryset(self, request, queryset):
        return (
            getattr(queryset, self.value())() if self.value() in ANSWERS else queryset
        )


@admin.register(TermsRequest)
class TermsRequestAdmin(ReadOnlyAdmin):
    """Who was asked, and what they answered."""

    list_display = [
        "organisation",
        "round",
        "said",
        "by",
        "at",
        "asked_at",
        "reminders",
    ]
    list_filter = [Answered, "round"]
    list_select_related = ["organisation", "round__template"]
    search_fields = ["organisation__name", "organisation__slug"]
    list_per_page = 50
    show_full_result_count = False
    fields = ["organisation", "round", "asked_at", "reminders", "history"]

    def get_queryset(self, request):
        answers = "answers__replaced_by", "answers__by"
        return super().get_queryset(request).prefetch_related(*answers)

    @admin.display(description=_("antwoord"))
    def said(self, asked):
        answer = asked.answer()
        if answer is None:
            return ANSWERS["unanswered"]
        return ANSWERS["agreed" if answer.agreed else "refused"]

    @admin.display(description=_("door"))
    def by(self, asked):
        return (answer := asked.answer()) and answer.by.name

    @admin.display(description=_("op"))
    def at(self, asked):
        return (answer := asked.answer()) and answer.at

    @admin.display(description=_("wat er is geantwoord"))
    def history(self, asked):
        rows = [
            (
                ANSWERS["agreed" if one.agreed else "refused"],
                one.by.name,
                date_format(timezone.localtime(one.at), "DATETIME_FORMAT"),
                one.sha256,
            )
            for one in asked.answers.all()
        ]
        said = "<p>{}, {}, {}<br><small>SHA-256 {}</small></p>"
        return format_html_join("", said, rows) or ANSWERS["unanswered"]

"""Where staff decide on changes of bank account."""

from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from audit.admin import StaffAdmin, needs
from organisations.downloads import as_download
from organisations.templatetags.identifiers import iban

from ..forms import SignedFileForm
from ..models import BankChange, BankStatus
from ..refusals import BANK
from ..services import bank
from .returned import compare_page, page_picture, returned


class Decision(forms.ModelForm, SignedFileForm):
    """What staff can do with a change, at the point where it is; they edit nothing."""

    DECISIONS = {
        "agree": _("Akkoord als tweede persoon"),
        "register": _("Ondertekende machtiging ontvangen"),
        "accept": _("Machtiging goedkeuren"),
        "stop": _("Stoppen"),
    }
    POSSIBLE = {
        BankStatus.ASKED: ["stop"],
        BankStatus.CONFIRMED: ["agree", "stop"],
        BankStatus.AGREED: ["register", "stop"],
        BankStatus.RETURNED: ["accept", "register", "stop"],
        BankStatus.ACCEPTED: ["stop"],
    }

    decision = forms.ChoiceField(label=_("Besluit"), widget=forms.RadioSelect)
    explanation = forms.CharField(
        label=_("Toelichting"),
        help_text=_(
            "Bij akkoord: wie je op welk bekend nummer hebt gebeld, en wat die zei. Bij"
            " stoppen: de reden; de organisatie krijgt die te lezen."
        ),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    scan = forms.FileField(
        label=_("Scan van de ondertekende machtiging (pdf)"),
        help_text=_(
            "Bij een ontvangen machtiging. Zonder scan leg je vast dat ze op papier"
            " terugkwam."
        ),
        required=False,
    )

    class Meta:
        model = BankChange
        fields: list[str] = []

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "decision" in self.fields:  # not on a page that only shows
            self.fields["decision"].choices = [
                (name, self.DECISIONS[name])
                for name in self.POSSIBLE.get(self.instance.status, [])
            ]

    def clean_scan(self):
        return self.inspected("scan") if self.cleaned_data["scan"] else None

    def clean(self):
        data = super().clean()
        if data.get("decision") in {"agree", "stop"} and not data.get("explanation"):
            self.add_error(
                "explanation", _("Leg uit waarom, of hoe je het controleerde.")
            )
        return data

    def decide(self, change, by):
        """Do what was chosen."""
        said = self.cleaned_data["explanation"]
        match self.cleaned_data["decision"]:
            case "agree":
                bank.agree_as_staff(change, how_checked=said, by=by)
            case "register":
                bank.register_return(change, content=self.cleaned_data["scan"], by=by)
            case "accept":
                bank.accept(change, by=by)
            case "stop":
                bank.stop(change, reason=said, by=by)


class Open(admin.SimpleListFilter):
    title = _("stand")
    parameter_name = "open"

    def lookups(self, request, model_admin):
        return [("us", _("Wacht op ons")), ("all", _("Alle"))]

    def choices(self, changelist):
        waiting, *others = super().choices(changelist)
        return [{**waiting, "display": _("Loopt")}, *others]

    def queryset(self, request, queryset):
        if self.value() == "us":
            return queryset.awaiting_us()
        return queryset if self.value() or request.GET.get("q") else queryset.open()


@admin.register(BankChange)
class BankChangeAdmin(StaffAdmin):
    form = Decision
    list_display = ["contract", "organisation", "state", "masked", "asked_at"]
    list_filter = [Open]
    list_select_related = ["contract__organisation"]
    search_fields = ["contract__number", "contract__organisation__name"]
    shown = [
        "contract", "organisation", "state", "account", "account_holder", "documents",
        "found",
        "asked_by", "asked_at", "confirmed_at", "agreed_by", "agreed_at", "how_checked",
        "effective_from", "returned_by", "returned_at", "accepted_by", "accepted_at",
        "in_force_at", "stopped_by", "stopped_at", "stop_reason",
    ]  # fmt: skip
    readonly_fields = shown

    class Media:
        css: ClassVar = {"all": ["staff.css"]}

    def get_fields(self, request, obj=None):
        if obj and obj.is_open and self.has_change_permission(request, obj):
            possible = Decision.POSSIBLE.get(obj.status, [])
            asked = ["decision", "explanation", *["scan"] * ("register" in possible)]
            return [*self.shown, *asked]
        return self.shown

    @admin.display(description=_("organisatie"))
    def organisation(self, change):
        return change.contract.organisation

    @admin.display(description=_("stand"))
    def state(self, change):
        return change.status.label

    @admin.display(description="IBAN")
    def account(self, change):
        return iban(change.iban)

    @admin.display(description=_("documenten"))
    def documents(self, change):
        rows = [
            (
                reverse(
                    "admin:applications_bankchange_document",
                    args=[change.pk, document.pk],
                ),
                f"{document.get_kind_display()} {document.created_at:%d-%m-%Y}",
            )
            for document in change.documents.defer("content")
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', rows) or "–"

    @admin.display(description=_("wat terugkwam"))
    def found(self, change):
        """What the computer read of the signed mandate, beside what we sent."""
        files = returned(change)
        page = "admin/applications/application/returned.html"
        return render_to_string(page, {"returned": files}) if files else "–"

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, "applications_bankchange"
        document = "<int:pk>/document/<int:document_pk>/"
        ours = [
            path(document, wrap(self.document), name=f"{name}_document"),
            path(f"{document}vergelijken/", wrap(self.compare), name=f"{name}_compare"),
            path(
                f"{document}pagina/<int:number>/",
                wrap(self.picture),
                name=f"{name}_picture",
            ),
        ]
        return [*ours, *super().get_urls()]

    @needs("applications.view_bankchange")
    def document(self, request, pk, document_pk):
        change = get_object_or_404(BankChange, pk=pk)
        found = get_object_or_404(change.documents, pk=document_pk)
        return as_download(found.content, found.name)

    @needs("applications.view_bankchange")
    def compare(self, request, pk, document_pk):
        change = get_object_or_404(self.get_queryset(request), pk=pk)
        name = change.contract.organisation.name
        return compare_page(self, request, change, document_pk, organisation=name)

    @needs("applications.view_bankchange")
    def picture(self, request, pk, document_pk, number):
        change = get_object_or_404(BankChange, pk=pk)
        return page_picture(get_object_or_404(change.documents, pk=document_pk), number)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {
            "title": self.opts.verbose_name,  # nothing of it is changed here
            "show_save_and_continue": False,  # one stays on the page anyhow
        }
        return super().change_view(request, object_id, form_url, context)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.is_open)

    def save_model(self, request, obj, form, change):
        try:
            form.decide(obj, request.user)
        except tuple(BANK) as refusal:
            messages.error(request, BANK[type(refusal)])
        else:
            act = form.DECISIONS[form.cleaned_data["decision"]]
            state = BankChange.objects.get(pk=obj.pk).status.label
            said = _("Gedaan: %(act)s. Nu: %(state)s.")
            messages.success(request, said % {"act": act, "state": state})

    def response_change(self, request, obj):
        return HttpResponseRedirect(request.path)

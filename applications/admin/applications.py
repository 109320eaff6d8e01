"""Where staff work through the applications: they choose acts, they edit nothing."""

from contextlib import suppress

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.admin import ReadOnlyAdmin, needs
from mail.services import TooMuchMail
from organisations.downloads import as_download

from ..models import (
    OPEN,
    Application,
    WrongState,
)
from ..services import colleagues, on_behalf
from ..services.checklists import checklist
from ..staff.acts import ACTS, REFUSALS
from ..staff.checks import checks
from ..staff.compared import beside_customer, duplicates
from ..staff.desk import DESK
from ..staff.forms import BeginForm
from ..staff.steps import STEPS
from ..staff.turns import is_for_another, next_for
from ..summary import answer, parts, question
from ..timeline import timeline
from .filters import Assignee, Customer, Payment, Queue, Since
from .returned import compare_page, page_picture, returned


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    list_display = [
        "shown_reference",
        "organisation",
        "kvk_number",
        "status",
        "age",
        "assignee",
        "contact",
    ]
    list_filter = [Queue, Assignee, Customer, Payment, Since]
    list_select_related = ["assignee"]
    search_fields = ["searched"]
    search_help_text = _(
        "Zoek op kenmerk, KVK-nummer, naam, e-mailadres of gebruikersnaam."
    )
    actions = ["take"]

    @admin.action(description=_("Oppakken"), permissions=["assign"])
    def take(self, request, chosen):
        """Those that are nobody's; the others stay whose they are."""
        taken = 0
        for application in chosen.filter(status__in=OPEN):
            with suppress(colleagues.TakenByAnother, WrongState):
                colleagues.take(application, by=request.user)
                taken += 1
        said = ngettext(
            "Je behandelt nu %(count)s aanvraag.",
            "Je behandelt nu %(count)s aanvragen.",
            taken,
        )
        self.message_user(request, said % {"count": taken})
        if left := len(chosen) - taken:
            said = ngettext(
                "%(count)s aanvraag is van een collega of is afgerond.",
                "%(count)s aanvragen zijn van een collega of zijn afgerond.",
                left,
            )
            self.message_user(request, said % {"count": left}, messages.WARNING)

    def has_assign_permission(self, request):
        return request.user.has_perm("applications.assign")

    @admin.display(description=_("kenmerk"), ordering="reference")
    def shown_reference(self, application):
        return application.reference

    @admin.display(description=_("organisatie"), ordering="organisation_name")
    def organisation(self, application):
        if application.customer_id is None:
            return application.organisation_name
        name = {"name": application.organisation_name}
        return _("%(name)s (bestaande klant)") % name

    @admin.display(description=_("in deze status"), ordering="status_since")
    def age(self, application):
        age = timesince(application.status_since, depth=1)
        if application.is_overdue:
            age = _("%(age)s, te laat") % {"age": age}
        if application.is_open and not application.email_confirmed_at:
            return _("%(age)s, e-mailadres niet bevestigd") % {"age": age}
        return age

    @admin.display(description=_("contactpersoon"))
    def contact(self, application):
        return application.contact_name

    def get_queryset(self, request):
        return super().get_queryset(request).submitted()

    def get_urls(self):
        wrap = self.admin_site.admin_view
        ours = [
            path(
                "beginnen/",
                wrap(self.begin),
                name="applications_application_begin",
            ),
            path(
                "<int:pk>/document/<int:document_pk>/",
                wrap(self.document),
                name="applications_application_document",
            ),
            path(
                "<int:pk>/document/<int:document_pk>/vergelijken/",
                wrap(self.compare),
                name="applications_application_compare",
            ),
            path(
                "<int:pk>/document/<int:document_pk>/pagina/<int:number>/",
                wrap(self.picture),
                name="applications_application_picture",
            ),
            path(
                "<int:pk>/<slug:act>/",
                wrap(self.act),
                name="applications_application_act",
            ),
        ]
        standard = super().get_urls()  # the last one takes any other path
        return [*standard[:-1], *ours, *standard[-1:]]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        application = self.get_object(request, unquote(object_id))
        if application is None:
            raise Http404
        if not self.has_view_permission(request, application):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{application.reference} · {application.organisation_name}",
            "application": application,
            "preserved_filters": self.get_preserved_filters(request),
            "next": next_for(request.user, application),
            "acts": [act for act in STEPS if act.allowed(request.user, application)],
            "for_another": is_for_another(application, request.user),
            "desk": [act for act in DESK if act.allowed(request.user, application)],
            "notes": application.notes.select_related("by").prefetch_related(
                "mentions__person"
            ),
            "checklist": checklist(application),
            "checks": checks(application) if application.is_open else [],
            "beside": beside_customer(
                application,
                with_account=request.user.has_perm("applications.view_mandate"),
            ),
            "duplicates": duplicates(application),
            "parts": parts(application, checked=True),
            "timeline": timeline(application),
            "documents": application.documents.defer("content").select_related(
                "added_by"
            ),
            "returned": returned(application),
            "changes": map(_compared, application.change_requests.all()),
            "corrections": [
                (question(one.field), one)
                for one in application.corrections.select_related("by")
            ],
            "age": timesince(application.status_since, depth=1),
        }
        return render(request, "admin/applications/application/page.html", context)

    def act(self, request, pk, act):
        """One act on one application: its form, and what it does."""
        application = get_object_or_404(self.get_queryset(request), pk=pk)
        chosen = next((one for one in ACTS if one.slug == act), None)
        if chosen is None:
            raise Http404
        if not request.user.has_perm(f"applications.{chosen.permission}"):
            raise PermissionDenied
        if not chosen.possible(application):
            return self._too_late(request, pk)
        form = self._form(request, chosen.form, application)
        if form.is_valid():
            try:
                chosen.perform(application, form, request.user)
            except WrongState:
                return self._too_late(request, pk)
            except tuple(REFUSALS) as refusal:
                form.add_error(None, REFUSALS[type(refusal)])
            else:
                messages.success(request, _("Gedaan: %(act)s.") % {"act": chosen.label})
                return redirect(self._after(request, application, chosen))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": chosen.label,
            "application": application,
            "preserved_filters": self.get_preserved_filters(request),
            "act": chosen,
            "first": _first(chosen, application, request.user),
            "form": form,
            "documents": application.documents.defer("content"),
            "returned": returned(application),
        }
        return render(request, "admin/applications/application/act.html", context)

    @needs("applications.begin_for_caller")
    def begin(self, request):
        """An application for somebody who called, who completes it by mail."""
        form = BeginForm(data=request.POST or None)
        if request.method == "POST" and form.is_valid():
            told = {k: v for k, v in form.cleaned_data.items() if k != "anyway"}
            try:
                on_behalf.begin(by=request.user, **told)
            except TooMuchMail:
                said = _("Naar dit adres zijn dit uur al genoeg mails gegaan.")
                form.add_error("email", said)
            else:
                said = _("De link om de aanvraag af te maken is gemaild naar %s.")
                messages.success(request, said % told["email"])
                return redirect("admin:applications_application_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Aanvraag beginnen voor wie belt"),
            "form": form,
        }
        return render(request, "admin/applications/application/begin.html", context)

    def _form(self, request, form, application):
        """As it was sent; with a text taken into it, it is not sent yet."""
        if request.method != "POST":
            return form(application, initial=request.GET.dict())
        if "insert" in request.POST and hasattr(form, "with_reply"):
            return form.with_reply(application, request.POST)
        return form(application, data=request.POST, files=request.FILES)

    def _after(self, request, application, done):
        """Where one goes on: with what this act made possible, else at its page."""
        then = next((act for act in STEPS if act.slug == done.then), None)
        if (
            then
            and then.allowed(request.user, application)
            and not _first(then, application, request.user)
        ):
            return self._address(request, "act", application.pk, then.slug)
        return self._address(request, "change", application.pk)

    def _address(self, request, name, *args):
        """A page from which one comes back to the list as it was filtered."""
        filters = {
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
        }
        url = reverse(f"admin:applications_application_{name}", args=args)
        return add_preserved_filters(filters, url)

    def _too_late(self, request, pk):
        messages.warning(
            request, _("Dat kan niet (meer): kijk hoe de aanvraag er nu voor staat.")
        )
        return redirect(self._address(request, "change", pk))

    @needs("applications.view_application")
    def document(self, request, pk, document_pk):
        application = get_object_or_404(self.get_queryset(request), pk=pk)
        found = get_object_or_404(application.documents, pk=document_pk)
        return as_download(found.content, found.name)

    @needs("applications.view_application")
    def compare(self, request, pk, document_pk):
        application = get_object_or_404(self.get_queryset(request), pk=pk)
        name = application.organisation_name
        return compare_page(self, request, application, document_pk, organisation=name)

    @needs("applications.view_application")
    def picture(self, request, pk, document_pk, number):
        application = get_object_or_404(self.get_queryset(request), pk=pk)
        document = get_object_or_404(application.documents, pk=document_pk)
        return page_picture(document, number)


def _first(step, application, user):
    """The act that has to come before this step, while its checklist is not done."""
    before = [act for act in DESK if act.then == step.slug]
    done = all(line.tick for line in checklist(application))
    allowed = [act for act in before if act.allowed(user, application)]
    return None if done or not allowed else allowed[0]


def _compared(asked):
    """One request for completion, old beside new."""
    rows = [
        (question(name), answer(name, asked.before), answer(name, asked.after or {}))
        for name in asked.fields
    ]
    return {"asked": asked, "rows": rows}

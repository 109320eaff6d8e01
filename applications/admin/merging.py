"""Where staff merge a double organisation: one proposes, another approves."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.admin import needs
from organisations.admin import InterventionAdmin, OrganisationAdmin, Page
from organisations.models import Intervention, Organisation
from organisations.services import intervening
from organisations.staff import REFUSALS, ProposeForm

from ..services import merging

CHOOSE = {
    "required": _("Kies een organisatie."),
    "invalid_choice": _("Kies een organisatie die er nog is."),
}
INTO = Intervention._meta.get_field("into")


def _with_code(organisation):
    """Doubles have the same name, often."""
    return f"{organisation} ({organisation.slug}, {organisation.city})"


class Found(AutocompleteJsonView):
    """The organisations with these words, each with its code."""

    def post(self, request, *args, **options):
        return self.get(request, *args, **options)

    def process_request(self, request):
        pages = self.admin_site.get_model_admin(Organisation)
        return request.GET.get("term", ""), pages, INTO, "id"

    def serialize_result(self, obj, to_field_name):
        return {"id": str(obj.pk), "text": _with_code(obj)}


class FindSelect(AutocompleteSelect):
    """Searched while one types; with a name, for who does not see it."""

    def get_url(self):
        return reverse("admin:organisations_organisation_find")

    @property
    def media(self):
        return super().media + forms.Media(js=["staff-select.js"])


class StaysField(forms.ModelChoiceField):
    def label_from_instance(self, obj):
        return _with_code(obj)


class ChooseForm(forms.Form):
    """Which one of the two stays: searched for, or by its code without JavaScript."""

    use_required_attribute = False
    asked = forms.CharField(widget=forms.HiddenInput, initial="1", required=False)
    code = forms.CharField(required=False)  # the page asks for it without JavaScript

    into = StaysField(
        Organisation.objects.filter(merged_into=None),
        label=_("Welke organisatie blijft?"),
        help_text=_("Zoek op naam, KVK-nummer of code."),
        widget=FindSelect(INTO, admin.site),
        required=False,
        error_messages=CHOOSE,
    )

    def clean(self):
        data = super().clean()
        if not (self.errors or data["into"]):
            chosen = self.fields["into"].queryset
            data["into"] = chosen.filter(slug__iexact=data["code"].strip()).first()
            if data["into"] is None:
                wrong = "invalid_choice" if data["code"] else "required"
                self.add_error("into", CHOOSE[wrong])
        return data


@needs("organisations.merge_organisation")
def find(pages, request):
    return Found.as_view(admin_site=pages.admin_site)(request)


@needs("organisations.merge_organisation")
def propose(pages, request, pk):
    """Choose which one stays, look at what would happen, and say why."""
    double = get_object_or_404(Organisation, pk=pk)
    choose = ChooseForm(request.GET or None)
    if not choose.is_valid():
        return _page(pages, request, double, choose=choose)
    into = choose.cleaned_data["into"]
    form = ProposeForm(double, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        if proposed := _tried(
            form, lambda: merging.propose(double, into, **answers, by=request.user)
        ):
            messages.success(
                request, _("Voorgesteld. Beide organisaties zijn gemaild.")
            )
            return redirect("admin:organisations_intervention_change", proposed.pk)
    return _page(pages, request, double, plan=merging.plan(double, into), form=form)


def _tried(form, act):
    """What it gave, or nothing: the form says why, or the page what prevents it."""
    try:
        return act()
    except merging.CannotMerge:
        return None
    except tuple(REFUSALS) as refusal:
        form.add_error(None, REFUSALS[type(refusal)])
        return None


@needs("organisations.merge_organisation")
def approve(pages, request, pk):
    """Look at what would happen now, and do it, or have it not be done."""
    known = Intervention.objects.select_related("organisation", "into")
    proposed = get_object_or_404(known, pk=pk)
    there = reverse("admin:organisations_intervention_change", args=[pk])
    if proposed.kind != Intervention.Kind.MERGE or proposed.outcome:
        return redirect(there)
    if request.method == "POST":
        return _decided(request, proposed, there)
    double, into = proposed.organisation, proposed.into
    plan = merging.plan(double, into, meant=proposed)
    mine = proposed.proposed_by_id == request.user.pk
    return _page(
        pages, request, double, plan=plan, proposed=proposed, there=there, mine=mine
    )


def _decided(request, proposed, there):
    act = intervening.stop if "stop" in request.POST else merging.approve
    try:
        act(proposed, by=request.user)
    except merging.CannotMerge as refusal:
        messages.error(request, str(refusal))
    except tuple(REFUSALS) as refusal:
        messages.error(request, REFUSALS[type(refusal)])
    else:
        messages.success(request, _("Gedaan: %(act)s.") % {"act": proposed})
    return redirect(there)


def _page(pages, request, double, *, there=None, **content):
    page = reverse("admin:organisations_organisation_change", args=[double.pk])
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "title": _("Samenvoegen"),
        "about": double,
        "there": there or page,
        **content,
    }
    return render(request, "admin/applications/merge.html", context)


OrganisationAdmin.added_pages += [
    Page("zoeken/", "organisations_organisation_find", find),
    Page("<int:pk>/samenvoegen/", "organisations_organisation_merge", propose),
]
InterventionAdmin.added_pages += [
    Page("<int:pk>/samenvoegen/", "organisations_intervention_merge", approve),
]

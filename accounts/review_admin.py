"""The quarterly look at who of the staff may what."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, needs

from . import reviewing
from .models import RightsReview, User

REFUSALS = {
    reviewing.ChangedMeanwhile: _("Er is iets veranderd. Kijk nog een keer."),
    reviewing.AlreadySigned: _("Je hebt voor dit kwartaal al getekend."),
    reviewing.OwnRights: _("Je eigen rechten neemt een ander af."),
}


class SignForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput)
    remark = forms.CharField(
        label=_("Opmerking (niet verplicht)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class TakeAwayForm(forms.Form):
    person = forms.ModelChoiceField(User.objects.filter(is_staff=True))
    group = forms.ModelChoiceField(Group.objects.all(), to_field_name="name")


@admin.register(RightsReview)
class RightsReviewAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "signed_by", "signed_at", "remark"]
    list_select_related = ["signed_by"]
    fields = ["quarter", ("signed_by", "signed_at"), "remark", "shown"]

    @admin.display(description=_("wat er stond"))
    def shown(self, review):
        lines = [
            {**one, "last_login": parse_date(one["last_login"] or "")}
            for one in review.seen
        ]
        return render_to_string("admin/accounts/lines.html", {"lines": lines})

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("nu/", wrap(self.of_now), name="accounts_rightsreview_now"),
            path(
                "nu/afnemen/",
                wrap(self.take_away),
                name="accounts_rightsreview_take_away",
            ),
            *super().get_urls(),
        ]

    @needs("accounts.review_rights")
    def of_now(self, request):
        """Look at the rights of today, and sign for them."""
        lines = reviewing.lines()
        form = SignForm(request.POST or None, initial={"seen": reviewing.digest(lines)})
        if request.method == "POST" and form.is_valid():
            try:
                reviewing.sign(**form.cleaned_data, by=request.user)
            except tuple(REFUSALS) as refusal:
                messages.warning(request, REFUSALS[type(refusal)])
            else:
                messages.success(request, _("Getekend."))
            return redirect("admin:accounts_rightsreview_now")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Wie mag wat?"),
            "lines": lines,
            "form": form,
            "signed": reviewing.signed_this_quarter(),
        }
        return render(request, "admin/accounts/rightsreview/now.html", context)

    @needs("accounts.review_rights")
    def take_away(self, request):
        """Take one person out of one group."""
        form = TakeAwayForm(request.POST or None)
        if not form.is_valid():
            return redirect("admin:accounts_rightsreview_now")
        person, group = form.cleaned_data["person"], form.cleaned_data["group"]
        try:
            reviewing.take_away(person, group, by=request.user)
        except reviewing.OwnRights as refusal:
            messages.warning(request, REFUSALS[type(refusal)])
        else:
            text = _("%(name)s hoort niet meer bij %(group)s.")
            messages.success(request, text % {"name": person, "group": group})
        return redirect("admin:accounts_rightsreview_now")

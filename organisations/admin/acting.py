"""How an act of staff on an organisation is asked."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from ..staff import REFUSALS


def act_page(pages, request, organisation, **content):
    """One act of staff on an organisation: what it is, and the form that asks for it."""
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "about": organisation,
        **content,
    }
    return render(request, "admin/organisations/act.html", context)


def asked(pages, request, organisation, form, perform, **content):
    """Show the form; once it is filled in well, do it, or say why not."""
    if request.method == "POST" and form.is_valid():
        try:
            perform(organisation, **form.cleaned_data, by=request.user)
        except tuple(REFUSALS) as refusal:
            form.add_error(None, REFUSALS[type(refusal)])
        else:
            messages.success(request, _("Gedaan: %(act)s.") % {"act": content["title"]})
            return redirect("admin:organisations_organisation_change", organisation.pk)
    return act_page(pages, request, organisation, form=form, **content)

"""How an act of staff on an organisation, or something that it has, is asked."""

from collections.abc import Callable
from typing import NamedTuple

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from ..staff import REFUSALS


class Page(NamedTuple):
    """A page that an app above adds to an admin of ours; the view gets that admin first."""

    route: str
    name: str
    view: Callable


def added_urls(pages):
    """Those of an admin's `added_pages`."""
    return [
        path(
            one.route,
            pages.admin_site.admin_view(one.view.__get__(pages)),
            name=one.name,
        )
        for one in pages.added_pages
    ]


def act_page(
    pages, request, about, *, there=None, template="admin/act.html", **content
):
    """One act of staff: what it is about and what it does, and the form that asks for it."""
    page = "admin:organisations_organisation_change"
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "about": about,
        "there": there or reverse(page, args=[about.pk]),
        **content,
    }
    return render(request, template, context)


def asked(
    pages, request, about, form, perform,
    *, refusals=REFUSALS, beside=None, there=None, **content,
):  # fmt: skip
    """Show the form; once it is filled in well, do it, or say why not: beside the field
    that a refusal is about, if `beside` names one.
    """
    if request.method == "POST" and form.is_valid():
        try:
            perform(about, **form.cleaned_data, by=request.user)
        except tuple(refusals) as refusal:
            field = (beside or {}).get(type(refusal))
            form.add_error(field, refusals[type(refusal)])
        else:
            messages.success(request, _("Gedaan: %(act)s.") % {"act": content["title"]})
            page = "admin:organisations_organisation_change"
            return redirect(there or reverse(page, args=[about.pk]))
    return act_page(pages, request, about, form=form, there=there, **content)

"""The organisation's own data, part by part: read, and changed at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import resolve
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from ..access import requires
from ..details import AddressForm, ContactPersonForm, InvoicesForm
from ..editing import EditingForm, Meanwhile
from ..models import ContactKind, Organisation
from ..roles import Permission
from ..services import details as services


@dataclass(frozen=True)
class Part:
    """One part of the page, and what changing it takes."""

    slug: str
    title: str | Promise
    form: type[EditingForm]
    stored: Callable[[Organisation], dict[str, Any]]
    change: Callable[..., None]


def _contact(slug: str, kind: ContactKind) -> Part:
    return Part(
        slug,
        kind.label,
        ContactPersonForm,
        partial(services.contact, kind=kind),
        partial(services.change_contact, kind=kind),
    )


CONTRACT_CONTACT = "contact-overeenkomst"
PARTS = [
    Part(
        "adres",
        gettext_lazy("Adres"),
        AddressForm,
        services.address,
        services.change_address,
    ),
    _contact(CONTRACT_CONTACT, ContactKind.CONTRACT),
    _contact("contact-techniek", ContactKind.TECHNICAL),
    Part(
        "facturen",
        gettext_lazy("Facturen"),
        InvoicesForm,
        services.invoices,
        services.change_invoices,
    ),
]


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
@vary_on_headers("HX-Request")
def shown(request, membership):
    return _page(request, membership)


def _is_told_of_fraud(request):
    part = resolve(request.path_info).kwargs["part"]  # also of what waited
    return part == CONTRACT_CONTACT


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required(allow_get=True, enabled=_is_told_of_fraud)
@vary_on_headers("HX-Request")
def change(request, membership, part):
    chosen = next((one for one in PARTS if one.slug == part), None)
    if chosen is None:
        raise Http404
    organisation = membership.organisation
    form = chosen.form(
        request.POST or None, stored=chosen.stored(organisation), about=organisation
    )
    if request.method == "POST" and form.is_valid():
        try:
            values, seen = form.values(), form.seen()
            chosen.change(organisation, values, seen=seen, by=request.user)
        except Meanwhile as meanwhile:
            form.show(meanwhile)
        else:
            return _saved(request, membership, chosen)
    return _page(request, membership, chosen, form)


def _saved(request, membership, part):
    text = _("Opgeslagen: %(part)s.") % {"part": part.title}
    if request.htmx:
        return _page(request, membership, saved=text)
    messages.success(request, text)
    return redirect("organisations:details", slug=membership.organisation.slug)


def _page(request, membership, chosen=None, form=None, saved=""):
    """All parts, with the form of the chosen one; without htmx that is a page by itself."""
    organisation = membership.organisation
    alone = chosen and not request.htmx
    context = {
        "membership": membership,
        "parts": [(p, p.stored(organisation)) for p in ([chosen] if alone else PARTS)],
        "chosen": chosen,
        "form": form,
        "saved": saved,
    }
    fragment = "#organisation-parts" if request.htmx else ""
    return render(request, f"organisations/details.html{fragment}", context)

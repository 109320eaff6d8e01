"""Mijn API keys: the list, one key, and its name."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, prefetch_related_objects
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from organisations import activity
from organisations.access import requires
from organisations.fragments import fragment
from organisations.roles import Permission

from .. import examples, overview, services
from ..forms import ExtendForm, FindKeysForm, NameForm
from ..models import ApiKey
from .of_key import of_key, to_key

A_PAGE, PAGE = 50, "bladzijde"
SEARCHED_FROM = 5  # more than these, and there is something to search
HOURS = 100  # of refused calls, the newest
ACTS = 10


@dataclass(frozen=True)
class Column:
    """A heading that sorts: where it leads, and how the list is sorted now."""

    label: str
    query: str  # empty: sorts nothing
    sorted: str  # ascending, descending, or nothing: as aria-sort has it


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def api_keys(request, membership):
    organisation = membership.organisation
    keys = organisation.api_keys.working_ones().with_last_use()
    keys = keys.select_related("spending_stop")
    calls = overview.calls_this_month(organisation)
    form = FindKeysForm(request.GET)
    chosen = form.choose(keys, calls)
    page = Paginator(chosen, A_PAGE).get_page(request.GET.get(PAGE))
    rows = _rows(organisation, page.object_list, calls)
    total = keys.count()
    context = {
        "membership": membership,
        "form": form,
        "total": total,
        "searchable": total > SEARCHED_FROM,
        "columns": _columns(request, form),
        "unused": keys.unused().count(),
        "page": page,
        "query": _query(request, PAGE),
        "rows": rows,
        "canaries": _canaries(membership),
        "requests": organisation.key_requests.waiting().select_related("product"),
    }
    return render(request, "apikeys/list.html", context)


@require_safe
@vary_on_headers("HX-Request")
@requires(Permission.ORGANISATION_VIEW)
@of_key
def detail(request, membership, key):
    context = _detail(membership, key)
    if request.htmx:
        return fragment(request, "apikeys/detail.html#key-name", context=context)
    return render(request, "apikeys/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.KEYS_REVEAL)
@of_key
def rename(request, membership, key):
    form = NameForm(request.POST or None, initial={"name": key.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename(key, form.cleaned_data["name"], by=request.user)
        except services.NameTaken:
            text = _(
                "Een andere key van je organisatie heet al zo. Kies een andere naam."
            )
            form.add_error("name", text)
        else:
            messages.success(
                request, _("De key heet nu %(name)s.") % {"name": key.name}
            )
            if not request.htmx:
                return to_key(key)
            form = None
    if request.htmx:
        context = {"membership": membership, "key": key, "form": form}
        context |= {"renamed": form is None}
        return fragment(request, "apikeys/detail.html#key-name", context=context)
    context = {"membership": membership, "key": key, "form": form}
    return render(request, "apikeys/rename.html", context)


def _rows(organisation, keys, calls):
    """Each key with its calls and line; what they need is fetched once for all."""
    prefetch_related_objects(
        keys, "secrets", "subscriptions__product__apis", "only_apis"
    )
    lines = overview.lines(organisation, keys)
    return [(key, calls.get(key.pk, 0), lines[key.pk]) for key in keys]


def _canaries(membership):
    if "keys_manage" not in membership.permissions:
        return []
    canaries = membership.organisation.api_keys.canaries().with_details()
    return canaries.order_by(F("retired_at").asc(nulls_first=True), "name")


def _detail(membership, key):
    organisation = membership.organisation
    acts = activity.of_row(organisation, about=ApiKey, pk=key.pk)
    renamed = acts.filter(kind="key.renamed")
    return {
        "membership": membership,
        "key": key,
        "calls": overview.calls_this_month(organisation).get(key.pk, 0),
        "line": overview.lines(organisation, [key])[key.pk],
        "last_use": overview.last_use(key),
        "old_secrets": overview.old_secrets(key),
        "extend_form": ExtendForm(initial={"overlap": "7"}),
        "refused": overview.refused(key),
        "refused_hours": overview.refused_hours(key)[:HOURS],
        "names": [event.data["old"] for event in renamed],
        "acts": activity.in_words(organisation, acts[:ACTS]),
        "examples": examples.of(key),
    }


def _query(request, *leave_out, **more):
    """What was asked, as an address to go on from."""
    query = request.GET.copy()
    for name in leave_out:
        query.pop(name, None)
    for name, value in more.items():
        query[name] = value
    return query.urlencode()


def _columns(request, form):
    labels = [
        ("name", _("Naam")),
        (None, _("Status")),
        ("created", _("Gemaakt")),
        ("last_used", _("Laatst gebruikt")),
        ("calls", _("Deze maand")),
    ]
    for name, label in labels:
        current = form.order.lstrip("-") == name
        turned = form.order.startswith("-")
        sort = f"-{name}" if current and not turned else name
        query = _query(request, PAGE, sort=sort) if name else ""
        way = ("descending" if turned else "ascending") if current else ""
        yield Column(label, query, way)

"""Mijn Organisatie: who belongs here, and who was asked to."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..access import requires
from ..forms import FindUsersForm
from ..roles import Permission

A_PAGE = 50
PAGE, INVITATION_PAGE = "bladzijde", "uitnodigingen"
SEARCHED_FROM = 10  # more than these, and there is something to search


@dataclass(frozen=True)
class Column:
    """A heading that sorts: where it leads, and how the list is sorted now."""

    label: str
    query: str
    sorted: str  # ascending, descending, or nothing: as aria-sort has it


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def users(request, membership):
    organisation = membership.organisation
    members = organisation.memberships.select_related("user").with_second_factor()
    waiting = organisation.invitations.waiting().select_related("invited_by")
    form = FindUsersForm(request.GET)
    total, total_waiting = members.count(), waiting.count()
    context = {
        "membership": membership,
        "form": form,
        "searchable": max(total, total_waiting) > SEARCHED_FROM,
        "columns": _columns(request, form),
        "total": total,
        "users": _page(form.choose(members), request.GET.get(PAGE)),
        "users_query": _query(request, PAGE),
        "total_waiting": total_waiting,
        "invitations": _page(
            form.choose_invitations(waiting), request.GET.get(INVITATION_PAGE)
        ),
        "invitations_query": _query(request, INVITATION_PAGE),
    }
    return render(request, "organisations/users.html", context)


def _page(rows, number):
    return Paginator(rows, A_PAGE).get_page(number)


def _query(request, *leave_out, **more):
    """What was asked, as an address to go on from."""
    query = request.GET.copy()
    for name in leave_out:
        query.pop(name, None)
    for name, value in more.items():
        query[name] = value
    return query.urlencode()


def _columns(request, form):
    labels = {
        "name": _("Naam"),
        "role": _("Rol"),
        "since": _("Sinds"),
        "last_login": _("Laatst ingelogd"),
        "second_factor": _("Tweede stap"),
    }
    for name, label in labels.items():
        current = form.order.lstrip("-") == name
        turned = form.order.startswith("-")
        sort = f"-{name}" if current and not turned else name
        yield Column(
            label,
            _query(request, PAGE, sort=sort),
            ("descending" if turned else "ascending") if current else "",
        )

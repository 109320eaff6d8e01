"""The colleague that a page of Mijn Organisatie is about, and the row that shows them."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import activity
from ..fragments import fragment
from ..models import Membership

ROW = "organisations/users.html#user-row"
COUNT = "organisations/users.html#user-count"


def of_colleague(view):
    """Give the view the colleague; where a member was removed meanwhile, say by whom."""

    @wraps(view)
    def found(request, membership, member_id):
        members = membership.organisation.memberships.select_related("user")
        try:
            colleague = members.with_second_factor().get(pk=member_id)
            return view(request, membership, colleague)
        except Membership.DoesNotExist:  # also when it happened under our hands
            return _removed(request, membership, member_id)

    return found


def row(request, membership, colleague, /, **state):
    """One row of the list, as it is now; the count beside the heading goes with it."""
    context = {
        "membership": membership,
        "one": colleague,
        "total": membership.organisation.memberships.count(),
        **state,
    }
    return fragment(request, ROW, COUNT, context=context)


def in_passing(act):
    """Who did what meanwhile, and when, for somebody who saw it as it was before."""
    if act is None:
        return ""
    when = date_format(timezone.localtime(act.at), "j F Y H:i")
    return _("%(who)s, %(when)s: %(what)s.") % {
        "who": act.who,
        "when": when,
        "what": act.what,
    }


def _removed(request, membership, member_id):
    gone = activity.latest(
        membership.organisation,
        "member.removed",
        about=Membership,
        pk=member_id,
    )
    if gone is None:
        raise Http404
    if request.htmx:
        return row(request, membership, {"pk": member_id}, gone=in_passing(gone))
    messages.warning(request, in_passing(gone))
    return redirect("organisations:users", slug=membership.organisation.slug)

"""Pages that leak, each in its own way: what tests/test_nobody_elses.py must see (and does).

Beside them stands the portal itself, which they need for their refusals.
"""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from apikeys.models import ApiKey
from applications.models import BankChange
from organisations.access import requires
from organisations.models import Invitation, Membership
from organisations.roles import Permission
from portal import urls

of_a_member = requires(Permission.ORGANISATION_VIEW)


@of_a_member
def by_id_alone(request, membership, key_id):
    return HttpResponse(get_object_or_404(ApiKey, pk=key_id).name)


@of_a_member
def below_ones_own(request, membership, contract_id, change_id):
    get_object_or_404(membership.organisation.contracts, pk=contract_id)
    return HttpResponse(get_object_or_404(BankChange, pk=change_id).account_holder)


@of_a_member
def tells_that_it_is_there(request, membership, member_id):
    if (
        get_object_or_404(Membership, pk=member_id).organisation
        != membership.organisation
    ):
        raise PermissionDenied
    return HttpResponse()


@of_a_member
def writes(request, membership, invitation_id):
    Invitation.objects.filter(pk=invitation_id).update(email="weg@voorbeeld.example")
    raise Http404


@of_a_member
def reads_the_query(request, membership):
    found = ApiKey.objects.filter(pk=request.GET.get("key", "0"))
    return HttpResponse(one.name for one in found)


@of_a_member
def reads_the_body(request, membership):
    found = Membership.objects.filter(pk=request.POST.get("member", "0"))
    return HttpResponse(one.user.name for one in found)


@of_a_member
def points_at_anothers(request, membership):
    membership.organisation.invitations.update(
        invited_by=request.POST.get("user") or membership.user
    )
    return HttpResponse()


def _page(view, below=""):
    where = f"mijn/<slug:slug>/lek/{view.__name__}/{below}"
    return path(where, view, name=view.__name__)


leaks = [
    _page(by_id_alone, "<int:key_id>/"),
    _page(below_ones_own, "<int:contract_id>/<int:change_id>/"),
    _page(tells_that_it_is_there, "<int:member_id>/"),
    _page(writes, "<int:invitation_id>/"),
    _page(reads_the_query),
    _page(reads_the_body),
    _page(points_at_anothers),
]
urlpatterns = [*leaks, *urls.urlpatterns]

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from organisations.access import requires
from organisations.roles import Permission

from .. import notices
from ..models import Notice


@login_not_required
@require_safe
def status(request):
    visible = Notice.objects.visible().select_related("api")
    past = Notice.objects.past().select_related("api")
    return render(request, "apikeys/status.html", {"now": visible, "past": past})


@require_POST
@requires(Permission.ORGANISATION_VIEW)
def acknowledge(request, membership, notice_id):
    readers = notices.for_organisation(membership.organisation)
    notices.acknowledge(get_object_or_404(readers, pk=notice_id), by=request.user)
    messages.success(request, _("Vastgelegd dat je organisatie dit las."))
    return redirect("organisations:dashboard", slug=membership.organisation.slug)

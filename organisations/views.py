from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from .access import any_user, requires
from .roles import Permission


@require_safe
@any_user
def mine(request):
    """Lead to the organisation that was used last, or to the staff's own place."""
    last_used = request.user.memberships.order_by("-last_used_at", "pk").first()
    if last_used:
        return redirect("organisations:dashboard", slug=last_used.organisation.slug)
    if request.user.is_staff:
        return redirect("admin:index")
    return render(request, "organisations/none.html")


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def dashboard(request, membership):
    membership.last_used_at = timezone.now()
    membership.save(update_fields=["last_used_at"])
    return render(request, "organisations/dashboard.html", {"membership": membership})

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin

from ..filters import OfOrganisation
from ..models import Invitation


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked to join which organisation, and what came of it; never the link."""

    list_display = ["email", "organisation", "role", "state", "invited_at"]
    list_filter = [OfOrganisation, "role"]
    list_select_related = ["organisation"]
    search_fields = ["email", "organisation__name", "organisation__slug"]
    fields = [
        "organisation", "email", "role", "state", ("invited_at", "invited_by"),
        "expires_at", ("accepted_at", "accepted_by"), "withdrawn_at",
    ]  # fmt: skip

    @admin.display(description=_("status"))
    def state(self, invitation):
        return invitation.state

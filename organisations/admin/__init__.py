"""Where staff see organisations, and act on them."""

from accounts.admin import UserAdmin
from audit.admin import EventAdmin
from mail.admin import MessageAdmin

from ..filters import OfOrganisation, ToMembers, of_organisation
from .acting import Page, act_page, asked
from .interventions import InterventionAdmin
from .invitations import InvitationAdmin
from .organisations import OrganisationAdmin

__all__ = [
    "InterventionAdmin",
    "InvitationAdmin",
    "OrganisationAdmin",
    "Page",
    "act_page",
    "asked",
]

# what the apps below cannot know: their lists, of one organisation
UserAdmin.list_filter = [
    *UserAdmin.list_filter,
    of_organisation("memberships__organisation"),
]
MessageAdmin.list_filter = [*MessageAdmin.list_filter, ToMembers]
EventAdmin.list_filter = [*EventAdmin.list_filter, OfOrganisation]

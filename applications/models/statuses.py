from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    DRAFT = "draft", _("Concept")
    SUBMITTED = "submitted", _("Ingediend")
    CHANGES_REQUESTED = "changes_requested", _("Aanvulling gevraagd")
    CONTRACT_SENT = "contract_sent", _("Overeenkomst verstuurd")
    CONTRACT_RETURNED = "contract_returned", _("Overeenkomst retour")
    APPROVED = "approved", _("Goedgekeurd")
    WITHDRAWN = "withdrawn", _("Ingetrokken")
    REJECTED = "rejected", _("Afgewezen")
    EXPIRED = "expired", _("Verlopen")


ENDS = {Status.WITHDRAWN, Status.REJECTED, Status.EXPIRED}
MOVES = {
    Status.DRAFT: {Status.SUBMITTED},
    Status.SUBMITTED: {
        Status.CHANGES_REQUESTED,
        Status.CONTRACT_SENT,
        Status.WITHDRAWN,
        Status.REJECTED,
    },
    Status.CHANGES_REQUESTED: {Status.SUBMITTED, *ENDS},
    Status.CONTRACT_SENT: {Status.CONTRACT_RETURNED, *ENDS},
    # back to "sent": what came back cannot be used, and is asked for once more
    Status.CONTRACT_RETURNED: {
        Status.APPROVED,
        Status.CONTRACT_SENT,
        Status.WITHDRAWN,
        Status.REJECTED,
    },
}
OPEN = [*MOVES]
WAITS_FOR_APPLICANT = [Status.CHANGES_REQUESTED, Status.CONTRACT_SENT]
WAITS_FOR_US = [Status.SUBMITTED, Status.CONTRACT_RETURNED]
DECIDED = Q(status__in=[Status.APPROVED, Status.REJECTED])
HAS_CONTRACT = Q(
    status__in=[Status.CONTRACT_SENT, Status.CONTRACT_RETURNED, Status.APPROVED]
)


class WrongState(Exception):
    """The application is not, or no longer, where this act is possible."""

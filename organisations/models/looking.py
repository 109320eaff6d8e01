"""Staff who look at an organisation's pages as one of its members sees them."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..roles import Role
from .members import Membership
from .organisations import Organisation

LONGEST = datetime.timedelta(days=1)


class LookAlongQuerySet(models.QuerySet):
    def going_on(self):
        return self.filter(until__gt=timezone.now())


class LookAlong(models.Model):
    """One member of staff may read one organisation's pages for a short while, and why."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="look_alongs"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="look_alongs"
    )
    role = models.CharField(_("als"), choices=Role, max_length=20)
    reason = models.CharField(_("reden"), max_length=1000)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = LookAlongQuerySet.as_manager()

    class Meta:
        permissions = [("look_along", "Kan meekijken bij een organisatie")]
        indexes = [models.Index(fields=["by", "until"])]
        constraints = [
            models.CheckConstraint(
                name="look_along_has_a_reason", condition=~Q(reason="")
            ),
            models.CheckConstraint(
                name="look_along_ends_within_a_day",
                condition=Q(until__gte=F("since"), until__lte=F("since") + LONGEST),
            ),
        ]

    def __str__(self):
        return f"{self.by_id}@{self.organisation_id}"

    def as_membership(self) -> Membership:
        """What the pages ask for; it is no row, and gives no right to do anything."""
        return Membership(
            organisation=self.organisation,
            user=self.by,
            role=self.role,
            since=self.since,
            last_used_at=self.since,
        )

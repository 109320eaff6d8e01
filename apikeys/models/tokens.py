"""What a person's scripts show to read what that person may read."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PersonalTokenQuerySet(models.QuerySet["PersonalToken"]):
    def working(self):
        """Not ended, of somebody whose account is not closed."""
        return self.filter(ended_at=None, user__is_active=True)


class PersonalToken(models.Model):
    """One token of one person: it reads what they may read, and changes nothing."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="personal_tokens"
    )
    name = models.CharField(_("naam"), max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("gemaakt"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("laatst gebruikt"), null=True, editable=False)
    ended_at = models.DateTimeField(_("beëindigd"), null=True, editable=False)

    objects = PersonalTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("persoonlijk token")
        verbose_name_plural = _("persoonlijke tokens")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                name="personal_token_name_is_one",
                fields=["user", "name"],
                condition=Q(ended_at=None),
            )
        ]

    def __str__(self):
        return self.name

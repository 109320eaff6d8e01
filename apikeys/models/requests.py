"""Asking for another key under a contract that runs."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from organisations.models.organisations import takes_nothing_new

from .catalogue import Product
from .keys import ApiKey, Environment


class KeyRequestStatus(models.TextChoices):
    OPEN = "open", _("Wacht op ons")
    APPROVED = "approved", _("Goedgekeurd")
    REFUSED = "refused", _("Afgewezen")


MOVED = Q(decided_at__isnull=False, decided_by__isnull=False)


class KeyRequestQuerySet(models.QuerySet["KeyRequest"]):
    def waiting(self):
        return self.filter(status=KeyRequestStatus.OPEN)


class KeyRequest(models.Model):
    """One organisation's request for one more key to a product that its contract covers."""

    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="key_requests",
        verbose_name=_("organisatie"),
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("abonnement")
    )
    name = models.CharField(_("naam"), max_length=60)
    environment = models.CharField(
        _("omgeving"), max_length=4, choices=Environment, default=Environment.LIVE
    )
    purpose = models.CharField(_("waarvoor"), max_length=300)
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=KeyRequestStatus,
        default=KeyRequestStatus.OPEN,
        editable=False,
    )
    asked_at = models.DateTimeField(_("gevraagd"), auto_now_add=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("door"),
    )
    decided_at = models.DateTimeField(_("beslist"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("beslist door"),
    )
    reason = models.CharField(_("reden"), max_length=300, blank=True)
    api_key = models.OneToOneField(
        ApiKey,
        models.PROTECT,
        null=True,
        related_name="request",
        editable=False,
        verbose_name=_("API-key"),
    )

    objects = KeyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("verzoek om een API-key")
        verbose_name_plural = _("verzoeken om een API-key")
        ordering = ["asked_at"]
        triggers = [takes_nothing_new()]
        permissions = [("decide_keyrequest", "Kan over een extra API-key beslissen")]
        constraints = [
            models.UniqueConstraint(
                "organisation",
                Lower("name"),
                name="key_request_waits_once",
                condition=Q(status=KeyRequestStatus.OPEN),
            ),
            models.CheckConstraint(
                name="key_request_is_decided_whole",
                condition=Q(
                    status=KeyRequestStatus.OPEN,
                    decided_at=None,
                    decided_by=None,
                    api_key=None,
                )
                | (MOVED & Q(status=KeyRequestStatus.APPROVED, api_key__isnull=False))
                | (
                    MOVED
                    & Q(status=KeyRequestStatus.REFUSED, api_key=None)
                    & ~Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="key_request_decided_by_another",
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
            ),
        ]

    def __str__(self):
        return f"{self.name} · {self.organisation}"

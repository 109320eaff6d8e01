from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .applications import Application
from .notes import kept_until_erased


class RegisterLookup(models.Model):
    """One time that the Handelsregister told what it knows of an application's number."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="lookups", editable=False
    )
    at = models.DateTimeField(_("nagekeken"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )  # null: the portal itself
    kvk_number = models.CharField(_("KVK-nummer"), max_length=8, editable=False)
    entry = models.JSONField(null=True, editable=False)  # null: nobody's number

    class Meta:
        ordering = ["-at", "-pk"]
        triggers = kept_until_erased()

    def __str__(self):
        return f"{self.kvk_number} {self.at:%Y-%m-%d}"


class Ground(models.TextChoices):
    """Why somebody may sign for the organisation."""

    REGISTER = "register", _("Staat als tekenbevoegd in het Handelsregister")
    POWER = "power", _("Heeft een volmacht")


class SigningGround(models.Model):
    """That one of the staff saw that who is to sign may do so, and by what."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="signing_grounds", editable=False
    )
    at = models.DateTimeField(_("vastgelegd"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    signatories = models.JSONField(editable=False)  # their names, as they were then
    ground = models.CharField(_("grond"), max_length=10, choices=Ground, editable=False)
    explanation = models.TextField(_("toelichting"), blank=True, editable=False)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="signing_power_is_explained",
                condition=~Q(ground=Ground.POWER) | ~Q(explanation=""),
            )
        ]
        triggers = kept_until_erased()

    def __str__(self):
        return f"{self.application} {self.ground}"

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .applications import Application
from .notes import kept_until_erased


class Correction(models.Model):
    """One typing error of the applicant that staff put right, and why."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="corrections", editable=False
    )
    field = models.CharField(max_length=60, editable=False)  # the name of an answer
    before = models.TextField(_("was"), editable=False)
    after = models.TextField(_("werd"), editable=False)
    reason = models.TextField(_("reden"), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    at = models.DateTimeField(_("verbeterd"), auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]
        triggers = kept_until_erased()

    def __str__(self):
        return f"{self.application} {self.field}"

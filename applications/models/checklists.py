import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .applications import Application
from .notes import goes_when_erased
from .statuses import Status


class Stage(models.TextChoices):
    """The step that a checklist is for, by the status in which it is taken."""

    SEND = Status.SUBMITTED.value, _("Voordat de overeenkomst wordt verstuurd")
    APPROVE = Status.CONTRACT_RETURNED.value, _("Voordat wordt goedgekeurd")


class ChecklistItem(models.Model):
    """One thing that somebody has to have looked at before a step is taken."""

    stage = models.CharField(_("wanneer"), max_length=20, choices=Stage)
    text = models.CharField(_("wat is nagekeken?"), max_length=200)
    text_en = models.CharField(_("in het Engels"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("volgorde"), default=1)
    in_use = models.BooleanField(_("in gebruik"), default=True)

    class Meta:
        verbose_name = _("punt van de controlelijst")
        verbose_name_plural = _("punten van de controlelijst")
        ordering = ["stage", "position", "pk"]

    def __str__(self):
        return (get_language() == "en" and self.text_en) or self.text


class TickQuerySet(models.QuerySet):
    def standing(self):
        """Those that were not taken back, and say what their item says today."""
        same = Q(text=models.F("item__text"))
        return self.filter(same, withdrawn_at=None)


class Tick(models.Model):
    """That one of the staff looked at one thing; taken back, it stays to be read."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="ticks", editable=False
    )
    item = models.ForeignKey(
        ChecklistItem, models.PROTECT, related_name="+", editable=False
    )
    text = models.CharField(max_length=200, editable=False)  # of the item, at that time
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    at = models.DateTimeField(_("afgevinkt"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = TickQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="tick_is_one",
                fields=["application", "item"],
                condition=Q(withdrawn_at=None),
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="tick_is_fixed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "application", "item", "text", "by", "at"
                ),
                func="RAISE EXCEPTION 'a tick is only taken back';",
            ),
            pgtrigger.Protect(
                name="stays_taken_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
            goes_when_erased(),
        ]

    def __str__(self):
        return f"{self.application} {self.text}"

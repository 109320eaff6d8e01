"""A collection that a bank gave back after the file went there."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .billing import Collection


class ReturnReason(models.TextChoices):
    """Why, in the codes by which banks say so (ISO 20022, ExternalReturnReason1Code)."""

    AC01 = "AC01", _("het rekeningnummer klopt niet")
    AC04 = "AC04", _("de rekening is opgeheven")
    AC06 = "AC06", _("de rekening is geblokkeerd")
    AG01 = "AG01", _("van deze rekening kan niet worden geïncasseerd")
    AM04 = "AM04", _("er stond te weinig op de rekening")
    MD01 = "MD01", _("de bank kent geen geldige machtiging")
    MD06 = "MD06", _("de rekeninghouder vroeg het bedrag terug")
    MS02 = "MS02", _("de rekeninghouder weigerde de incasso")
    MS03 = "MS03", _("de bank noemt geen reden")
    SL01 = "SL01", _("de rekeninghouder laat onze incasso's tegenhouden")


class CollectionReturnQuerySet(models.QuerySet):
    def standing(self):
        """Those that were not a mistake."""
        return self.filter(taken_back_at=None)

    def of_contract(self, contract):
        """What came back of one contract, the newest first."""
        found = self.standing().filter(collection__contract=contract)
        related = found.select_related("collection__direct_debit__billing")
        return related.order_by("-returned_on", "-pk")


class CollectionReturn(models.Model):
    """That what was collected of one contract came back, when, and why; or that this was
    written down by mistake.
    """

    collection = models.ForeignKey(
        Collection, models.PROTECT, related_name="returns", editable=False
    )
    reason = models.CharField(
        _("reden van de bank"), max_length=4, choices=ReturnReason
    )
    returned_on = models.DateField(_("teruggekomen op"))
    recorded_at = models.DateTimeField(_("vastgelegd"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("vastgelegd door"),
    )
    taken_back_at = models.DateTimeField(_("teruggenomen"), null=True, editable=False)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("teruggenomen door"),
    )
    mistake = models.CharField(
        _("wat er niet klopte"),
        max_length=300,
        blank=True,
        help_text=_("De organisatie leest dit."),
    )

    objects = CollectionReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("teruggekomen incasso")
        verbose_name_plural = _("teruggekomen incasso's")
        constraints = [
            models.UniqueConstraint(
                name="collection_comes_back_once",
                fields=["collection"],
                condition=Q(taken_back_at=None),
            ),
            models.CheckConstraint(
                name="collection_return_is_taken_back_for_a_reason",
                condition=Q(taken_back_at=None, taken_back_by=None, mistake="")
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False)
                & ~Q(mistake=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="never_changed",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "collection", "reason", "returned_on", "recorded_at", "recorded_by"
                ),
            ),
            pgtrigger.Protect(
                name="taken_back_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__taken_back_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.collection}"

"""What goes to billing of a month: lines that are only added to, and what is collected."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from apikeys.words import euro

from .contracts import Contract, Mandate

NEVER_CHANGED = pgtrigger.Protect(
    name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete
)


def _fixed(name, condition):
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        level=pgtrigger.Row,
        operation=pgtrigger.Update,
        condition=condition,
        func="RAISE EXCEPTION 'this is never changed: make another row';",
    )


def _person(label, *, null=True):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=null,
        editable=False,
        related_name="+",
        verbose_name=label,
    )


class BillingMonth(models.Model):
    """One month as it goes to billing: there is one, with all that was stated until then."""

    month = models.DateField(_("maand"), unique=True, editable=False)
    made_at = models.DateTimeField(_("gemaakt"), auto_now_add=True)
    line_count = models.PositiveIntegerField(_("regels"), default=0, editable=False)
    total = models.DecimalField(
        _("totaal"), max_digits=16, decimal_places=2, default=0, editable=False
    )
    handed_over_at = models.DateTimeField(_("overgedragen"), null=True, editable=False)
    handed_over_by = _person(_("overgedragen door"))

    class Meta:
        verbose_name = _("facturatiemaand")
        verbose_name_plural = _("facturatiemaanden")
        ordering = ["-month"]
        permissions = [
            ("hand_over_billing", "Can take the lines of a month to billing"),
        ]
        constraints = [
            models.CheckConstraint(
                name="billing_month_is_handed_over_by_somebody",
                condition=Q(handed_over_at=None, handed_over_by=None)
                | Q(handed_over_at__isnull=False, handed_over_by__isnull=False),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="handed_over_once",
                when=pgtrigger.Before,
                level=pgtrigger.Row,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__handed_over_at__isnull=False),
                func="RAISE EXCEPTION 'a month that was handed over stays so';",
            ),
            _fixed("month_is_fixed", pgtrigger.AnyChange("month", "made_at")),
            _fixed(
                "sums_are_fixed",
                pgtrigger.Condition(
                    "OLD.line_count > 0 AND (OLD.line_count, OLD.total)"
                    " IS DISTINCT FROM (NEW.line_count, NEW.total)"
                ),
            ),
        ]

    def __str__(self):
        return f"{self.month:%Y-%m}"


class BillingLine(models.Model):
    """One line of a statement, on the contract that it falls under.

    What a statement says later of a month that went to billing goes along with the next
    month, and names the line that it corrects.
    """

    billing = models.ForeignKey(
        BillingMonth,
        models.PROTECT,
        related_name="lines",
        verbose_name=_("gefactureerd"),
    )
    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="billing_lines",
        verbose_name=_("organisatie"),
    )
    contract = models.ForeignKey(
        Contract,
        models.PROTECT,
        null=True,
        related_name="billing_lines",
        verbose_name=_("overeenkomst"),
    )
    batch = models.ForeignKey(
        "apikeys.StatementBatch", models.PROTECT, related_name="billing_lines"
    )
    position = models.PositiveIntegerField()
    month = models.DateField(_("maand"))
    subscription = models.CharField(_("abonnement"), max_length=50)
    api = models.CharField(_("API"), max_length=50, blank=True)
    unit = models.CharField(_("eenheid"), max_length=20)
    price = models.DecimalField(_("prijs"), max_digits=14, decimal_places=4)
    count = models.BigIntegerField(_("aantal"))
    amount = models.DecimalField(_("bedrag"), max_digits=14, decimal_places=2)
    # As it was when the month was closed, whatever the customer changes afterwards.
    name = models.CharField(_("naam"), max_length=200)
    purchase_reference = models.CharField(
        _("inkoopreferentie"), max_length=60, blank=True
    )
    invoice_email = models.EmailField(_("e-mailadres voor facturen"))
    mandate = models.ForeignKey(
        Mandate,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("machtiging"),
        help_text=_("Zonder machtiging: op factuur."),
    )
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="corrected_by",
        verbose_name=_("corrigeert"),
    )
    correction = models.OneToOneField(
        "BillingCorrection", models.PROTECT, null=True, related_name="made"
    )

    class Meta:
        verbose_name = _("factuurregel")
        verbose_name_plural = _("factuurregels")
        ordering = ["-billing", "organisation", "pk"]
        triggers = [NEVER_CHANGED]
        constraints = [
            models.UniqueConstraint(
                name="statement_line_is_billed_once",
                fields=["batch", "position", "contract"],
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"{self.pk}"

    @property
    def is_late(self):
        """It says something of a month that went to billing before."""
        return self.month != self.billing.month

    @property
    def pays_by(self):
        return "direct_debit" if self.mandate_id else "invoice"

    def stands_at(self):
        """What it comes to with what came later, and what was agreed to put right."""
        later = self.corrected_by.filter(correction=None)
        agreed = self.corrections.filter(approved=True)
        sums = (found.aggregate(sum=Sum("amount"))["sum"] for found in (later, agreed))
        return sum((one for one in sums if one), self.amount)


class BillingCorrection(models.Model):
    """What one of staff wants to put right on a line; it counts when another agrees."""

    line = models.ForeignKey(
        BillingLine,
        models.PROTECT,
        related_name="corrections",
        verbose_name=_("factuurregel"),
    )
    amount = models.DecimalField(
        _("verschil"),
        max_digits=12,
        decimal_places=2,
        help_text=_("Onder nul: de organisatie krijgt het terug."),
    )
    reason = models.CharField(
        _("reden"), max_length=300, help_text=_("De organisatie leest dit.")
    )
    proposed_at = models.DateTimeField(_("voorgesteld"), auto_now_add=True)
    proposed_by = _person(_("voorgesteld door"), null=False)
    decided_at = models.DateTimeField(_("beslist"), null=True, editable=False)
    decided_by = _person(_("beslist door"))
    approved = models.BooleanField(_("goedgekeurd"), null=True, editable=False)

    class Meta:
        verbose_name = _("correctie op een factuurregel")
        verbose_name_plural = _("correcties op factuurregels")
        ordering = ["-proposed_at"]
        permissions = [("decide_billingcorrection", "Can decide on a correction")]
        constraints = [
            models.CheckConstraint(
                name="billing_correction_is_something",
                condition=~Q(amount=0) & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="billing_correction_decided_by_somebody",
                condition=Q(decided_at=None, decided_by=None, approved=None)
                | Q(
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                    approved__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="billing_correction_approved_by_another",
                condition=Q(approved=None)
                | Q(approved=False)
                | ~Q(decided_by=F("proposed_by")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="decided_once",
                when=pgtrigger.Before,
                level=pgtrigger.Row,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__decided_at__isnull=False),
                func="RAISE EXCEPTION 'this correction was decided on';",
            ),
            _fixed(
                "proposal_is_fixed",
                pgtrigger.AnyChange("line", "amount", "reason", "proposed_by"),
            ),
        ]

    def __str__(self):
        return f"{self.line} ({euro(self.amount)})"


class DirectDebit(models.Model):
    """The file by which a month is collected: made once, so that a bank knows it again."""

    billing = models.OneToOneField(
        BillingMonth, models.PROTECT, related_name="direct_debit"
    )
    collect_on = models.DateField()
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = _person(_("gemaakt door"), null=False)

    class Meta:
        triggers = [NEVER_CHANGED]

    def __str__(self):
        return f"{self.billing}"


class Collection(models.Model):
    """What is collected of one contract, by which mandate; its account is the mandate's."""

    direct_debit = models.ForeignKey(
        DirectDebit, models.PROTECT, related_name="collections"
    )
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="collections")
    sequence = models.CharField(max_length=4)
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        triggers = [NEVER_CHANGED]
        constraints = [
            models.UniqueConstraint(
                name="contract_is_collected_once_a_file",
                fields=["direct_debit", "contract"],
            ),
            models.CheckConstraint(
                name="collection_is_something", condition=Q(amount__gt=0)
            ),
        ]

    def __str__(self):
        return f"{self.mandate} {self.amount}"

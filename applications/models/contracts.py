import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organisations.models.organisations import takes_nothing_new

from .applications import Application
from .bank import BankChange, masked
from .documents import OF_ONE


class Mandate(models.Model):
    """One SEPA direct debit mandate, made with a contract or for another bank account."""

    application = models.OneToOneField(
        Application, models.PROTECT, null=True, related_name="mandate"
    )
    bank_change = models.OneToOneField(
        BankChange, models.PROTECT, null=True, related_name="mandate"
    )
    reference = models.CharField(_("machtigingskenmerk"), max_length=35, unique=True)
    creditor_identifier = models.CharField(_("incassant-id"), max_length=35)
    iban = models.CharField("IBAN", max_length=34)
    account_holder = models.CharField(_("rekeninghouder"), max_length=70)
    signed_on = models.DateField(_("ondertekend retour"), null=True)

    class Meta:
        verbose_name = _("machtiging")
        verbose_name_plural = _("machtigingen")
        constraints = [
            models.CheckConstraint(name="mandate_is_of_one", condition=OF_ONE),
            models.CheckConstraint(
                name="mandate_reference_is_sepa",
                condition=Q(reference__regex=r"^[A-Za-z0-9]{1,35}$"),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="signed_stays_signed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.signed_on IS NOT NULL"
                    " AND (OLD.signed_on, OLD.iban, OLD.reference)"
                    " IS DISTINCT FROM (NEW.signed_on, NEW.iban, NEW.reference)"
                ),
                func="RAISE EXCEPTION 'what was signed stays as it was signed';",
            )
        ]

    def __str__(self):
        return self.reference

    @property
    def masked(self):
        """The account, as the pages of its organisation show it."""
        return masked(self.iban)


class ContractQuerySet(models.QuerySet):
    def running(self):
        """Those that still count today."""
        today = timezone.localdate()
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=today), ended_at=None)

    def over(self):
        """Whose last day is past, and that were not ended yet."""
        return self.filter(ends_on__lt=timezone.localdate(), ended_at=None)


class Contract(models.Model):
    """The agreement with one organisation that one approved application led to."""

    number = models.CharField(_("contractnummer"), max_length=20, unique=True)
    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="contracts",
        verbose_name=_("organisatie"),
    )
    application = models.OneToOneField(
        Application,
        models.PROTECT,
        related_name="contract",
        verbose_name=_("aanvraag"),
    )
    api_key = models.OneToOneField(
        "apikeys.ApiKey", models.PROTECT, related_name="+", verbose_name=_("API-key")
    )
    starts_on = models.DateField(_("ingangsdatum"))
    ends_on = models.DateField(_("einddatum"), null=True, blank=True)  # the last day
    cancelled_at = models.DateTimeField(_("opgezegd"), null=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("opgezegd door"),
    )
    cancellation_reason = models.TextField(
        _("reden van opzegging"), blank=True, editable=False
    )
    by_us = models.BooleanField(  # only we take such an end back
        _("door ons beëindigd"), default=False, editable=False
    )
    ended_at = models.DateTimeField(_("beëindigd"), null=True, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("overeenkomst")
        verbose_name_plural = _("overeenkomsten")
        ordering = ["starts_on", "pk"]
        triggers = [takes_nothing_new()]
        permissions = [("end_contract", "Kan een overeenkomst beëindigen")]
        constraints = [
            models.CheckConstraint(
                name="contract_is_ended_by_us_for_a_reason",
                condition=Q(by_us=False)
                | (Q(cancelled_at__isnull=False) & ~Q(cancellation_reason="")),
            ),
            models.CheckConstraint(
                name="contract_cancellation_is_complete",
                condition=Q(
                    cancelled_at=None,
                    cancelled_by=None,
                    ends_on=None,
                    ended_at=None,
                    cancellation_reason="",
                )
                | Q(
                    cancelled_at__isnull=False,
                    cancelled_by__isnull=False,
                    ends_on__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="contract_ends_after_it_starts",
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
            ),
        ]

    def __str__(self):
        return self.number

    @property
    def is_over(self):
        return self.ends_on is not None and self.ends_on < timezone.localdate()

    def mandate_in_force(self):
        """The mandate by which is collected today; None: by invoice."""
        changes = self.bank_changes.all()  # the newest first, and often fetched already
        last = next((change for change in changes if change.in_force_at), None)
        return last.mandate if last else getattr(self.application, "mandate", None)

    def mandate_to_collect_by(self):
        """The one in force, once it was seen with its signature; None: by invoice."""
        mandate = self.mandate_in_force()
        return mandate if mandate and mandate.signed_on else None


class OwnCancellation(models.Model):
    """The customer's own cancellation, kept while an end by the operator is in its place."""

    contract = models.OneToOneField(
        Contract, models.PROTECT, primary_key=True, related_name="own_cancellation"
    )
    ends_on = models.DateField(_("einddatum"))
    cancelled_at = models.DateTimeField(_("opgezegd"))
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("opgezegd door"),
    )
    cancellation_reason = models.TextField(_("reden van opzegging"), blank=True)

    class Meta:
        verbose_name = _("eigen opzegging")
        verbose_name_plural = _("eigen opzeggingen")

    def __str__(self):
        return str(self.contract)

import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from organisations.models import Membership


class BankStatus(models.TextChoices):
    """How far a change of bank account is; follows from what was done (see `status`)."""

    ASKED = "asked", _("Wacht op bevestiging per mail")
    CONFIRMED = "confirmed", _("Wacht op een tweede persoon")
    AGREED = "agreed", _("Wacht op de ondertekende machtiging")
    RETURNED = "returned", _("Wij controleren de machtiging")
    ACCEPTED = "accepted", _("Bedenktijd loopt")
    IN_FORCE = "in_force", _("Geldt")
    STOPPED = "stopped", _("Gestopt")


OPEN = Q(in_force_at=None, stopped_at=None)


class BankChangeQuerySet(models.QuerySet):
    def open(self):
        """Neither in force nor stopped."""
        return self.filter(OPEN)

    def due(self):
        """All was done by who is still there, and the time to think it over is past.

        Nobody of an organisation that was blocked could stop it: then the time to think
        it over begins when that is lifted.
        """
        return self.open().filter(
            _asker_is_member(),
            ~_unblocked_lately(),
            contract__organisation__blocked_at=None,
            accepted_at__isnull=False,
            effective_from__lte=timezone.now(),
        )

    def awaiting_us(self):
        """Whose mandate came back signed, and which we have still to compare."""
        return self.open().filter(returned_at__isnull=False, accepted_at=None)

    def without_asker(self):
        """Open, and asked by somebody who does not belong to the organisation any more."""
        return self.open().exclude(_asker_is_member())

    def unconfirmed_too_long(self):
        """Whose link was not used in time."""
        return self.open().filter(
            confirmed_at=None, link_expires_at__lte=timezone.now()
        )


def _asker_is_member():
    here = Membership.objects.filter(organisation=OuterRef("contract__organisation"))
    return Exists(here.filter(user=OuterRef("asked_by")))


def _unblocked_lately():
    lately = timezone.now() - datetime.timedelta(days=settings.IBAN_COOLING_OFF_DAYS)
    return Exists(
        Event.objects.filter(
            organisation=OuterRef("contract__organisation"),
            kind="organisation.unblocked",
            at__gt=lately,
        )
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


def _moment(label):
    return models.DateTimeField(label, null=True, editable=False)


def _after(later, earlier):
    """One thing is done only when another was."""
    return Q(**{later: None}) | Q(**{f"{earlier}__isnull": False})


class BankChange(models.Model):
    """One time that an organisation asked to collect from another bank account.

    Nobody can do it alone: the asker shows to read the own mailbox, a second person
    agrees, somebody signs, staff compare the signature, and then there is time to stop
    it. Only services/bank.py writes it.
    """

    contract = models.ForeignKey(
        "Contract",
        models.PROTECT,
        related_name="bank_changes",
        editable=False,
        verbose_name=_("overeenkomst"),
    )
    iban = models.CharField("IBAN", max_length=34, editable=False)
    account_holder = models.CharField(
        _("rekeninghouder"), max_length=70, editable=False
    )
    asked_by = _person(_("gevraagd door"), null=False)
    asked_at = models.DateTimeField(_("gevraagd"), auto_now_add=True)
    link_version = models.PositiveIntegerField(default=0, editable=False)
    link_digest = models.CharField(max_length=64, unique=True, editable=False)
    link_expires_at = models.DateTimeField(editable=False)
    confirmed_at = _moment(_("per mail bevestigd"))
    agreed_by = _person(_("tweede persoon"))
    agreed_at = _moment(_("tweede persoon akkoord"))
    how_checked = models.TextField(_("hoe gecontroleerd"), blank=True, editable=False)
    effective_from = _moment(_("geldt op zijn vroegst"))
    returned_by = _person(_("machtiging ingeleverd door"))
    returned_at = _moment(_("machtiging ondertekend terug"))
    accepted_by = _person(_("machtiging goedgekeurd door"))
    accepted_at = _moment(_("machtiging goedgekeurd"))
    in_force_at = _moment(_("geldt sinds"))
    stopped_by = _person(_("gestopt door"))
    stopped_at = _moment(_("gestopt"))
    stop_reason = models.TextField(_("reden van stoppen"), blank=True, editable=False)

    objects = BankChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("wijziging van rekeningnummer")
        verbose_name_plural = _("wijzigingen van rekeningnummer")
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["-asked_at", "-id"], name="bank_change_newest")]
        constraints = [
            models.UniqueConstraint(
                name="bank_change_is_one_at_a_time", fields=["contract"], condition=OPEN
            ),
            models.CheckConstraint(
                name="bank_change_goes_step_by_step",
                condition=_after("agreed_at", "confirmed_at")
                & _after("returned_at", "agreed_at")
                & _after("accepted_at", "returned_at")
                & _after("in_force_at", "accepted_at"),
            ),
            models.CheckConstraint(
                name="bank_change_agreed_by_another",
                condition=Q(agreed_at=None, agreed_by=None, effective_from=None)
                | Q(
                    ~Q(agreed_by=F("asked_by")),
                    agreed_at__isnull=False,
                    agreed_by__isnull=False,
                    effective_from__gt=F("agreed_at"),
                ),
            ),
            models.CheckConstraint(
                name="bank_change_accepted_by_a_third",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(
                    ~Q(accepted_by=F("asked_by")) & ~Q(accepted_by=F("agreed_by")),
                    accepted_at__isnull=False,
                    accepted_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="bank_change_in_force_after_cooling_off",
                condition=Q(in_force_at=None)
                | Q(in_force_at__gte=F("effective_from"), stopped_at=None),
            ),
            models.CheckConstraint(
                name="bank_change_is_stopped_for_a_reason",
                condition=Q(stopped_at=None, stopped_by=None, stop_reason="")
                | (Q(stopped_at__isnull=False) & ~Q(stop_reason="")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(  # what one person asked is what another agrees with
                name="account_is_fixed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "contract", "iban", "account_holder", "asked_by"
                ),
                func="RAISE EXCEPTION 'another bank account is another change';",
            ),
            pgtrigger.Trigger(
                name="outcome_is_fixed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__in_force_at__isnull=False)
                | pgtrigger.Q(old__stopped_at__isnull=False),
                func="RAISE EXCEPTION 'this change of bank account is over';",
            ),
        ]

    def __str__(self):
        return f"{self.contract} {self.masked}"

    @property
    def status(self) -> BankStatus:
        """The one place that says how far it is."""
        done = [
            ("stopped_at", BankStatus.STOPPED),
            ("in_force_at", BankStatus.IN_FORCE),
            ("accepted_at", BankStatus.ACCEPTED),
            ("returned_at", BankStatus.RETURNED),
            ("agreed_at", BankStatus.AGREED),
            ("confirmed_at", BankStatus.CONFIRMED),
        ]
        reached = (status for name, status in done if getattr(self, name))
        return next(reached, BankStatus.ASKED)

    @property
    def can_return(self):
        """Whether a signed mandate may be handed in."""
        return self.status in {BankStatus.AGREED, BankStatus.RETURNED}

    @property
    def is_open(self):
        return self.in_force_at is None and self.stopped_at is None

    @property
    def reference(self):
        """Of its mandate, by which its documents are called."""
        return self.mandate.reference

    @property
    def masked(self):
        """The account as anybody may see it who may know of the change."""
        return masked(self.iban)


def masked(iban: str) -> str:
    """NL91ABNA0417164300 → NL91 •••• 4300."""
    return f"{iban[:4]} •••• {iban[-4:]}"

"""What an organisation wants to spend at most, and of what it was warned."""

import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .keys import ApiKey, tells_gateways


class Measure(models.TextChoices):
    AMOUNT = "amount", _("bedrag in euro")
    CALLS = "calls", _("aantal bevragingen")


class Budget(models.Model):
    """At most so much a month, of one key or (without one) of all keys together."""

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="budgets"
    )
    api_key = models.ForeignKey(
        ApiKey, models.PROTECT, null=True, blank=True, related_name="budgets"
    )
    measure = models.CharField(_("waarvan"), max_length=10, choices=Measure)
    most = models.DecimalField(_("per maand"), max_digits=14, decimal_places=2)
    stops = models.BooleanField(_("stoppen als het op is"), default=False)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgetten")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="budget_is_one_of_its_kind",
                fields=["organisation", "api_key", "measure"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="budget_is_something", condition=Q(most__gt=0)),
        ]

    def __str__(self):
        return f"{self.most} {self.measure}"

    def same_kind(self):
        """Another one for the same keys and in the same measure."""
        others = Budget.objects.exclude(pk=self.pk).filter(measure=self.measure)
        return others.filter(organisation=self.organisation, api_key=self.api_key)


class BudgetReached(models.Model):
    """A part of a budget that was used up in a month: told once, whoever counts."""

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="reached")
    month = models.DateField()
    threshold = models.PositiveSmallIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="budget_is_reached_once", fields=["budget", "month", "threshold"]
            )
        ]

    def __str__(self):
        return f"{self.threshold} %"


class SpendingStop(models.Model):
    """A key that passes no gateway until a moment, for its budget is used up."""

    api_key = models.OneToOneField(
        ApiKey, models.PROTECT, primary_key=True, related_name="spending_stop"
    )
    until = models.DateTimeField()

    class Meta:
        triggers = [
            tells_gateways("NEW.api_key_id::text", "until"),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return f"{self.api_key_id} {self.until:%Y-%m-%d}"

    @property
    def is_over(self):
        return self.until <= timezone.now()


class AlertKind(models.TextChoices):
    UNUSUAL = "unusual", _("ongewoon verbruik")
    ERRORS = "errors", _("meer fouten dan gewoonlijk")


class UsageAlert(models.Model):
    """A day that was not like the others, of which the administrators were told once."""

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="usage_alerts"
    )
    kind = models.CharField(max_length=20, choices=AlertKind)
    day = models.DateField()
    was = models.FloatField()  # calls, or hundredths of them
    usual = models.FloatField()

    class Meta:
        ordering = ["-day", "kind"]
        constraints = [
            models.UniqueConstraint(
                name="usage_alert_once_a_day", fields=["organisation", "kind", "day"]
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.day:%Y-%m-%d}"


class UsageMail(models.Model):
    """What of its use an organisation wants to hear, and who."""

    organisation = models.OneToOneField(
        "organisations.Organisation",
        models.PROTECT,
        primary_key=True,
        related_name="usage_mail",
    )
    alerts = models.BooleanField(_("waarschuwen"), default=True)
    report_to = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True
    )

    def __str__(self):
        return f"{self.organisation_id}"


def next_month(day: datetime.date) -> datetime.date:
    return (day.replace(day=1) + datetime.timedelta(days=31)).replace(day=1)

"""What was used, as counters per key, API, time and outcome. Single calls are not kept.

The tables are partitioned by month (partitions.py), and have the organisation in their
key, so that they could be spread over machines by it.
"""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from .catalogue import Api
from .gateways import Gateway
from .keys import ApiKey

LATENCIES = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]  # ms, upper bounds


class Outcome(models.IntegerChoices):
    """How a call ended, as its caller saw it."""

    OK = 2, _("gelukt")
    CLIENT_ERROR = 4, _("fout in de aanroep")
    LIMITED = 42, _("te veel aanroepen")
    SERVER_ERROR = 5, _("storing")

    @classmethod
    def of(cls, status: int) -> "Outcome":
        """The outcome that an HTTP status stands for."""
        if status == 429:
            return cls.LIMITED
        if status >= 500:
            return cls.SERVER_ERROR
        return cls.CLIENT_ERROR if status >= 400 else cls.OK


class Usage(models.Model):
    """One counter: calls, bytes sent, and how many calls took how long."""

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, models.PROTECT, related_name="+", db_index=False
    )
    api = models.ForeignKey(Api, models.PROTECT, related_name="+", db_index=False)
    outcome = models.PositiveSmallIntegerField(choices=Outcome)
    calls = models.BigIntegerField()
    bytes_sent = models.BigIntegerField()
    within_10 = models.BigIntegerField()
    within_25 = models.BigIntegerField()
    within_50 = models.BigIntegerField()
    within_100 = models.BigIntegerField()
    within_250 = models.BigIntegerField()
    within_500 = models.BigIntegerField()
    within_1000 = models.BigIntegerField()
    within_2500 = models.BigIntegerField()
    within_5000 = models.BigIntegerField()
    within_10000 = models.BigIntegerField()
    slower = models.BigIntegerField()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.api_key_id} {self.api_id} {self.outcome}: {self.calls}"


SUMS = [
    "calls", "bytes_sent", *[f"within_{bound}" for bound in LATENCIES], "slower",
]  # fmt: skip


class UsageHour(Usage):
    """What one key used of one API in one hour (UTC); kept for 35 days."""

    pk = models.CompositePrimaryKey(
        "organisation_id", "hour", "api_key_id", "api_id", "outcome"
    )
    hour = models.DateTimeField()


class UsageDay(Usage):
    """What one key used of one API on one day (of the operator); kept for 7 years."""

    pk = models.CompositePrimaryKey(
        "organisation_id", "day", "api_key_id", "api_id", "outcome"
    )
    day = models.DateField()


class UsageBatch(models.Model):
    """One report of a gateway that was counted, and what it was answered: for ever once.

    A piece of a log that was imported is one too, named after its place (nginx_log.py).
    """

    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="batches")
    batch_id = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField(_("ontvangen"), auto_now_add=True)
    answer = models.JSONField()

    class Meta:
        verbose_name = _("gemeld verbruik")
        verbose_name_plural = _("gemeld verbruik")
        constraints = [
            models.UniqueConstraint(
                name="usage_batch_counts_once", fields=["gateway", "batch_id"]
            )
        ]

    def __str__(self):
        return self.batch_id


class BatchShare(models.Model):
    """What one batch holds of one organisation in one month; kept for 7 years.

    Statements name them, so that what is asked for can be followed to who reported it.
    """

    pk = models.CompositePrimaryKey("organisation_id", "month", "batch_id")
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", db_index=False
    )
    month = models.DateField()
    batch = models.ForeignKey(
        UsageBatch, models.PROTECT, related_name="shares", db_index=False
    )
    calls = models.BigIntegerField()
    charged = models.BigIntegerField()  # those that were answered

    class Meta:
        triggers = [
            pgtrigger.Protect(
                name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self):
        return f"{self.organisation_id} {self.month:%Y-%m} {self.batch_id}"


class ImportedLog(models.Model):
    """How far one access log was counted, known again by its first line."""

    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="logs")
    fingerprint = models.CharField(max_length=64)
    offset = models.BigIntegerField(default=0)  # bytes, unpacked

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="imported_log_is_one", fields=["gateway", "fingerprint"]
            )
        ]

    def __str__(self):
        return f"{self.fingerprint[:8]} {self.offset}"

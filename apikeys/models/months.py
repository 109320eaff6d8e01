"""What is made of a month when it is over: a report to read, a statement to reckon with."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

NEVER_CHANGED = pgtrigger.Protect(
    name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete
)


class MonthlyReport(models.Model):
    """The report of one organisation about one month, as it was sent: one a language."""

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="monthly_reports"
    )
    month = models.DateField()
    language = models.CharField(
        max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    content = models.BinaryField()
    made_at = models.DateTimeField(_("gemaakt"), auto_now_add=True)

    class Meta:
        ordering = ["-month"]
        triggers = [NEVER_CHANGED]
        constraints = [
            models.UniqueConstraint(
                name="monthly_report_is_one",
                fields=["organisation", "month", "language"],
            )
        ]

    def __str__(self):
        return f"{self.month:%Y-%m} {self.language}"

    def as_attachment(self):
        """What mail needs to send it along: file name, bytes, media type."""
        with override(self.language):
            name = gettext("verbruik-%(month)s.pdf") % {"month": f"{self.month:%Y-%m}"}
        return (
            name,
            bytes(self.content),
            "application/pdf",
        )


class StatementBatch(models.Model):
    """Lines of the statement of one month: the first when it closed, then corrections.

    Each holds the hash of the one before, so that none can be left out or put in between.
    """

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="statement_batches"
    )
    month = models.DateField()
    number = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(_("gemaakt"))
    lines = models.JSONField()
    usage = models.JSONField(default=list)  # calls by key and API
    reports_after = models.BigIntegerField(default=0)  # of gateways, by their number:
    reports_until = models.BigIntegerField(
        default=0
    )  # what came between is in this batch
    previous = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-month", "number"]
        triggers = [NEVER_CHANGED]
        constraints = [
            models.UniqueConstraint(
                name="statement_batch_has_its_number",
                fields=["organisation", "month", "number"],
            )
        ]

    def __str__(self):
        return f"{self.month:%Y-%m} {self.number}"

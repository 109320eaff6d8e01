import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from .documents import Document


class ReturnedFile(models.Model):
    """What a machine read in one file that came back, beside what we sent. A person
    decides; what it read is not changed, and goes with the file.
    """

    document = models.OneToOneField(
        Document, models.CASCADE, related_name="returned", editable=False
    )
    at = models.DateTimeField(_("nagekeken"), auto_now_add=True)
    # the document of ours that it should be; null: there is none
    beside = models.BigIntegerField(null=True, editable=False)
    # the document of ours with which it begins, byte for byte; null: with none
    begins_with = models.BigIntegerField(null=True, editable=False)
    signatures = models.JSONField(null=True, editable=False)  # null: too much to read
    text = models.JSONField(null=True, editable=False)  # null: too much to compare

    class Meta:
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update)]

    def __str__(self):
        return f"{self.document}"

    def signed_by_them(self):
        """The signatures that were not in what we sent already."""
        return [one for one in self.signatures or [] if not one.get("ours")]

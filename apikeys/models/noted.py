"""What gateways asked of a key, summed: which secret is used, and what was refused.

Written in batches by gateway/noting.py. What is asked is less than what is called: a
gateway may use an answer again for some seconds.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .catalogue import Api
from .keys import ApiKey, KeySecret

DAYS_REFUSED = 30
DAYS_USED = 90


class CidrField(models.Field):
    """One network."""

    def db_type(self, connection):
        return "cidr"


class SecretUse(models.Model):
    """That one secret was let through to one API from one network; kept for 90 days."""

    secret = models.ForeignKey(KeySecret, models.PROTECT, related_name="uses")
    api = models.ForeignKey(Api, models.PROTECT, null=True, related_name="+")
    network = CidrField(null=True)  # /24 or /48: whose it is, not who
    asked = models.BigIntegerField()  # since the secret was replaced, if it was
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                name="secret_use_is_summed",
                fields=["secret", "api", "network"],
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"{self.secret_id} {self.api_id} {self.network}: {self.asked}"


class Reason(models.TextChoices):
    """Why a call was refused, as X-Refusal names it."""

    UNKNOWN = "unknown", _("Onbekende key")
    EXPIRED = "expired", _("Waarde is vervangen")
    ENDED = "ended", _("Key is afgelopen")
    BLOCKED = "blocked", _("Key geblokkeerd")
    ORGANISATION = "organisation", _("Organisatie geblokkeerd")
    ADDRESS = "address", _("Ander netwerk")
    QUOTA = "quota", _("Aanroepen van de maand op")
    BUDGET = "budget", _("Budget op")
    ENVIRONMENT = "environment", _("Andere omgeving")
    WRONG_API = "wrong-api", _("Andere API")


class RefusedCalls(models.Model):
    """How often one key was refused for one reason in one hour (UTC); kept for 30 days."""

    key = models.ForeignKey(ApiKey, models.PROTECT, related_name="refused")
    reason = models.CharField(max_length=20)
    api = models.ForeignKey(Api, models.PROTECT, null=True, related_name="+")
    hour = models.DateTimeField(db_index=True)
    asked = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="refused_calls_are_summed",
                fields=["key", "reason", "api", "hour"],
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"{self.key_id} {self.reason} {self.hour}: {self.asked}"

    @property
    def label(self):
        return Reason(self.reason).label if self.reason in Reason else self.reason


class OnLeak(models.TextChoices):
    """What an organisation wants done when somebody finds one of its keys."""

    BLOCK = "block", _("Blokkeer de key meteen")
    TELL = "tell", _("Blokkeer niet, waarschuw alleen")


class LeakPolicy(models.Model):
    """What one organisation chose; who chose nothing has leaked keys blocked."""

    organisation = models.OneToOneField(
        "organisations.Organisation", models.PROTECT, related_name="leak_policy"
    )
    on_leak = models.CharField(max_length=5, choices=OnLeak, default=OnLeak.BLOCK)

    def __str__(self):
        return f"{self.organisation_id}: {self.on_leak}"

"""Who asks whether a key may pass, and reports what was used."""

import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import Api
from .keys import tells_gateways


def keeps_a_key_to_itself(address: str) -> None:
    """A block may be lifted: no key travels readable, not even a dead one."""
    if not settings.DEVELOPMENT and not address.startswith("https://"):
        raise ValidationError(_("Gebruik een adres dat met https:// begint."))


class GatewayQuerySet(models.QuerySet["Gateway"]):
    def running(self):
        """Those whose token opens something."""
        return self.filter(stopped_at=None)


class Gateway(models.Model):
    """One gateway of the operator, known by its token, of which only a digest is kept."""

    name = models.CharField(_("naam"), max_length=60, unique=True)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    apis = models.ManyToManyField(
        Api,
        blank=True,
        verbose_name=_("API's"),
        help_text=_("Waarover deze gateway mag vragen en melden. Leeg: over alle."),
    )
    probe_address = models.URLField(
        _("proefadres"),
        blank=True,
        max_length=300,
        validators=[keeps_a_key_to_itself],
        help_text=_(
            "Wordt na een blokkade met de geblokkeerde API-key aangeroepen, tot deze gateway"
            " weigert. Leeg: niet."
        ),
    )
    created_at = models.DateTimeField(_("sinds"), auto_now_add=True)
    stopped_at = models.DateTimeField(_("gestopt"), null=True, editable=False)
    last_seen_at = models.DateTimeField(_("laatst gezien"), null=True, editable=False)
    reported_until = models.DateTimeField(
        _("verbruik gemeld tot"), null=True, editable=False
    )

    objects = GatewayQuerySet.as_manager()

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        ordering = ["name"]
        triggers = [tells_gateways("''", "token_digest", "stopped_at")]

    def __str__(self):
        return self.name

    @property
    def lag(self) -> datetime.timedelta | None:
        """How far behind its reports are; one tells of whole hours."""
        if self.reported_until is None:
            return None
        return timezone.now() - self.reported_until

    def may_tell_of(self):
        """The APIs that this gateway guards."""
        return self.apis.all() if self.apis.exists() else Api.objects.all()

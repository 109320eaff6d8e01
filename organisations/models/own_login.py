from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import encryption

from ..own_login import domains
from .organisations import Organisation


class OwnLoginStatus(models.TextChoices):
    SET_UP = "set_up", _("Ingesteld")
    VERIFIED = "verified", _("Domein gecontroleerd")
    TRIED = "tried", _("Geprobeerd")
    ON = "on", _("Staat aan")
    ENFORCED = "enforced", _("Verplicht")


OWN_LOGIN_MOVES = {
    OwnLoginStatus.SET_UP: {OwnLoginStatus.VERIFIED},
    OwnLoginStatus.VERIFIED: {OwnLoginStatus.TRIED},
    OwnLoginStatus.TRIED: {OwnLoginStatus.ON},
    OwnLoginStatus.ON: {OwnLoginStatus.ENFORCED, OwnLoginStatus.TRIED},
    OwnLoginStatus.ENFORCED: {OwnLoginStatus.ON, OwnLoginStatus.TRIED},
}


class OwnLoginQuerySet(models.QuerySet["OwnLogin"]):
    def in_use(self):
        """Those through which members sign in."""
        return self.filter(status__in=[OwnLoginStatus.ON, OwnLoginStatus.ENFORCED])


class OwnLogin(models.Model):
    """The OpenID Connect provider through which an organisation's members can sign in.

    Only services/own_login.py moves its status. The code stands in its addresses; it is
    known at the provider, and stays the same whatever else changes.
    """

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, related_name="own_login"
    )
    code = models.SlugField(max_length=20, unique=True, editable=False)
    issuer = models.URLField(_("adres van de inlogdienst"))
    client_id = models.CharField(_("client-ID"), max_length=191)
    sealed_secret = models.BinaryField()
    domain = models.CharField(_("maildomein"), max_length=253)
    status = models.CharField(
        max_length=20,
        choices=OwnLoginStatus,
        default=OwnLoginStatus.SET_UP,
        editable=False,
    )
    record_missing_since = models.DateTimeField(null=True, editable=False)

    objects = OwnLoginQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="own_login_domain_is_of_one_organisation",
                fields=["domain"],
                condition=~Q(status="set_up"),
            ),
            models.CheckConstraint(
                name="own_login_domain_is_compared_in_lower_case",
                condition=Q(domain__regex=r"^[a-z0-9.-]+$"),
            ),
        ]

    def __str__(self):
        return f"{self.organisation}: {self.issuer}"

    @property
    def in_use(self):
        return self.status in (OwnLoginStatus.ON, OwnLoginStatus.ENFORCED)

    @property
    def secret(self):
        return encryption.decrypt(bytes(self.sealed_secret), bound_to=self._place)

    def seal(self, secret: str) -> None:
        """Encrypt it for this row and this provider: it is sent nowhere else."""
        self.sealed_secret = encryption.encrypt(secret, bound_to=self._place)

    @property
    def _place(self):
        return f"own login|{self.code}|{self.issuer}|{self.client_id}"

    def can_become(self, status):
        return status in OWN_LOGIN_MOVES[OwnLoginStatus(self.status)]

    def is_about(self, email: str) -> bool:
        """Whether an address lies in the domain of which the organisation showed it is theirs."""
        verified = self.status != OwnLoginStatus.SET_UP
        return verified and domains.of_address(email) == self.domain

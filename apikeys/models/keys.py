"""What an organisation has: subscriptions, and keys with their secrets."""

import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import Product


def tells_gateways(which: str, *columns: str) -> pgtrigger.Trigger:
    """Have every web process forget what it knows of a key, once this commits.

    `which` is SQL for the key's id; none: of all keys (see gateway/recent.py).
    """
    return pgtrigger.Trigger(
        name="tells_gateways",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(*columns),
        func=f"PERFORM pg_notify('portal_keys', {which}); RETURN NULL;",
    )


class Subscription(models.Model):
    """One organisation's right to use one product, for as long as it runs."""

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="subscriptions"
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="subscriptions")
    starts_on = models.DateField(_("vanaf"))
    ends_on = models.DateField(_("tot en met"), null=True, blank=True)

    class Meta:
        verbose_name = _("afgenomen abonnement")
        verbose_name_plural = _("afgenomen abonnementen")
        triggers = [tells_gateways("''", "product_id", "starts_on", "ends_on")]
        constraints = [
            models.UniqueConstraint(
                name="subscription_runs_once",
                fields=["organisation", "product"],
                condition=Q(ends_on=None),
            )
        ]

    def __str__(self):
        return f"{self.product} · {self.organisation}"


class ApiKeyQuerySet(models.QuerySet):
    def with_details(self):
        """With what masked and apis need, so that they ask nothing more."""
        return self.prefetch_related("secrets", "subscriptions__product__apis")


class ApiKey(models.Model):
    """What an organisation calls the APIs with. Its secrets may change, its usage stays."""

    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="api_keys",
        verbose_name=_("organisatie"),
    )
    name = models.CharField(_("naam"), max_length=60)
    subscriptions = models.ManyToManyField(Subscription, related_name="api_keys")
    created_at = models.DateTimeField(_("gemaakt"), auto_now_add=True)
    expires_at = models.DateTimeField(_("werkt tot"), null=True, editable=False)
    blocked_at = models.DateTimeField(_("geblokkeerd"), null=True, editable=False)
    blocked_reason = models.CharField(
        _("reden"), max_length=300, blank=True, editable=False
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API-key")
        verbose_name_plural = _("API-keys")
        ordering = ["created_at"]
        permissions = [("block_apikey", "Kan een API-key blokkeren")]
        triggers = [tells_gateways("NEW.id::text", "blocked_at", "expires_at")]
        constraints = [
            models.UniqueConstraint(
                name="api_key_name_is_one", fields=["organisation", "name"]
            ),
            models.CheckConstraint(
                name="api_key_is_blocked_for_a_reason",
                condition=Q(blocked_at=None, blocked_reason="")
                | (Q(blocked_at__isnull=False) & ~Q(blocked_reason="")),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def masked(self):
        """The newest secret, as anybody may see it who may know that the key exists."""
        return max(self.secrets.all(), key=lambda secret: secret.created_at).masked

    @property
    def last_day(self):
        """The last day on which it opens anything, once that is set."""
        if self.expires_at is None:
            return None
        moment = self.expires_at - datetime.timedelta(microseconds=1)
        return timezone.localdate(moment)

    @property
    def is_over(self):
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def apis(self):
        """What the key opens, each API once."""
        subscriptions = self.subscriptions.all()
        opened = {api for each in subscriptions for api in each.product.apis.all()}
        return sorted(opened, key=lambda api: api.pk)


class KeySecretQuerySet(models.QuerySet):
    def usable(self):
        """Not past their end or their key's; whether that is blocked is another matter."""
        now = timezone.now()
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now),
            Q(key__expires_at=None) | Q(key__expires_at__gt=now),
        )


class KeySecret(models.Model):
    """One secret of a key: found by public id, proven by digest, revealed by decryption."""

    key = models.ForeignKey(ApiKey, models.PROTECT, related_name="secrets")
    public_id = models.CharField(max_length=8, unique=True)
    digest = models.BinaryField(max_length=32)  # HMAC-SHA256 under a pepper
    pepper_version = models.PositiveSmallIntegerField()
    ciphertext = (
        models.BinaryField()
    )  # version byte, nonce, AES-256-GCM; see secrets.py
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    objects = KeySecretQuerySet.as_manager()

    class Meta:
        triggers = [
            tells_gateways("NEW.key_id::text", "digest", "expires_at"),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="identity_is_fixed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("key", "public_id", "digest"),
                func="RAISE EXCEPTION 'a key secret is never given to another key';",
            ),
        ]

    def __str__(self):
        return self.masked

    @property
    def masked(self):
        """What may be shown to anybody who may know that the key exists."""
        return f"{settings.KEY_PREFIX}_live_{self.public_id}_…"

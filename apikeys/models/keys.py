"""What an organisation has: subscriptions, and keys with their secrets."""

import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Greatest, Least, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organisations.models.organisations import takes_nothing_new

from .catalogue import Api, Product
from .networks import CidrArrayField

UNUSED = datetime.timedelta(days=90)  # so long without a call, and a key is named


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
        triggers = [
            tells_gateways("''", "product_id", "starts_on", "ends_on"),
            takes_nothing_new(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="subscription_runs_once",
                fields=["organisation", "product"],
                condition=Q(ends_on=None),
            )
        ]

    def __str__(self):
        return f"{self.product} · {self.organisation}"


class Environment(models.TextChoices):
    """Where a key works; its secret says so too."""

    LIVE = "live", _("Productie")
    TEST = "test", _("Test")


class BlockedBy(models.TextChoices):
    """Who closed a key; an administrator lifts what was not the operator's doing."""

    SUPPORT = "support", _("API support")
    MEMBER = "member", _("iemand van je organisatie")
    LEAK_REPORT = "leak_report", _("een melding van een lek")


REASONS = {  # of blocks that nobody wrote a reason for
    BlockedBy.MEMBER: _("Iemand van je organisatie meldde dat de key is uitgelekt."),
    BlockedBy.LEAK_REPORT: _("De key staat op een plek waar iedereen hem kan lezen."),
}


class KeyState(models.TextChoices):
    ACTIVE = "active", _("Actief")
    ROTATING = "rotating", _("Wordt vernieuwd")
    SPENT = "spent", _("Budget op")
    BLOCKED = "blocked", _("Geblokkeerd")
    OVER = "over", _("Beëindigd")


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def with_details(self):
        """With what masked, state and apis need, so that they ask nothing more."""
        return self.select_related("spending_stop").prefetch_related(
            "secrets", "subscriptions__product__apis", "only_apis"
        )

    def with_last_use(self):
        """With `last_used_at`: when a gateway asked to let it through, or reported a call.

        A gateway that works from snapshots asks nothing; its reports tell the hour.
        """
        from .usage import UsageDay, UsageHour  # they refer to keys

        of_key = {"organisation": OuterRef("organisation"), "api_key": OuterRef("pk")}
        hours = UsageHour.objects.filter(**of_key).order_by("-hour")
        days = UsageDay.objects.filter(**of_key).order_by("-day")
        day = Cast(Subquery(days.values("day")[:1]), models.DateTimeField())
        asked = Subquery(
            KeySecret.objects.filter(key=OuterRef("pk"))
            .order_by(F("last_used_at").desc(nulls_last=True))
            .values("last_used_at")[:1]
        )
        hour = Subquery(hours.values("hour")[:1])
        return self.annotate(last_used_at=Greatest(asked, hour, day))

    def canaries(self):
        return self.filter(canary=True)

    def working_ones(self):
        """Those that are no decoys."""
        return self.filter(canary=False)

    def in_state(self, state: str):
        now = timezone.now()
        over = Q(expires_at__lte=now) | Q(stops_at__lte=now)
        if state == KeyState.BLOCKED:
            return self.filter(blocked_at__isnull=False)
        open_ones = self.filter(blocked_at=None)
        if state == KeyState.OVER:
            return open_ones.filter(over)
        rotating = KeySecret.objects.filter(expires_at__gt=now).values("key")
        running = open_ones.exclude(over)
        spent = Q(spending_stop__until__gt=now)
        if state == KeyState.SPENT:
            return running.filter(spent)
        running = running.exclude(spent)
        if state == KeyState.ROTATING:
            return running.filter(pk__in=rotating)
        return running.exclude(pk__in=rotating)

    def unused(self):
        """Old enough to have been called, and not called for a long time."""
        long_ago = timezone.now() - UNUSED
        never_or_before = Q(last_used_at=None) | Q(last_used_at__lt=long_ago)
        return self.with_last_use().filter(never_or_before, created_at__lt=long_ago)


class ApiKey(models.Model):
    """What an organisation calls the APIs with. Its secrets may change, its usage stays.

    A canary is a decoy: no gateway ever passes it, and who uses it is reported, until
    it is retired.
    """

    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="api_keys",
        verbose_name=_("organisatie"),
    )
    name = models.CharField(_("naam"), max_length=60)
    subscriptions = models.ManyToManyField(Subscription, related_name="api_keys")
    extra_of = models.ForeignKey(  # the contract's own key, with which it ends
        "self", models.PROTECT, null=True, related_name="extras", editable=False
    )
    environment = models.CharField(
        _("omgeving"),
        max_length=4,
        choices=Environment,
        default=Environment.LIVE,
        editable=False,
    )
    canary = models.BooleanField(_("lokkey"), default=False, editable=False)
    alerted_at = models.DateTimeField(null=True, editable=False)  # of a canary
    retired_at = models.DateTimeField(null=True, editable=False)  # of a canary
    created_at = models.DateTimeField(_("gemaakt"), auto_now_add=True)
    # with the contract, and as its administrators chose: the first of the two ends it
    expires_at = models.DateTimeField(_("werkt tot"), null=True, editable=False)
    stops_at = models.DateTimeField(_("eigen einde"), null=True, editable=False)
    reminded = models.PositiveSmallIntegerField(
        null=True, editable=False
    )  # days before
    blocked_at = models.DateTimeField(_("geblokkeerd"), null=True, editable=False)
    blocked_by = models.CharField(
        _("door"), max_length=12, choices=BlockedBy, blank=True, editable=False
    )
    blocked_reason = models.CharField(
        _("reden"), max_length=300, blank=True, editable=False
    )
    networks = CidrArrayField(_("netwerken"), default=list, editable=False)  # none: any
    only_apis = models.ManyToManyField(  # none: all that its subscriptions open
        Api, related_name="+", blank=True, editable=False
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API-key")
        verbose_name_plural = _("API-keys")
        ordering = ["created_at"]
        permissions = [("block_apikey", "Kan een API-key blokkeren")]
        triggers = [
            tells_gateways(
                "NEW.id::text",
                "blocked_at",
                "expires_at",
                "stops_at",
                "networks",
                "organisation_id",
            ),
            pgtrigger.Trigger(
                name="kind_is_fixed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("canary", "environment", "organisation"),
                func="""
                    IF (OLD.canary, OLD.environment) = (NEW.canary, NEW.environment)
                        AND EXISTS (SELECT 1 FROM organisations_organisation
                                    WHERE id = OLD.organisation_id
                                    AND merged_into_id = NEW.organisation_id) THEN
                        RETURN NEW;  -- it goes along with a double
                    END IF;
                    RAISE EXCEPTION 'a key never becomes another kind of key';
                """,
            ),
            takes_nothing_new(),
        ]
        constraints = [
            models.UniqueConstraint(
                "organisation", Lower("name"), name="api_key_name_is_one"
            ),
            models.CheckConstraint(
                name="api_key_is_blocked_for_a_reason",
                condition=Q(blocked_at=None, blocked_reason="", blocked_by="")
                | (
                    Q(blocked_at__isnull=False)
                    & ~Q(blocked_reason="")
                    & ~Q(blocked_by="")
                ),
            ),
            models.CheckConstraint(
                name="api_key_that_is_retired_is_a_decoy",
                condition=Q(retired_at=None) | Q(canary=True),
            ),
            models.CheckConstraint(
                name="api_key_reminds_of_an_end",
                condition=Q(reminded=None) | Q(stops_at__isnull=False),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def masked(self):
        """The newest secret, as anybody may see it who may know that the key exists."""
        return max(self.secrets.all(), key=lambda secret: secret.created_at).masked

    @property
    def end(self):
        """From when on it opens nothing any more, once that is set."""
        ends = [end for end in (self.expires_at, self.stops_at) if end]
        return min(ends, default=None)

    @property
    def last_day(self):
        """The last day on which it opens anything, once that is set."""
        return self.end and day_before(self.end)

    @property
    def chosen_last_day(self):
        """The last day that an administrator chose."""
        return self.stops_at and day_before(self.stops_at)

    @property
    def is_over(self):
        return self.end is not None and self.end <= timezone.now()

    @property
    def old_secrets(self):
        """Those that still work beside the newest, until their time is over."""
        return [secret for secret in self.secrets.all() if secret.is_ending]

    @property
    def why_blocked(self):
        """The reason, in the reader's language where it is one of ours."""
        return REASONS.get(self.blocked_by, self.blocked_reason)

    @property
    def spent_until(self):
        """Until when a budget that is used up keeps it closed, if one does."""
        stop = getattr(self, "spending_stop", None)
        return stop.until if stop and not stop.is_over else None

    @property
    def state(self):
        if self.blocked_at:
            return KeyState.BLOCKED
        if self.is_over or self.retired_at:
            return KeyState.OVER
        if self.spent_until:
            return KeyState.SPENT
        return KeyState.ROTATING if self.old_secrets else KeyState.ACTIVE

    @property
    def works(self):
        """Whether it is in use, though its budget may be used up for this month."""
        return self.state not in {KeyState.BLOCKED, KeyState.OVER}

    @property
    def products(self):
        return [each.product for each in self.subscriptions.all()]

    @property
    def could_open(self):
        """What its subscriptions open, each API once."""
        opened = {api for product in self.products for api in product.apis.all()}
        return sorted(opened, key=lambda api: api.pk)

    @property
    def apis(self):
        """What the key opens: of its subscriptions, what it is not kept from."""
        only = set(self.only_apis.all())
        return [api for api in self.could_open if not only or api in only]

    @property
    def is_unused(self):
        """As unused(), of a key with_last_use()."""
        long_ago = timezone.now() - UNUSED
        return self.created_at < long_ago and (
            self.last_used_at is None or self.last_used_at < long_ago
        )


class KeySecretQuerySet(models.QuerySet):
    def usable(self):
        """Not past their end or their key's; whether that is blocked is another matter."""
        now = timezone.now()
        ends = ["expires_at", "key__expires_at", "key__stops_at"]
        return self.annotate(end=Least(*[F(end) for end in ends])).filter(
            Q(end=None) | Q(end__gt=now)  # in PostgreSQL Least passes over NULLs
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
    expires_at = models.DateTimeField(null=True)  # of all but the newest
    last_used_at = models.DateTimeField(null=True, editable=False)
    leaked_at = models.DateTimeField(null=True, editable=False)

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
            pgtrigger.Trigger(
                name="stays_ended",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.expires_at <= clock_timestamp() AND (NEW.expires_at IS NULL"
                    " OR NEW.expires_at > OLD.expires_at)"
                ),
                func="RAISE EXCEPTION 'a key secret that ended never works again';",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="key_secret_in_use_is_one",
                fields=["key"],
                condition=Q(expires_at=None),
            )
        ]

    def __str__(self):
        return self.masked

    @property
    def masked(self):
        """What may be shown to anybody who may know that the key exists."""
        return f"{settings.KEY_PREFIX}_{self.key.environment}_{self.public_id}_…"

    @property
    def is_ending(self):
        """It was replaced, and works for a while yet."""
        return self.expires_at is not None and self.expires_at > timezone.now()


def day_before(moment: datetime.datetime) -> datetime.date:
    """The last day that is whole before this moment, where the operator is."""
    return timezone.localdate(moment - datetime.timedelta(microseconds=1))

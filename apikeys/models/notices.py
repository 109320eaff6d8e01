"""What the operator tells customers: what will happen to the APIs, and who read it."""

import datetime

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .catalogue import Api


class NoticeKind(models.TextChoices):
    MAINTENANCE = "maintenance", _("Onderhoud")
    INCIDENT = "incident", _("Storing")
    DEPRECATION = "deprecation", _("Einde van een API")
    CERTIFICATE = "certificate", _("Certificaat")
    PRICE = "price", _("Prijs")


TOLD = ["kind", "title", "title_en", "text", "text_en", "api", "days", "mails"]
STAYS_AS_TOLD = """
IF EXISTS (SELECT FROM apikeys_noticereader WHERE notice_id = OLD.id) THEN
    RAISE EXCEPTION 'what organisations were told stays what they were told';
END IF;
RETURN NEW;
"""


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible(self):
        """What is to be read now."""
        now = timezone.now()
        return self.filter(
            Q(visible_until=None) | Q(visible_until__gt=now), visible_from__lte=now
        )

    def past(self, days: int = 30):
        """What was to be read until not so long ago."""
        now = timezone.now()
        since = now - datetime.timedelta(days=days)
        return self.filter(visible_until__lte=now, visible_until__gt=since)


class Notice(models.Model):
    """One thing to know, for everybody or for who really calls an API."""

    kind = models.CharField(_("soort"), max_length=20, choices=NoticeKind)
    title = models.CharField(_("titel"), max_length=120)
    title_en = models.CharField(_("titel (Engels)"), max_length=120)
    text = models.TextField(_("tekst"), max_length=2000)
    text_en = models.TextField(_("tekst (Engels)"), max_length=2000)
    api = models.ForeignKey(
        Api,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("voor wie deze API aanroept"),
    )
    days = models.PositiveSmallIntegerField(
        _("aangeroepen in de laatste … dagen"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(400)],
    )
    visible_from = models.DateTimeField(_("te zien vanaf"), default=timezone.now)
    visible_until = models.DateTimeField(
        _("te zien tot"), null=True, blank=True, help_text=_("Leeg: tot je dit invult.")
    )
    mails = models.BooleanField(
        _("ook mailen"),
        default=False,
        help_text=_("Aan iedereen van de organisaties waar dit voor is, één keer."),
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("mededeling")
        verbose_name_plural = _("mededelingen")
        ordering = ["-visible_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="notice_is_visible_for_a_while",
                condition=Q(visible_until=None)
                | Q(visible_until__gt=F("visible_from")),
                violation_error_message=_("Dit moment ligt voor het begin."),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="stays_as_told",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*TOLD),
                func=STAYS_AS_TOLD,
            ),
        ]

    def __str__(self):
        return self.titled()

    @property
    def is_told(self) -> bool:
        """Whether an organisation was told of it: from then on it says what it says."""
        return self.readers.exists()  # type: ignore[attr-defined]

    def titled(self) -> str:
        """What it is called in the reader's language."""
        return self.title_en if get_language() == "en" else self.title

    def told(self) -> str:
        """What it says in the reader's language."""
        return self.text_en if get_language() == "en" else self.text


class NoticeReader(models.Model):
    """One organisation that a notice is for, and who of it said to have read it."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="readers")
    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="notices",
        verbose_name=_("organisatie"),
    )
    since = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(_("gelezen"), null=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("gelezen door"),
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="notice_is_for_an_organisation_once",
                fields=["notice", "organisation"],
            ),
            models.CheckConstraint(
                name="notice_is_read_by_somebody",
                condition=Q(read_at=None, read_by=None)
                | Q(read_at__isnull=False, read_by__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.notice_id} {self.organisation_id}"


class NoticeMail(models.Model):
    """One person was mailed about a notice: for ever once, of however many organisations."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="notice_is_mailed_once", fields=["notice", "user"]
            )
        ]

    def __str__(self):
        return f"{self.notice_id} {self.user_id}"

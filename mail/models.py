import uuid
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.searching import by_letters

SERVERS_WORDS = 500  # characters that are kept


class State(models.TextChoices):
    QUEUED = "queued", _("Wacht op verzending")
    SENT = "sent", _("Verzonden")
    FAILED = "failed", _("Niet te bezorgen")
    BOUNCED = "bounced", _("Teruggekomen")


UNDELIVERED = (State.FAILED, State.BOUNCED)


class MessageQuerySet(models.QuerySet):
    def queued(self):
        return self.filter(state=State.QUEUED)

    def to_address(self, address):
        return self.filter(to__iexact=address)

    def undelivered(self):
        """What did not arrive, and was not sent anew since."""
        again = self.model.objects.filter(copy_of=OuterRef("pk"), state=State.SENT)
        return self.filter(~Exists(again), state__in=UNDELIVERED)


class Message(models.Model):
    """One mail to one person: what was written and how its sending went.

    It is rendered anew at each attempt from `template` and `context`. Private links
    are not in the row: `links` says which ones to make (see private_links.py).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    to = models.EmailField(pgettext_lazy("recipient", "aan"), db_index=True)
    language = models.CharField(_("taal"), max_length=5, choices=settings.LANGUAGES)
    template = models.CharField(
        _("bericht"), max_length=80
    )  # "applications/emails/received"
    context = models.JSONField(default=dict)
    links = models.JSONField(
        default=dict
    )  # {"status_url": ["application", id, version]}
    subject_line = models.CharField(_("onderwerp"), max_length=200)

    about_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, related_name="+"
    )
    about_id = models.CharField(max_length=40)
    about = GenericForeignKey("about_type", "about_id")

    state = models.CharField(
        _("status"), choices=State, default=State.QUEUED, max_length=10
    )
    attempts = models.PositiveSmallIntegerField(_("pogingen"), default=0)
    last_error = models.CharField(
        _("antwoord van de mailserver"), max_length=SERVERS_WORDS, blank=True
    )
    created_at = models.DateTimeField(_("geschreven"), auto_now_add=True)
    not_before = models.DateTimeField(_("te verzenden vanaf"), default=timezone.now)
    sent_at = models.DateTimeField(_("verzonden"), null=True)
    copy_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="copies",
        verbose_name=_("kopie van"),
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["about_type", "about_id"]),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            models.Index(  # few, among all that ever arrived
                fields=["state", "not_before"],
                condition=~Q(state=State.SENT),
                name="message_not_sent",
            ),
            by_letters("to", name="message_by_to"),
            by_letters("subject_line", name="message_by_subject"),
            models.Index(
                Upper("to"), "state", name="message_by_address"
            ),  # as iexact asks
        ]
        permissions = [("resend_message", "Kan mail opnieuw versturen")]
        constraints = [
            models.CheckConstraint(
                name="message_to_is_one_address",
                condition=Q(to__regex=r"^[^\s,;:<>@]+@[^\s,;:<>@\[\]]+$"),
            ),
            models.CheckConstraint(
                name="message_sent_has_a_time",
                condition=Q(sent_at__isnull=False) | ~Q(state__in=["sent", "bounced"]),
            ),
        ]

    def __str__(self):
        return self.subject_line

    def sources(self) -> list[Any]:
        """What is attached: rows with as_attachment()."""
        return [attachment.source for attachment in self.attachments.all()]


class Attachment(models.Model):
    """A file that goes with a mail; `source` holds the bytes and has as_attachment()."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    source_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    source_id = models.CharField(max_length=40)
    source = GenericForeignKey("source_type", "source_id")

    def __str__(self):
        return f"{self.source_type_id}:{self.source_id}"

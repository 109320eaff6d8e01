import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .applications import Application


def goes_when_erased():
    """A row about an application is deleted only once its application is erased."""
    return pgtrigger.Trigger(
        name="goes_with_an_erased_application",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="""
                IF EXISTS (SELECT FROM applications_application
                           WHERE id = OLD.application_id AND erased_at IS NOT NULL)
                THEN RETURN OLD; END IF;
                RAISE EXCEPTION 'this is kept until its application is erased';
            """,
    )


def kept_until_erased():
    """A row about an application is never changed, and goes when its application is erased."""
    return [
        pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
        goes_when_erased(),
    ]


class Note(models.Model):
    """What one of the staff wrote for colleagues. Never changed, never the applicant's."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="notes", editable=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    at = models.DateTimeField(_("geschreven"), auto_now_add=True)
    text = models.TextField(_("notitie"), editable=False)

    class Meta:
        verbose_name = _("notitie")
        verbose_name_plural = _("notities")
        ordering = ["-at", "-pk"]
        triggers = kept_until_erased()

    def __str__(self):
        return f"{self.application} {self.at:%Y-%m-%d}"


class MentionQuerySet(models.QuerySet):
    def unread_by(self, person):
        """What a colleague asked this person to look at, the newest first."""
        return self.filter(person=person, read_at=None).order_by("-pk")


class Mention(models.Model):
    """One colleague who was called by name in a note, until that was read."""

    note = models.ForeignKey(Note, models.CASCADE, related_name="mentions")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    read_at = models.DateTimeField(_("gelezen"), null=True)

    objects = MentionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="mention_is_one_per_note", fields=["note", "person"]
            )
        ]
        indexes = [
            models.Index(
                name="mention_unread",
                fields=["person"],
                condition=models.Q(read_at=None),
            )
        ]

    def __str__(self):
        return f"{self.person} {self.note}"

import pgtrigger
from django.conf import settings
from django.db import connection, models
from django.utils.translation import gettext_lazy as _


class EventQuerySet(models.QuerySet):
    def kinds(self) -> list[str]:
        """Each kind of event that happened, by going from one to the next in the index."""
        with connection.cursor() as cursor:
            cursor.execute("""
                WITH RECURSIVE kinds AS (
                    SELECT min(kind) AS kind FROM audit_event
                    UNION ALL
                    SELECT (SELECT min(kind) FROM audit_event WHERE kind > kinds.kind)
                    FROM kinds WHERE kind IS NOT NULL
                )
                SELECT kind FROM kinds WHERE kind IS NOT NULL ORDER BY kind
            """)
            return [kind for (kind,) in cursor.fetchall()]


class Event(models.Model):
    """One thing that somebody did, or that happened; written by record(), never changed.

    `data` names what changed in words of the field. It holds no secret, and personal
    data only by reference (ids), because it outlives what it describes.
    """

    at = models.DateTimeField(_("wanneer"))
    kind = models.CharField(_("wat"), max_length=60)  # "<subject>.<past participle>"
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("wie"),
    )
    organisation = models.ForeignKey(  # whose activity shows it
        "organisations.Organisation",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("organisatie"),
    )
    subject_type = models.CharField(max_length=60)  # "applications.application"
    subject_id = models.CharField(max_length=40)
    data = models.JSONField(_("gegevens"), default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("gebeurtenis")
        verbose_name_plural = _("gebeurtenissen")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "at"]),
            models.Index(fields=["kind", "at"]),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'the audit log is append-only';",
            ),
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"

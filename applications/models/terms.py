import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .documents import DocumentKind, DocumentTemplate


def _person(name):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=name,
    )


class TermsRoundQuerySet(models.QuerySet):
    def current(self):
        """The round that is answered now: the last that began, if any did."""
        return self.filter(started_at__isnull=False).order_by("-started_at").first()


class TermsRound(models.Model):
    """One new version of the terms, about which every organisation with a contract is
    asked. One of staff prepares it, another begins it; nothing follows by itself.
    """

    template = models.OneToOneField(
        DocumentTemplate,
        models.PROTECT,
        related_name="terms_round",
        limit_choices_to={
            "kind": DocumentKind.TERMS,
            "language": "nl",
            "published_at__isnull": False,
        },
        verbose_name=_("voorwaarden"),
    )
    answer_by = models.DateField(_("antwoord uiterlijk op"))
    consequence_nl = models.TextField(
        _("wat volgt zonder akkoord, in het Nederlands"), max_length=1000
    )
    consequence_en = models.TextField(
        _("wat volgt zonder akkoord, in het Engels"), max_length=1000
    )
    prepared_by = _person(_("voorbereid door"))
    started_at = models.DateTimeField(_("begonnen"), null=True, editable=False)
    started_by = _person(_("begonnen door"))
    content = models.BinaryField(null=True, editable=False)  # the terms, as PDF
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)

    objects = TermsRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("ronde over voorwaarden")
        verbose_name_plural = _("rondes over voorwaarden")
        ordering = ["-pk"]
        permissions = [
            ("start_termsround", _("Mag een ronde over voorwaarden beginnen"))
        ]
        constraints = [
            models.CheckConstraint(
                name="terms_round_started_by_another",
                condition=Q(started_at=None, started_by=None, content=None, sha256="")
                | Q(
                    ~Q(started_by=F("prepared_by")),
                    started_at__isnull=False,
                    started_by__isnull=False,
                    prepared_by__isnull=False,
                    sha256=Func(
                        Func(
                            F("content"),
                            function="sha256",
                            output_field=models.BinaryField(),
                        ),
                        Value("hex"),
                        function="encode",
                        output_field=models.TextField(),
                    ),
                ),
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="fixed_once_it_began",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__started_at__isnull=False),
            )
        ]

    def __str__(self):
        return f"{self.template}"

    @property
    def consequence(self):
        """What follows without an agreement, in the reader's language."""
        return self.consequence_en if get_language() == "en" else self.consequence_nl

    @property
    def is_late(self):
        return timezone.localdate() > self.answer_by


class TermsRequestQuerySet(models.QuerySet):
    def waiting(self):
        """Of the round that runs: those that did not agree, nor said no."""
        return self.current().exclude(answers__isnull=False)

    def current(self):
        """Of the round that runs; not of who merged into an organisation that was asked."""
        running = self.filter(round=TermsRound.objects.current())
        return running.filter(organisation__merged_into=None)

    def agreed(self):
        return self._with(agreed=True)

    def refused(self):
        return self._with(agreed=False)

    def unanswered(self):
        return self.filter(answers=None)

    def _with(self, *, agreed):
        in_force = TermsAnswer.objects.filter(replaced_by=None, agreed=agreed)
        return self.filter(pk__in=in_force.values("request"))


class TermsRequest(models.Model):
    """That one organisation was asked in a round, and how often it was reminded."""

    round = models.ForeignKey(
        TermsRound, models.PROTECT, related_name="requests", verbose_name=_("ronde")
    )
    organisation = models.ForeignKey(
        "organisations.Organisation",
        models.PROTECT,
        related_name="terms_requests",
        verbose_name=_("organisatie"),
    )
    asked_at = models.DateTimeField(_("gevraagd"), auto_now_add=True)
    reminders = models.PositiveSmallIntegerField(_("herinneringen"), default=0)

    objects = TermsRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("vraag om akkoord")
        verbose_name_plural = _("vragen om akkoord")
        ordering = ["-round", "organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="terms_asked_once", fields=["round", "organisation"]
            )
        ]
        triggers = [pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete)]

    def __str__(self):
        return f"{self.organisation} {self.round}"

    @property
    def answer_by(self):
        """The last day for an answer; who was asked later has as many days as the others."""
        given = self.round.answer_by - timezone.localdate(self.round.started_at)
        return max(self.round.answer_by, timezone.localdate(self.asked_at) + given)

    @property
    def is_late(self):
        return timezone.localdate() > self.answer_by

    def answer(self):
        """The answer that is in force; None: there is none yet."""
        return next(
            (one for one in self.answers.all() if not hasattr(one, "replaced_by")), None
        )


class TermsAnswer(models.Model):
    """What one organisation said to which document, who said it and when. Only added to:
    another answer replaces the one before, so that exactly one is in force.
    """

    request = models.ForeignKey(
        TermsRequest, models.PROTECT, related_name="answers", editable=False
    )
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="replaced_by"
    )
    agreed = models.BooleanField(_("akkoord"), editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    at = models.DateTimeField(_("geantwoord"), auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="terms_answer_is_one",
                fields=["request"],
                condition=Q(replaces=None),
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="only_added_to", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self):
        return f"{self.request} {self.agreed}"

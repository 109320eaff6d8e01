from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .organisations import Organisation


class AdministratorRequestQuerySet(models.QuerySet["AdministratorRequest"]):
    def open(self):
        """Those that nobody answered and time did not end; who asked, with them."""
        return self.filter(outcome="").select_related("user").order_by("falls_at")


class AdministratorRequest(models.Model):
    """One member who asks to become administrator, and becomes it if nobody objects in time."""

    class Outcome(models.TextChoices):
        GRANTED = "granted", _("toegekend")
        REFUSED = "refused", _("bezwaar gemaakt")
        WITHDRAWN = "withdrawn", _("ingetrokken")
        PASSED = "passed", _("niemand maakte bezwaar")
        OVERTAKEN = "overtaken", _("vervallen")

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="administrator_requests"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="administrator_requests"
    )
    reason = models.TextField(_("waarom"), max_length=500)
    asked_at = models.DateTimeField(_("gevraagd"), default=timezone.now)
    falls_at = models.DateTimeField(_("bezwaar mogelijk tot en met"))
    reminded_at = models.DateTimeField(_("herinnerd"), null=True)
    outcome = models.CharField(
        _("uitkomst"), max_length=10, choices=Outcome, blank=True
    )
    answer = models.TextField(_("antwoord"), max_length=500, blank=True)
    ended_at = models.DateTimeField(_("afgelopen"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = AdministratorRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("verzoek om administrator te worden")
        verbose_name_plural = _("verzoeken om administrator te worden")
        constraints = [
            models.UniqueConstraint(
                name="administrator_request_is_one_at_a_time",
                fields=["organisation", "user"],
                condition=Q(outcome=""),
            ),
            models.CheckConstraint(
                name="administrator_request_end_is_complete",
                condition=Q(outcome="", ended_at=None, ended_by=None)
                | (~Q(outcome="") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="administrator_request_answered_by_another",
                condition=~Q(outcome__in=["granted", "refused"])
                | (Q(ended_by__isnull=False) & ~Q(ended_by=models.F("user"))),
            ),
            models.CheckConstraint(
                name="administrator_request_passes_in_time",
                condition=~Q(outcome="passed") | Q(ended_at__gte=models.F("falls_at")),
            ),
        ]

    def __str__(self):
        return str(self.user)


ABOUT = ("organisation", "user", "replaces", "into")  # what its words name


class InterventionQuerySet(models.QuerySet["Intervention"]):
    def about(self, organisation: Organisation):
        """Of this organisation, or of a double that would go to it."""
        either = Q(organisation=organisation) | Q(into=organisation)
        return self.filter(either).select_related(*ABOUT)

    def open(self):
        """Those that were not carried out, objected to or given up."""
        return self.filter(outcome="").select_related(*ABOUT).order_by("proposed_at")

    def to_approve(self):
        """Those that wait for a second of staff."""
        return self.filter(outcome="", approved_at=None)


class Intervention(models.Model):
    """What staff do where an organisation cannot help itself: two people, and a term.

    A merge has no term: it is done by who approves (applications/services/merging.py). One proposes and another approves; the organisation is told at both, and any of its
    administrators who turns out to be there can object until it is carried out.
    """

    class Kind(models.TextChoices):
        APPOINT = "appoint", _("administrator aanstellen")
        SECOND_FACTOR = "second_factor", _("tweede stap weghalen")
        MERGE = "merge", _("samenvoegen")

    class Outcome(models.TextChoices):
        DONE = "done", _("uitgevoerd")
        OBJECTED = "objected", _("bezwaar van een administrator")
        STOPPED = "stopped", _("gestopt door een medewerker")
        OVERTAKEN = "overtaken", _("vervallen")

    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="interventions",
        verbose_name=_("organisatie"),
    )
    kind = models.CharField(_("wat"), max_length=20, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("wie"),
    )
    email = models.EmailField(_("e-mailadres van wie nog geen lid is"), blank=True)
    replaces = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("in plaats van"),
    )
    into = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        related_name="merges",
        limit_choices_to={"merged_into": None},
        verbose_name=_("samenvoegen met"),
    )
    reason = models.TextField(_("reden"), max_length=1000)
    checked = models.TextField(_("hoe dit is nagegaan"), max_length=1000)
    proposed_at = models.DateTimeField(_("voorgesteld"), default=timezone.now)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("voorgesteld door"),
    )
    approved_at = models.DateTimeField(_("goedgekeurd"), null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("goedgekeurd door"),
    )
    takes_effect_at = models.DateTimeField(_("bezwaar mogelijk tot en met"), null=True)
    outcome = models.CharField(
        _("uitkomst"), max_length=10, choices=Outcome, blank=True
    )
    ended_at = models.DateTimeField(_("afgelopen"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("afgelopen door"),
    )

    objects = InterventionQuerySet.as_manager()

    class Meta:
        verbose_name = _("ingreep")
        verbose_name_plural = _("ingrepen")
        ordering = ["-proposed_at"]
        indexes = [
            models.Index(fields=["-proposed_at", "-id"], name="intervention_newest")
        ]
        permissions = [
            ("propose_intervention", "Kan een ingreep voorstellen"),
            ("approve_intervention", "Kan een ingreep van een ander goedkeuren"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="intervention_is_one_at_a_time",
                fields=["organisation", "kind", "user", "email"],
                condition=Q(outcome=""),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="intervention_is_about_one_person",
                condition=Q(kind="appoint", user__isnull=False, email="", into=None)
                | (
                    Q(kind="appoint", user=None, replaces=None, into=None)
                    & ~Q(email="")
                )
                | Q(
                    kind="second_factor",
                    user__isnull=False,
                    email="",
                    replaces=None,
                    into=None,
                )
                | (
                    Q(kind="merge", user=None, email="", replaces=None)
                    & Q(into__isnull=False)
                    & ~Q(into=models.F("organisation"))
                ),
            ),
            models.CheckConstraint(
                name="intervention_approval_is_complete",
                condition=Q(approved_at=None, approved_by=None, takes_effect_at=None)
                | Q(
                    approved_at__isnull=False,
                    approved_by__isnull=False,
                    takes_effect_at__gte=models.F("approved_at"),
                ),
            ),
            models.CheckConstraint(
                name="intervention_approved_by_another",
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(
                name="intervention_end_is_complete",
                condition=Q(outcome="", ended_at=None, ended_by=None)
                | (~Q(outcome="") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="intervention_done_after_its_term",
                condition=~Q(outcome="done")
                | Q(
                    approved_at__isnull=False,
                    ended_at__gte=models.F("takes_effect_at"),
                ),
            ),
        ]

    def __str__(self):
        """What is done, as one reads it in a list: "Bob administrator maken"."""
        if self.kind == self.Kind.MERGE:
            both = {"double": self.organisation, "into": self.into}
            return gettext("%(double)s samenvoegen met %(into)s") % both
        names = {"person": self.user or self.email, "other": self.replaces}
        if self.kind == self.Kind.SECOND_FACTOR:
            return gettext("de tweede stap van %(person)s weghalen") % names
        if self.replaces_id:
            return (
                gettext("%(person)s administrator maken in plaats van %(other)s")
                % names
            )
        return gettext("%(person)s administrator maken") % names

import pgtrigger
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..roles import PERMISSIONS, Role
from .organisations import Organisation, takes_nothing_new


class MembershipQuerySet(models.QuerySet["Membership"]):
    def administrators(self):
        """Who run their organisation, and can sign in."""
        return self.filter(role=Role.ADMINISTRATOR, user__is_active=True)

    def with_second_factor(self):
        """With whether each person has a second factor, as `has_second_factor`."""
        factors = Authenticator.objects.filter(user=models.OuterRef("user"))
        return self.annotate(
            has_second_factor=models.Exists(
                factors.exclude(type=Authenticator.Type.RECOVERY_CODES)
            )
        )

    def without_second_factor(self):
        """Who can sign in and has none yet."""
        return self.with_second_factor().filter(
            has_second_factor=False, user__is_active=True
        )

    def found(self, words: str):
        """Those whose name, username or e-mail address has these words in it."""
        return self.filter(
            Q(user__name__icontains=words)
            | Q(user__username__icontains=words)
            | Q(user__email__icontains=words)
        )


class Membership(models.Model):
    """One person's place in one organisation."""

    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="memberships",
        verbose_name=_("organisatie"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="memberships",
        verbose_name=_("gebruiker"),
    )
    role = models.CharField(_("rol"), max_length=20, choices=Role)
    since = models.DateTimeField(_("sinds"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("laatst bekeken"), null=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("lidmaatschap")
        verbose_name_plural = _("lidmaatschappen")
        triggers = [
            pgtrigger.Trigger(  # at the commit, whoever writes (product.md, rule 1)
                name="keeps_an_administrator",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Delete
                | pgtrigger.UpdateOf("role", "user_id", "organisation_id"),
                condition=pgtrigger.Q(old__role="administrator"),
                timing=pgtrigger.Deferred,
                func="""
                    PERFORM 1 FROM organisations_organisation
                        WHERE id = OLD.organisation_id FOR UPDATE;
                    IF NOT EXISTS (
                        SELECT 1 FROM organisations_membership member
                        JOIN accounts_user person ON person.id = member.user_id
                        WHERE member.organisation_id = OLD.organisation_id
                            AND member.role = 'administrator' AND person.is_active
                    ) AND EXISTS (  -- where all is merged, nobody is left
                        SELECT 1 FROM organisations_organisation
                        WHERE id = OLD.organisation_id AND merged_into_id IS NULL
                    ) THEN
                        RAISE EXCEPTION 'organisation % would have no administrator',
                            OLD.organisation_id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            takes_nothing_new(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="membership_is_one", fields=["organisation", "user"]
            )
        ]

    def __str__(self):
        return f"{self.user} ({self.get_role_display()})"

    @property
    def permissions(self):
        return PERMISSIONS[Role(self.role)]

    def others(self):
        """This person's places in other organisations, by name."""
        others = self.user.memberships.exclude(pk=self.pk).select_related(
            "organisation"
        )
        return others.order_by("organisation__name")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self):
        """Those that were neither accepted nor withdrawn, whether in time or not."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def found(self, words: str):
        """Those whose address has these words in it."""
        return self.filter(email__icontains=words)


class Invitation(models.Model):
    """One address that was asked to join one organisation: one row for ever.

    Asking again renews it in place: another link, another term, and the one before it is
    worth nothing. What happened to it before stands in the audit log.
    """

    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="invitations",
        verbose_name=_("organisatie"),
    )
    email = models.EmailField(_("e-mailadres"))
    role = models.CharField(_("rol"), max_length=20, choices=Role)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("uitgenodigd door"),
    )
    invited_at = models.DateTimeField(_("uitgenodigd"))
    expires_at = models.DateTimeField(_("geldig tot"))
    link_version = models.PositiveIntegerField(default=0)
    link_digest = models.CharField(max_length=64, unique=True)
    accepted_at = models.DateTimeField(_("aangenomen"), null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("aangenomen door"),
    )
    withdrawn_at = models.DateTimeField(_("ingetrokken"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("uitnodiging")
        verbose_name_plural = _("uitnodigingen")
        ordering = ["-invited_at"]
        triggers = [takes_nothing_new()]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), "organisation", name="invitation_is_one_an_address"
            ),
            models.CheckConstraint(
                name="invitation_is_accepted_by_somebody",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
            models.CheckConstraint(
                name="invitation_is_accepted_or_withdrawn",
                condition=Q(accepted_at=None) | Q(withdrawn_at=None),
            ),
        ]

    def __str__(self):
        return self.email

    @property
    def is_expired(self):
        return self.expires_at <= timezone.now()

    @property
    def state(self):
        """What came of it, in words."""
        if self.accepted_at:
            return _("aangenomen")
        if self.withdrawn_at:
            return _("ingetrokken")
        return _("verlopen") if self.is_expired else _("wacht op antwoord")

    def is_by_administrator(self):
        """Whether who asked may still ask: an administrator there, or staff who help."""
        inviter = self.invited_by
        administrators = self.organisation.memberships.administrators()
        return (inviter.is_active and inviter.is_staff) or administrators.filter(
            user=inviter
        ).exists()

    @property
    def asked_by(self):
        """Who asks, as the reader knows them: of the operator's staff nobody by name."""
        by = self.invited_by
        return settings.OPERATOR_NAME if by.is_staff else by.name

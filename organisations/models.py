import pgtrigger
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .roles import PERMISSIONS, Role


class LegalForm(models.TextChoices):
    SOLE_TRADER = "sole_trader", _("Eenmanszaak")
    PARTNERSHIP = "partnership", _("Vennootschap onder firma of maatschap")
    LIMITED_PARTNERSHIP = "limited_partnership", _("Commanditaire vennootschap")
    PRIVATE_COMPANY = "private_company", _("Besloten vennootschap")
    PUBLIC_COMPANY = "public_company", _("Naamloze vennootschap")
    FOUNDATION = "foundation", _("Stichting")
    ASSOCIATION = "association", _("Vereniging")
    COOPERATIVE = "cooperative", _("Coöperatie")
    PUBLIC_BODY = "public_body", _("Publiekrechtelijke rechtspersoon")
    OTHER = "other", _("Andere rechtsvorm")


class Organisation(models.Model):
    """One organisation that may use the APIs, known by its KVK number or a code of our own."""

    slug = models.SlugField(_("code"), max_length=20, unique=True, editable=False)
    kvk_number = models.CharField(_("KVK-nummer"), max_length=8, unique=True, null=True)
    name = models.CharField(_("naam"), max_length=200)
    legal_form = models.CharField(_("rechtsvorm"), max_length=30, choices=LegalForm)
    rsin = models.CharField(_("RSIN"), max_length=9, blank=True)
    street = models.CharField(_("straat en huisnummer"), max_length=200)
    postcode = models.CharField(_("postcode"), max_length=12)
    city = models.CharField(_("plaats"), max_length=100)
    country = models.CharField(_("land"), max_length=2, default="NL")
    postal_address = models.CharField(_("postadres"), max_length=300, blank=True)
    invoice_email = models.EmailField(_("e-mailadres voor facturen"))
    invoice_attention = models.CharField(
        _("ter attentie van"), max_length=200, blank=True
    )
    purchase_reference = models.CharField(
        _("inkoopreferentie"), max_length=60, blank=True
    )
    second_factor_from = models.DateField(
        _("tweede stap verplicht vanaf"), null=True, editable=False
    )
    created_at = models.DateTimeField(_("sinds"), auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership")

    class Meta:
        verbose_name = _("organisatie")
        verbose_name_plural = _("organisaties")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="organisation_kvk_number_is_eight_digits",
                condition=Q(kvk_number=None) | Q(kvk_number__regex=r"^[0-9]{8}$"),
            ),
            models.CheckConstraint(
                name="organisation_sole_trader_has_no_rsin",
                condition=~Q(legal_form="sole_trader") | Q(rsin=""),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def asks_second_factor(self):
        """Whether nobody gets in any more without one."""
        day = self.second_factor_from
        return day is not None and day <= timezone.localdate()


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
                    ) THEN
                        RAISE EXCEPTION 'organisation % would have no administrator',
                            OLD.organisation_id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            )
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
        Organisation, models.PROTECT, related_name="invitations"
    )
    email = models.EmailField(_("e-mailadres"))
    role = models.CharField(_("rol"), max_length=20, choices=Role)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    invited_at = models.DateTimeField(_("uitgenodigd"))
    expires_at = models.DateTimeField(_("geldig tot"))
    link_version = models.PositiveIntegerField(default=0)
    link_digest = models.CharField(max_length=64, unique=True)
    accepted_at = models.DateTimeField(_("aangenomen"), null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("ingetrokken"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("uitnodiging")
        verbose_name_plural = _("uitnodigingen")
        ordering = ["-invited_at"]
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

    def is_by_administrator(self):
        """Whether who asked may still ask: an administrator there, or staff who help."""
        inviter = self.invited_by
        administrators = self.organisation.memberships.administrators()
        return (inviter.is_active and inviter.is_staff) or administrators.filter(
            user=inviter
        ).exists()

import pgtrigger
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import encryption

from .own_login import domains
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
    postal_street = models.CharField(
        _("straat of postbus van het postadres"), max_length=200, blank=True
    )
    postal_postcode = models.CharField(
        _("postcode van het postadres"), max_length=12, blank=True
    )
    postal_city = models.CharField(
        _("plaats van het postadres"), max_length=100, blank=True
    )
    # Goes with the next release: the three above hold it (expand, deploy, contract).
    postal_address = models.CharField(max_length=300, blank=True, editable=False)
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


class ContactKind(models.TextChoices):
    CONTRACT = "contract", _("Contactpersoon voor de overeenkomst")
    TECHNICAL = "technical", _("Technisch contactpersoon")


class ContactQuerySet(models.QuerySet["Contact"]):
    def current(self):
        """Whom we write to now."""
        return self.filter(replaced_at=None)

    def of_kind(self, kind: ContactKind):
        """The current one of this kind, or None."""
        return self.current().filter(kind=kind).first()


class Contact(models.Model):
    """Whom we write or call about one matter of one organisation.

    Another person is another row. The row before it stays for PREVIOUS_CONTACT_DAYS: who
    was the contact until lately is told too of what could be a fraud.
    """

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="contacts"
    )
    kind = models.CharField(_("soort"), max_length=20, choices=ContactKind)
    name = models.CharField(_("naam"), max_length=200)
    function = models.CharField(_("functie"), max_length=100)
    email = models.EmailField(_("e-mailadres"))
    phone = models.CharField(_("telefoonnummer"), max_length=16)
    since = models.DateTimeField(_("sinds"), auto_now_add=True)
    replaced_at = models.DateTimeField(_("vervangen"), null=True, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contactpersoon")
        verbose_name_plural = _("contactpersonen")
        ordering = ["kind", "-since"]
        constraints = [
            models.UniqueConstraint(
                name="contact_is_one_a_kind",
                fields=["organisation", "kind"],
                condition=Q(replaced_at=None),
            )
        ]

    def __str__(self):
        return self.name


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

    @property
    def asked_by(self):
        """Who asks, as the reader knows them: of the operator's staff nobody by name."""
        by = self.invited_by
        return settings.OPERATOR_NAME if by.is_staff else by.name


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


class InterventionQuerySet(models.QuerySet["Intervention"]):
    def open(self):
        """Those that were not carried out, objected to or given up."""
        related = ("organisation", "user", "replaces")
        return self.filter(outcome="").select_related(*related).order_by("proposed_at")


class Intervention(models.Model):
    """What staff do where an organisation cannot help itself: two people, and a term.

    One proposes and another approves; the organisation is told at both, and any of its
    administrators who turns out to be there can object until it is carried out.
    """

    class Kind(models.TextChoices):
        APPOINT = "appoint", _("administrator aanstellen")
        SECOND_FACTOR = "second_factor", _("tweede stap weghalen")

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
                condition=Q(kind="appoint", user__isnull=False, email="")
                | (Q(kind="appoint", user=None, replaces=None) & ~Q(email=""))
                | Q(kind="second_factor", user__isnull=False, email="", replaces=None),
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
        names = {"person": self.user or self.email, "other": self.replaces}
        if self.kind == self.Kind.SECOND_FACTOR:
            return gettext("de tweede stap van %(person)s weghalen") % names
        if self.replaces_id:
            return (
                gettext("%(person)s administrator maken in plaats van %(other)s")
                % names
            )
        return gettext("%(person)s administrator maken") % names


class OwnLoginStatus(models.TextChoices):
    SET_UP = "set_up", _("Ingesteld")
    VERIFIED = "verified", _("Domein gecontroleerd")
    TRIED = "tried", _("Geprobeerd")
    ON = "on", _("Staat aan")
    ENFORCED = "enforced", _("Verplicht")


OWN_LOGIN_MOVES = {
    OwnLoginStatus.SET_UP: {OwnLoginStatus.VERIFIED},
    OwnLoginStatus.VERIFIED: {OwnLoginStatus.TRIED},
    OwnLoginStatus.TRIED: {OwnLoginStatus.ON},
    OwnLoginStatus.ON: {OwnLoginStatus.ENFORCED, OwnLoginStatus.TRIED},
    OwnLoginStatus.ENFORCED: {OwnLoginStatus.ON, OwnLoginStatus.TRIED},
}


class OwnLoginQuerySet(models.QuerySet["OwnLogin"]):
    def in_use(self):
        """Those through which members sign in."""
        return self.filter(status__in=[OwnLoginStatus.ON, OwnLoginStatus.ENFORCED])


class OwnLogin(models.Model):
    """The OpenID Connect provider through which an organisation's members can sign in.

    Only services/own_login.py moves its status. The code stands in its addresses; it is
    known at the provider, and stays the same whatever else changes.
    """

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, related_name="own_login"
    )
    code = models.SlugField(max_length=20, unique=True, editable=False)
    issuer = models.URLField(_("adres van de inlogdienst"))
    client_id = models.CharField(_("client-ID"), max_length=191)
    sealed_secret = models.BinaryField()
    domain = models.CharField(_("maildomein"), max_length=253)
    status = models.CharField(
        max_length=20,
        choices=OwnLoginStatus,
        default=OwnLoginStatus.SET_UP,
        editable=False,
    )
    record_missing_since = models.DateTimeField(null=True, editable=False)

    objects = OwnLoginQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="own_login_domain_is_of_one_organisation",
                fields=["domain"],
                condition=~Q(status="set_up"),
            ),
            models.CheckConstraint(
                name="own_login_domain_is_compared_in_lower_case",
                condition=Q(domain__regex=r"^[a-z0-9.-]+$"),
            ),
        ]

    def __str__(self):
        return f"{self.organisation}: {self.issuer}"

    @property
    def in_use(self):
        return self.status in (OwnLoginStatus.ON, OwnLoginStatus.ENFORCED)

    @property
    def secret(self):
        return encryption.decrypt(bytes(self.sealed_secret), bound_to=self._place)

    def seal(self, secret: str) -> None:
        """Encrypt it for this row and this provider: it is sent nowhere else."""
        self.sealed_secret = encryption.encrypt(secret, bound_to=self._place)

    @property
    def _place(self):
        return f"own login|{self.code}|{self.issuer}|{self.client_id}"

    def can_become(self, status):
        return status in OWN_LOGIN_MOVES[OwnLoginStatus(self.status)]

    def is_about(self, email: str) -> bool:
        """Whether an address lies in the domain of which the organisation showed it is theirs."""
        verified = self.status != OwnLoginStatus.SET_UP
        return verified and domains.of_address(email) == self.domain

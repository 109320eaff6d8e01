import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Length
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .bank_models import BankChange, masked


class Status(models.TextChoices):
    DRAFT = "draft", _("Concept")
    SUBMITTED = "submitted", _("Ingediend")
    CHANGES_REQUESTED = "changes_requested", _("Aanvulling gevraagd")
    CONTRACT_SENT = "contract_sent", _("Overeenkomst verstuurd")
    CONTRACT_RETURNED = "contract_returned", _("Overeenkomst retour")
    APPROVED = "approved", _("Goedgekeurd")
    WITHDRAWN = "withdrawn", _("Ingetrokken")
    REJECTED = "rejected", _("Afgewezen")
    EXPIRED = "expired", _("Verlopen")


_ENDS = {Status.WITHDRAWN, Status.REJECTED, Status.EXPIRED}
MOVES = {
    Status.DRAFT: {Status.SUBMITTED},
    Status.SUBMITTED: {
        Status.CHANGES_REQUESTED,
        Status.CONTRACT_SENT,
        Status.WITHDRAWN,
        Status.REJECTED,
    },
    Status.CHANGES_REQUESTED: {Status.SUBMITTED, *_ENDS},
    Status.CONTRACT_SENT: {Status.CONTRACT_RETURNED, *_ENDS},
    # back to "sent": what came back cannot be used, and is asked for once more
    Status.CONTRACT_RETURNED: {
        Status.APPROVED,
        Status.CONTRACT_SENT,
        Status.WITHDRAWN,
        Status.REJECTED,
    },
}
OPEN = [*MOVES]
WAITS_FOR_APPLICANT = [Status.CHANGES_REQUESTED, Status.CONTRACT_SENT]
DECIDED = Q(status__in=[Status.APPROVED, Status.REJECTED])
HAS_CONTRACT = Q(
    status__in=[Status.CONTRACT_SENT, Status.CONTRACT_RETURNED, Status.APPROVED]
)


class Volume(models.TextChoices):
    """How many requests a month an applicant expects; the numbers are upper bounds."""

    THOUSAND = "1000", _("Minder dan 1.000")
    TEN_THOUSAND = "10000", _("1.000 tot 10.000")
    HUNDRED_THOUSAND = "100000", _("10.000 tot 100.000")
    THREE_HUNDRED_THOUSAND = "300000", _("100.000 tot 300.000")
    MORE = "more", _("Meer dan 300.000")


class WrongState(Exception):
    """The application is not, or no longer, where this act is possible."""


def _answer(label, name):
    """A column that follows one answer, for searching and for constraints."""
    return models.GeneratedField(
        verbose_name=label,
        expression=Func(
            KT(f"answers__{name}"),
            Value("", output_field=models.TextField()),
            function="COALESCE",
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )


class ApplicationQuerySet(models.QuerySet):
    def drafts(self):
        """What is being filled in, and whose term is not over."""
        return self.filter(status=Status.DRAFT, expires_at__gt=timezone.now())

    def open_to(self, user):
        """What this person may go on with: a customer's only who began it."""
        return self.filter(Q(applicant=None) | Q(applicant=user.pk))

    def waiting_for_applicant(self):
        """Those that go on once the applicant does what was asked."""
        return self.filter(status__in=WAITS_FOR_APPLICANT)

    def came_to_nothing(self):
        """Those that ended without a contract."""
        return self.filter(status__in=_ENDS)

    def under_way(self):
        """Those that were sent in and may lead to a contract yet."""
        return self.submitted().filter(status__in=OPEN)

    def submitted(self):
        """All that staff may see: everything that was sent in at some time."""
        return self.exclude(submitted_at=None)


class Application(models.Model):
    """One organisation's request to use the APIs, from draft to decision.

    `answers` holds what was filled in, by field name (see forms.py); while a draft as
    typed, from submission on as checked. Only services.py moves the status.
    """

    reference = models.CharField(
        _("kenmerk"), max_length=20, unique=True, null=True, editable=False
    )
    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.DRAFT, editable=False
    )
    language = models.CharField(_("taal"), max_length=5, choices=settings.LANGUAGES)
    answers = models.JSONField(default=dict, editable=False)
    kvk_number = _answer(_("KVK-nummer"), "kvk_number")
    organisation_name = _answer(_("organisatie"), "name")
    contact_name = _answer(_("contactpersoon"), "contract_name")
    contact_email = _answer(_("e-mailadres"), "contract_email")

    created_at = models.DateTimeField(_("begonnen"), auto_now_add=True)
    expires_at = models.DateTimeField(_("concept bewaard tot"), editable=False)
    from_address = models.CharField(
        max_length=64, editable=False
    )  # digest, for rate limits
    link_version = models.PositiveIntegerField(default=0, editable=False)
    link_digest = models.CharField(
        max_length=64, unique=True, null=True, editable=False
    )
    email_confirmed_at = models.DateTimeField(
        _("e-mailadres bevestigd"), null=True, editable=False
    )
    customer = models.ForeignKey(  # who has a contract, and wants another one
        "organisations.Organisation",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="applications",
        verbose_name=_("bestaande klant"),
    )
    applicant = models.ForeignKey(  # the administrator who applies for that customer
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="applications",
    )

    submitted_at = models.DateTimeField(_("ingediend"), null=True, editable=False)
    status_since = models.DateTimeField(_("in deze status sinds"), auto_now_add=True)
    username = models.OneToOneField(
        "accounts.Username",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="application",
    )
    terms = models.ForeignKey(
        "DocumentTemplate", models.PROTECT, null=True, editable=False, related_name="+"
    )
    terms_agreed_at = models.DateTimeField(null=True, editable=False)

    contract_sent_at = models.DateTimeField(null=True, editable=False)
    contract_sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    contract_returned_at = models.DateTimeField(null=True, editable=False)
    reminders = models.PositiveSmallIntegerField(default=0, editable=False)
    reminded_at = models.DateTimeField(_("herinnerd"), null=True, editable=False)
    sign_again_reason = models.TextField(
        _("reden van opnieuw ondertekenen"), blank=True, editable=False
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    rejection_reason = models.TextField(
        _("reden van afwijzing"), blank=True, editable=False
    )

    erased_at = models.DateTimeField(_("gegevens gewist"), null=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("aanvraag")
        verbose_name_plural = _("aanvragen")
        ordering = ["status_since"]
        indexes = [
            models.Index(fields=["status", "status_since"]),
            models.Index(fields=["from_address", "created_at"]),
        ]
        permissions = [
            ("request_changes", "Kan om aanvulling vragen"),
            ("send_contract", "Kan de overeenkomst versturen"),
            ("register_return", "Kan de ontvangst van de overeenkomst registreren"),
            ("approve", "Kan goedkeuren"),
            ("reject", "Kan afwijzen"),
            ("renew_link", "Kan een nieuwe persoonlijke link sturen"),
        ]
        constraints = [
            models.CheckConstraint(
                name="application_submitted_is_complete",
                condition=Q(status=Status.DRAFT)
                | Q(
                    reference__isnull=False,
                    submitted_at__isnull=False,
                    terms__isnull=False,
                    terms_agreed_at__isnull=False,
                    link_digest__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="application_contract_is_signed_for",
                condition=~HAS_CONTRACT
                | Q(contract_sent_at__isnull=False, contract_sent_by__isnull=False),
            ),
            models.CheckConstraint(
                name="application_returned_before_approved",
                condition=~Q(status__in=[Status.CONTRACT_RETURNED, Status.APPROVED])
                | Q(contract_returned_at__isnull=False),
            ),
            models.CheckConstraint(
                name="application_decision_is_complete",
                condition=(
                    DECIDED & Q(decided_at__isnull=False, decided_by__isnull=False)
                )
                | (~DECIDED & Q(decided_at=None, decided_by=None)),
            ),
            models.CheckConstraint(
                name="application_reminded_while_waiting",
                condition=Q(reminders=0, reminded_at=None)
                | Q(
                    status__in=[*WAITS_FOR_APPLICANT, *sorted(_ENDS)],
                    reminders__gt=0,
                    reminded_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="application_of_a_customer_is_somebodys",
                condition=Q(customer=None, applicant=None)
                | Q(customer__isnull=False, applicant__isnull=False),
            ),
            models.CheckConstraint(
                name="application_erased_holds_nothing",
                condition=Q(erased_at=None)
                | Q(
                    status__in=sorted(_ENDS),
                    answers={},
                    from_address="",
                    sign_again_reason="",
                    username=None,
                    applicant=None,
                ),
            ),
            models.CheckConstraint(
                name="application_approved_by_another",
                condition=~Q(status=Status.APPROVED)
                | ~Q(decided_by=F("contract_sent_by")),
            ),
            models.CheckConstraint(
                name="application_rejection_has_a_reason",
                condition=~Q(status=Status.REJECTED) | ~Q(rejection_reason=""),
            ),
        ]

    def __str__(self):
        return self.reference or str(_("concept"))

    def can_become(self, status):
        return status in MOVES.get(Status(self.status), ())

    @property
    def is_open(self):
        return self.status in OPEN

    @property
    def waits_for_applicant(self):
        return self.status in WAITS_FOR_APPLICANT

    @property
    def link(self):
        """What private_links.token() needs to make this application's private link."""
        return ["application", self.pk, self.link_version]


class ChangeRequestQuerySet(models.QuerySet):
    def unanswered(self):
        """The one that waits for the applicant, or None."""
        return self.filter(answered_at=None).first()


class ChangeRequest(models.Model):
    """One time that staff asked the applicant for a completion, and the answer to it."""

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="change_requests"
    )
    fields = models.JSONField()  # names of answers
    reason = models.TextField(_("toelichting"))
    requested_at = models.DateTimeField(auto_now_add=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    before = models.JSONField()
    after = models.JSONField(null=True)
    answered_at = models.DateTimeField(null=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                name="change_request_is_one_at_a_time",
                fields=["application"],
                condition=Q(answered_at=None),
            )
        ]

    def __str__(self):
        return self.reason


class DocumentKind(models.TextChoices):
    CONTRACT = "contract", _("Overeenkomst")
    TERMS = "terms", _("Gebruikersvoorwaarden")
    SERVICE_LEVEL = "service_level", _("Service Garantie Document")
    MANDATE = "mandate", _("Incassomachtiging")
    SIGNED_CONTRACT = "signed_contract", _("Ondertekende overeenkomst")
    SIGNED_MANDATE = "signed_mandate", _("Ondertekende incassomachtiging")


FROM_THE_CUSTOMER = {DocumentKind.SIGNED_CONTRACT, DocumentKind.SIGNED_MANDATE}
OF_ONE = Q(application__isnull=False, bank_change=None) | Q(
    application=None, bank_change__isnull=False
)


class DocumentTemplateQuerySet(models.QuerySet):
    def in_force(self, kind, on):
        """The one Dutch template of this kind that is valid on this day, the newest first.

        Contracts are concluded in Dutch (product.md); a translation is for reading only.
        """
        return (
            self.filter(kind=kind, valid_from__lte=on, language="nl")
            .order_by("-valid_from", "-pk")
            .first()
        )


class DocumentTemplate(models.Model):
    """One version of one legal text, as a typst source. What was used is never changed."""

    kind = models.CharField(_("soort"), max_length=20, choices=DocumentKind)
    title = models.CharField(_("titel"), max_length=200)
    version = models.CharField(_("versie"), max_length=20)
    valid_from = models.DateField(_("geldig vanaf"))
    language = models.CharField(_("taal"), max_length=5, default="nl")
    source = models.TextField(_("bron (typst)"))

    objects = DocumentTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("documentsjabloon")
        verbose_name_plural = _("documentsjablonen")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                name="document_template_version_is_one",
                fields=["kind", "language", "version"],
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self):
        return f"{self.title} {self.version}"


class DocumentQuerySet(models.QuerySet):
    def of_organisation(self, organisation):
        """All that belongs to its contracts, whichever way it came; says to which."""
        of_contract = Coalesce("application__contract", "bank_change__contract")
        return self.annotate(contract_id=of_contract).filter(
            contract_id__in=organisation.contracts.all()
        )

    def described(self):
        """With the size in bytes and the version, and without the bytes."""
        sized = self.annotate(size=Length("content")).defer("content")
        return sized.select_related("template")


class Document(models.Model):
    """One file of an application or of a change of bank account: sent by us, or signed
    and returned. Never changed.
    """

    application = models.ForeignKey(
        Application, models.PROTECT, null=True, related_name="documents"
    )
    bank_change = models.ForeignKey(
        BankChange, models.PROTECT, null=True, related_name="documents"
    )
    kind = models.CharField(_("soort"), max_length=20, choices=DocumentKind)
    template = models.ForeignKey(
        DocumentTemplate, models.PROTECT, null=True, related_name="+"
    )
    name = models.CharField(_("naam"), max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("gemaakt"), auto_now_add=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # null: the applicant

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documenten")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(name="document_is_of_one", condition=OF_ONE),
            models.CheckConstraint(
                name="document_digest_is_true",
                condition=Q(
                    sha256=Func(
                        Func(
                            F("content"),
                            function="sha256",
                            output_field=models.BinaryField(),
                        ),
                        Value("hex"),
                        function="encode",
                        output_field=models.TextField(),
                    )
                ),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="goes_with_an_erased_application",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF EXISTS (SELECT FROM applications_application
                               WHERE id = OLD.application_id AND erased_at IS NOT NULL)
                    THEN RETURN OLD; END IF;
                    RAISE EXCEPTION 'a document is never deleted';
                """,
            ),
        ]

    def __str__(self):
        return self.name

    def as_attachment(self):
        """What mail needs to send it along: file name, bytes, media type."""
        return self.name, bytes(self.content), "application/pdf"


class Mandate(models.Model):
    """One SEPA direct debit mandate, made with a contract or for another bank account."""

    application = models.OneToOneField(
        Application, models.PROTECT, null=True, related_name="mandate"
    )
    bank_change = models.OneToOneField(
        BankChange, models.PROTECT, null=True, related_name="mandate"
    )
    reference = models.CharField(_("machtigingskenmerk"), max_length=35, unique=True)
    creditor_identifier = models.CharField(_("incassant-id"), max_length=35)
    iban = models.CharField("IBAN", max_length=34)
    account_holder = models.CharField(_("rekeninghouder"), max_length=70)
    signed_on = models.DateField(_("ondertekend retour"), null=True)

    class Meta:
        verbose_name = _("machtiging")
        verbose_name_plural = _("machtigingen")
        constraints = [
            models.CheckConstraint(name="mandate_is_of_one", condition=OF_ONE),
            models.CheckConstraint(
                name="mandate_reference_is_sepa",
                condition=Q(reference__regex=r"^[A-Za-z0-9]{1,35}$"),
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def masked(self):
        """The account, as the pages of its organisation show it."""
        return masked(self.iban)


class ContractQuerySet(models.QuerySet):
    def over(self):
        """Whose last day is past, and that were not ended yet."""
        return self.filter(ends_on__lt=timezone.localdate(), ended_at=None)


class Contract(models.Model):
    """The agreement with one organisation that one approved application led to."""

    number = models.CharField(_("contractnummer"), max_length=20, unique=True)
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="contracts"
    )
    application = models.OneToOneField(
        Application, models.PROTECT, related_name="contract"
    )
    api_key = models.OneToOneField("apikeys.ApiKey", models.PROTECT, related_name="+")
    starts_on = models.DateField(_("ingangsdatum"))
    ends_on = models.DateField(_("einddatum"), null=True, blank=True)  # the last day
    cancelled_at = models.DateTimeField(_("opgezegd"), null=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("opgezegd door"),
    )
    cancellation_reason = models.TextField(
        _("reden van opzegging"), blank=True, editable=False
    )
    ended_at = models.DateTimeField(_("beëindigd"), null=True, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("overeenkomst")
        verbose_name_plural = _("overeenkomsten")
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="contract_cancellation_is_complete",
                condition=Q(
                    cancelled_at=None,
                    cancelled_by=None,
                    ends_on=None,
                    ended_at=None,
                    cancellation_reason="",
                )
                | Q(
                    cancelled_at__isnull=False,
                    cancelled_by__isnull=False,
                    ends_on__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="contract_ends_after_it_starts",
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
            ),
        ]

    def __str__(self):
        return self.number

    @property
    def is_over(self):
        return self.ends_on is not None and self.ends_on < timezone.localdate()

    def mandate_in_force(self):
        """The mandate by which is collected today; None: by invoice."""
        last = self.bank_changes.filter(in_force_at__isnull=False).first()
        return last.mandate if last else getattr(self.application, "mandate", None)

import datetime

import pgtrigger
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Concat, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.searching import by_letters
from organisations.models import Organisation
from organisations.models.organisations import takes_nothing_new
from organisations.own_login.domains import PUBLIC_MAILBOXES

from .statuses import (
    DECIDED,
    ENDS,
    HAS_CONTRACT,
    MOVES,
    OPEN,
    WAITS_FOR_APPLICANT,
    WAITS_FOR_US,
    Status,
)


class Volume(models.TextChoices):
    """How many requests a month an applicant expects; the numbers are upper bounds."""

    THOUSAND = "1000", _("Minder dan 1.000")
    TEN_THOUSAND = "10000", _("1.000 tot 10.000")
    HUNDRED_THOUSAND = "100000", _("10.000 tot 100.000")
    THREE_HUNDRED_THOUSAND = "300000", _("100.000 tot 300.000")
    MORE = "more", _("Meer dan 300.000")


SEARCHED = [
    "kvk_number", "name", "contract_name", "contract_email", "account_email", "username",
]  # fmt: skip


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


NAMED = Q(rejection_in_own_words=True, rejection_reply=None) | Q(
    rejection_in_own_words=False, rejection_reply__isnull=False
)


def handled_since():
    """What waits for us since before this moment is overdue."""
    return timezone.now() - datetime.timedelta(days=settings.HANDLING_DAYS)


def _is_customer():
    with_number = Organisation.objects.filter(kvk_number=OuterRef("kvk_number"))
    return Exists(with_number)


def is_nobodys():
    """Of an application: nobody took it on, or who did works here no more."""
    left = get_user_model().objects.filter(is_active=False).values("pk")
    return Q(assignee=None) | Q(assignee__in=left)


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

    def running(self):
        """What was sent in and has not ended."""
        return self.filter(status__in=OPEN).exclude(status=Status.DRAFT)

    def waiting_for_us(self):
        """Those on which staff are to act now; not while the address is unconfirmed."""
        unconfirmed = Q(status=Status.SUBMITTED, email_confirmed_at=None)
        return self.filter(~unconfirmed, status__in=WAITS_FOR_US)

    def confirmed(self):
        """Those that were sent in by the reader of the address, and wait for a contract."""
        return self.filter(status=Status.SUBMITTED, email_confirmed_at__isnull=False)

    def unconfirmed(self):
        """Those that wait until the applicant confirms the address."""
        return self.filter(status=Status.SUBMITTED, email_confirmed_at=None)

    def overdue(self):
        """Those that wait for us longer than we set ourselves (PORTAL_HANDLING_DAYS)."""
        since = handled_since()
        waiting = self.waiting_for_us().filter(status_since__lt=since)
        return waiting.exclude(email_confirmed_at__gte=since)

    def of_same_number(self, application):
        """The others with its KVK number, open or past."""
        others = self.submitted().exclude(pk=application.pk)
        number = application.kvk_number
        return others.filter(kvk_number=number) if number else self.none()

    def of_same_mail_domain(self, application):
        """The others whose contact has an address at the same organisation."""
        others, domain = (
            self.submitted().exclude(pk=application.pk),
            application.email_domain,
        )
        if not domain or domain in PUBLIC_MAILBOXES:
            return self.none()
        return others.filter(email_domain=domain)

    def of_nobody(self):
        """Those that none of the colleagues of today has taken on."""
        return self.filter(is_nobodys())

    def of_customers(self):
        """Those whose KVK number is a customer's already."""
        return self.filter(_is_customer())

    def of_newcomers(self):
        """Those whose KVK number is no customer's, or that have none."""
        return self.filter(~_is_customer())

    def came_to_nothing(self):
        """Those that ended without a contract."""
        return self.filter(status__in=ENDS)

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
    email_domain = models.GeneratedField(
        expression=Lower(
            Func(
                KT("answers__contract_email"),
                Value("@"),
                Value(2),
                function="SPLIT_PART",
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(null=True),
        db_persist=True,
    )

    searched = models.GeneratedField(  # all that staff find an application by
        expression=Concat(
            "reference",
            *(
                part
                for name in SEARCHED
                for part in (Value(" "), KT(f"answers__{name}"))
            ),
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

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
    contract_returned_by = models.ForeignKey(  # who of staff said so; none: uploaded
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
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
    rejection_reply = models.ForeignKey(  # by which staff named the reason
        "ReplyTemplate", models.PROTECT, null=True, editable=False, related_name="+"
    )
    rejection_in_own_words = models.BooleanField(  # None: it was not kept yet
        null=True, editable=False
    )

    erased_at = models.DateTimeField(_("gegevens gewist"), null=True, editable=False)

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="assigned_applications",
        verbose_name=_("behandelaar"),
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("aanvraag")
        verbose_name_plural = _("aanvragen")
        ordering = ["status_since"]
        triggers = [
            takes_nothing_new(
                "customer_id", pgtrigger.Insert | pgtrigger.UpdateOf("customer_id")
            )
        ]
        indexes = [
            models.Index(fields=["status", "status_since"]),
            models.Index(fields=["status_since"]),
            models.Index(fields=["kvk_number"]),
            models.Index(fields=["submitted_at"]),
            models.Index(  # the queue, of however many that came before
                fields=["status_since", "-id"],
                condition=Q(status__in=WAITS_FOR_US),
                name="application_waits_for_us",
            ),
            models.Index(
                fields=["status_since", "-id"],
                condition=Q(status=Status.SUBMITTED, email_confirmed_at=None),
                name="application_unconfirmed",
            ),
            models.Index(
                fields=["organisation_name", "-id"], name="application_by_name"
            ),
            models.Index(
                KeyTransform("payment_method", "answers"),
                "status_since",
                name="application_by_payment",
            ),
            by_letters("searched", name="application_searched"),
            models.Index(fields=["email_domain"]),
            models.Index(fields=["from_address", "created_at"]),
        ]
        permissions = [
            ("request_changes", "Kan om aanvulling vragen"),
            ("send_contract", "Kan de overeenkomst versturen"),
            ("register_return", "Kan de ontvangst van de overeenkomst registreren"),
            ("approve", "Kan goedkeuren"),
            ("reject", "Kan afwijzen"),
            ("assign", "Kan aanvragen oppakken en toewijzen"),
            ("begin_for_caller", "Kan namens een beller een aanvraag beginnen"),
            ("correct", "Kan typefouten verbeteren"),
            ("check", "Kan gegevens nakijken"),
            ("write_note", "Kan notities schrijven"),
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
                    status__in=[*WAITS_FOR_APPLICANT, *sorted(ENDS)],
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
                    status__in=sorted(ENDS),
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
                name="application_return_approved_by_another",
                condition=~Q(status=Status.APPROVED)
                | Q(contract_returned_by=None)
                | ~Q(decided_by=F("contract_returned_by")),
            ),
            models.CheckConstraint(
                name="application_rejection_has_a_reason",
                condition=~Q(status=Status.REJECTED) | ~Q(rejection_reason=""),
            ),
            models.CheckConstraint(
                name="application_rejection_is_named_or_in_own_words",
                condition=Q(rejection_in_own_words=None, rejection_reply=None)
                | (Q(status=Status.REJECTED) & NAMED),
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
    def waits_for_us(self):
        unconfirmed = (
            self.status == Status.SUBMITTED and self.email_confirmed_at is None
        )
        return self.status in WAITS_FOR_US and not unconfirmed

    @property
    def is_overdue(self):
        confirmed = self.email_confirmed_at or self.status_since
        return self.waits_for_us and max(self.status_since, confirmed) < handled_since()

    @property
    def begun_by_staff(self):
        """Whether a draft was opened for somebody who called."""
        return not self.from_address

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

import hashlib

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Length
from django.utils.translation import gettext_lazy as _

from .applications import Application
from .bank import BankChange


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
    def published(self):
        """Those that a second person published; the others are drafts."""
        return self.filter(published_at__isnull=False)

    def in_force(self, kind, on):
        """The one Dutch template of this kind that is valid on this day, the newest first.

        Contracts are concluded in Dutch (product.md); a translation is for reading only.
        """
        return (
            self.published()
            .filter(kind=kind, valid_from__lte=on, language="nl")
            .order_by("-valid_from", "-pk")
            .first()
        )


class DocumentTemplate(models.Model):
    """One version of one legal text, as a typst source: a draft, until somebody else than
    who wrote it publishes it. From then on it is never changed.
    """

    kind = models.CharField(_("soort"), max_length=20, choices=DocumentKind)
    title = models.CharField(_("titel"), max_length=200)
    version = models.CharField(_("versie"), max_length=20)
    valid_from = models.DateField(_("geldig vanaf"))
    language = models.CharField(_("taal"), max_length=5, default="nl")
    source = models.TextField(_("bron (typst)"))
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("geschreven door"),
    )  # null: it came with the portal
    published_at = models.DateTimeField(_("gepubliceerd"), null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("gepubliceerd door"),
    )

    objects = DocumentTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("documentsjabloon")
        verbose_name_plural = _("documentsjablonen")
        ordering = ["kind", "-valid_from"]
        permissions = [
            ("publish_documenttemplate", _("Mag een documentsjabloon publiceren"))
        ]
        constraints = [
            models.CheckConstraint(
                name="document_template_published_by_another",
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, written_by=None, published_by=None)
                | Q(
                    ~Q(published_by=F("written_by")),
                    published_at__isnull=False,
                    published_by__isnull=False,
                    written_by__isnull=False,
                ),
            ),
            models.UniqueConstraint(
                name="document_template_version_is_one",
                fields=["kind", "language", "version"],
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_changed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            )
        ]

    def __str__(self):
        return f"{self.title} {self.version}"

    @property
    def digest(self):
        """Of all that a reader of this version could have seen, to publish just that."""
        parts = [self.kind, self.title, self.version, self.language, self.source]
        text = "\0".join([*parts, self.valid_from.isoformat()])
        return hashlib.sha256(text.encode()).hexdigest()


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

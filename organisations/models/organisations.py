import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.searching import by_letters


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


def takes_nothing_new(
    column: str = "organisation_id", when: pgtrigger.Operation = pgtrigger.Insert
) -> pgtrigger.Trigger:
    """Refuse a row that begins at an organisation which merged into another."""
    return pgtrigger.Trigger(
        name="not_where_all_is_merged",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=when,
        func=f"""
            IF EXISTS (SELECT 1 FROM organisations_organisation
                       WHERE id = NEW.{column} AND merged_into_id IS NOT NULL) THEN
                RAISE EXCEPTION 'organisation % merged into another', NEW.{column}
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,  # noqa: S608  # names of ours
    )


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
    blocked_at = models.DateTimeField(_("geblokkeerd"), null=True, editable=False)
    blocked_reason = models.CharField(
        _("reden van de blokkade"), max_length=300, blank=True, editable=False
    )
    merged_into = models.ForeignKey(  # a double; what it has is there now
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="doubles",
        verbose_name=_("samengevoegd met"),
    )
    merged_at = models.DateTimeField(_("samengevoegd op"), null=True, editable=False)
    created_at = models.DateTimeField(_("sinds"), auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership")

    class Meta:
        verbose_name = _("organisatie")
        verbose_name_plural = _("organisaties")
        ordering = ["name"]
        indexes = [
            by_letters(column, name=f"organisation_by_{column}")
            for column in ("name", "kvk_number", "slug")
        ]
        permissions = [
            ("block_organisation", "Kan een organisatie blokkeren"),
            ("merge_organisation", "Kan organisaties samenvoegen"),
        ]
        triggers = [  # whoever writes: processes that answer gateways listen
            pgtrigger.Trigger(
                name="tells_gateways",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("blocked_at"),
                func="PERFORM pg_notify('portal_keys', 'of ' || NEW.slug); RETURN NULL;",
            ),
            pgtrigger.Trigger(
                name="merges_once",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("merged_into", "merged_at"),
                func="""
                    IF OLD.merged_into_id IS NOT NULL THEN
                        RAISE EXCEPTION 'a merge of organisations is not undone'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (SELECT 1 FROM organisations_organisation other
                               WHERE other.merged_into_id = NEW.id
                               OR (other.id = NEW.merged_into_id
                                   AND other.merged_into_id IS NOT NULL)) THEN
                        RAISE EXCEPTION 'merges of organisations make no chain'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="organisation_is_blocked_for_a_reason",
                condition=Q(blocked_at=None, blocked_reason="")
                | (Q(blocked_at__isnull=False) & ~Q(blocked_reason="")),
            ),
            models.CheckConstraint(
                name="organisation_merge_is_complete",
                condition=Q(merged_into=None, merged_at=None)
                | Q(
                    ~Q(merged_into=F("pk")),
                    merged_into__isnull=False,
                    merged_at__isnull=False,
                ),
            ),
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

    def open_interventions(self):
        """What staff propose about it, and an administrator can object to."""
        return self.interventions.model.objects.about(self).open()

    def with_doubles(self) -> list[int]:
        """Its own id and those of what merged into it: where its history stands."""
        return [self.pk, *self.doubles.values_list("pk", flat=True)]


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

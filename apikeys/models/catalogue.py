"""What the operator offers: APIs, the subscriptions that contain them, and prices."""

import datetime

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.fields.ranges import RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Api(models.Model):
    """One API of the operator, as a gateway names it in X-Api."""

    slug = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("naam"), max_length=100)
    version = models.CharField(_("versie"), max_length=10)
    path = models.CharField(_("pad"), max_length=200, help_text=_("Na het basisadres."))
    example = models.CharField(
        _("voorbeeldaanroep"),
        max_length=200,
        blank=True,
        help_text=_("Het pad met gegevens uit de testomgeving."),
    )
    summary = models.CharField(_("omschrijving"), max_length=300)
    summary_en = models.CharField(_("omschrijving (Engels)"), max_length=300)

    class Meta:
        verbose_name = _("API")
        verbose_name_plural = _("API's")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.name} {self.version}"

    def described(self) -> str:
        """What it gives, in the reader's language."""
        return self.summary_en if get_language() == "en" else self.summary


class Product(models.Model):
    """What an organisation applies for and pays: a subscription that contains APIs."""

    slug = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("naam"), max_length=100)
    summary = models.CharField(_("omschrijving"), max_length=300)
    summary_en = models.CharField(_("omschrijving (Engels)"), max_length=300)
    apis = models.ManyToManyField(Api, related_name="products", verbose_name=_("API's"))
    on_offer = models.BooleanField(_("aan te vragen"), default=True)
    position = models.PositiveSmallIntegerField(_("volgorde"), default=0)
    calls_per_month = models.PositiveBigIntegerField(
        _("bevragingen per maand"),
        null=True,
        blank=True,
        default=300_000,
        help_text=_("Van alle API-keys van een organisatie samen. Leeg: geen grens."),
    )
    calls_per_second = models.PositiveIntegerField(
        _("bevragingen per seconde"),
        null=True,
        blank=True,
        default=100,
        help_text=_("Van één API-key. De gateway houdt dit tegen. Leeg: geen grens."),
    )

    class Meta:
        verbose_name = _("abonnement")
        verbose_name_plural = _("abonnementen")
        ordering = ["position", "pk"]

    def __str__(self):
        return self.name

    @classmethod
    def named(cls) -> list[tuple[str, str]]:
        """Code and name of each, whether on offer (still) or not."""
        return list(cls.objects.values_list("slug", "name"))

    def described(self) -> str:
        """What it is for, in the reader's language."""
        return self.summary_en if get_language() == "en" else self.summary


class PriceUnit(models.TextChoices):
    KEY_MONTH = "key_month", _("per API-key per maand")
    REQUEST = "request", _("per bevraging")
    YEAR = "year", _("per jaar")


class PriceQuerySet(models.QuerySet["Price"]):
    def valid_on(self, day: datetime.date):
        """What is charged for what is used on that day."""
        return self.filter(
            Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day
        )


VALID = Func(  # its days, the last one too; without a last one: for good
    F("valid_from"),
    F("valid_until"),
    Value("[]"),
    function="daterange",
    output_field=DateRangeField(),
)
OF_API = Coalesce(F("api_id"), Value(0), output_field=models.BigIntegerField())

# Months that are over cost what they cost. The clock here is UTC: the services count in
# the operator's time, which is never behind it.
STAYS_WHAT_IT_WAS = """
IF TG_OP <> 'INSERT' AND OLD.valid_from < date_trunc('month', CURRENT_DATE) THEN
    IF TG_OP = 'UPDATE'
        AND (OLD.product_id, OLD.api_id, OLD.unit, OLD.amount, OLD.valid_from)
            IS NOT DISTINCT FROM
            (NEW.product_id, NEW.api_id, NEW.unit, NEW.amount, NEW.valid_from)
        AND COALESCE(LEAST(OLD.valid_until, NEW.valid_until), 'infinity')
            >= date_trunc('month', CURRENT_DATE) - INTERVAL '1 day'
    THEN
        RETURN NEW;
    END IF;
ELSIF TG_OP = 'DELETE' THEN
    RETURN OLD;
ELSIF NEW.valid_from >= date_trunc('month', CURRENT_DATE) THEN
    RETURN NEW;
END IF;
RAISE EXCEPTION 'what was charged in a month that is over stays what it was';
"""


class Price(models.Model):
    """What one unit of a product costs while the price is valid, in euro, exempt from VAT.

    On a day there is at most one of a product, API and unit. What a past month was charged
    by does not change: another price is another row, from a day on.
    """

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="prices", verbose_name=_("abonnement")
    )
    api = models.ForeignKey(
        Api,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="prices",
        verbose_name=_("API"),
        help_text=_("Leeg: voor alle API's van het abonnement zonder eigen prijs."),
    )
    unit = models.CharField(_("eenheid"), max_length=20, choices=PriceUnit)
    amount = models.DecimalField(
        _("bedrag"),
        max_digits=12,
        decimal_places=4,
        validators=[MinValueValidator(0)],
        help_text=_("In euro, vrijgesteld van btw."),
    )
    valid_from = models.DateField(_("geldig vanaf"))
    valid_until = models.DateField(
        _("geldig tot en met"),
        null=True,
        blank=True,
        help_text=_("Leeg: tot er een andere prijs komt."),
    )

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("prijs")
        verbose_name_plural = _("prijzen")
        ordering = ["product", "unit", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="price_is_one_a_day",
                expressions=[
                    ("product", RangeOperators.EQUAL),
                    (OF_API, RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    (VALID, RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="price_is_valid_for_a_day",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(name="price_is_no_gift", condition=Q(amount__gte=0)),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="stays_what_it_was",
                when=pgtrigger.Before,
                level=pgtrigger.Row,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=STAYS_WHAT_IT_WAS,
            )
        ]

    def __str__(self):
        return f"€ {self.amount} {self.get_unit_display()}"

    def overlapping(self) -> models.QuerySet["Price"]:
        """Other prices of the same thing that are valid on one of its days."""
        same = Price.objects.exclude(pk=self.pk).filter(
            Q(valid_until=None) | Q(valid_until__gte=self.valid_from),
            product=self.product_id,
            api=self.api_id,
            unit=self.unit,
        )
        return (
            same.filter(valid_from__lte=self.valid_until) if self.valid_until else same
        )

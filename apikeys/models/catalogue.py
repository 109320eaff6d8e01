"""What the operator offers: APIs, the subscriptions that contain them, and prices."""

import datetime

from django.db import models
from django.db.models import Q
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


class Price(models.Model):
    """What one unit of a product costs while the price is valid, in euro, exempt from VAT."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="prices")
    api = models.ForeignKey(
        Api, models.CASCADE, null=True, blank=True, related_name="prices"
    )
    unit = models.CharField(_("eenheid"), max_length=20, choices=PriceUnit)
    amount = models.DecimalField(_("bedrag"), max_digits=12, decimal_places=4)
    valid_from = models.DateField(_("geldig vanaf"))
    valid_until = models.DateField(_("geldig tot en met"), null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("prijs")
        verbose_name_plural = _("prijzen")
        ordering = ["product", "unit", "valid_from"]

    def __str__(self):
        return f"€ {self.amount} {self.get_unit_display()}"

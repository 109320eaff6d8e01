"""The catalogue of the default configuration; staff change it in the admin."""

from datetime import date
from decimal import Decimal

from django.db import migrations

APIS = [  # slug, name, version, path, example, summary, summary_en
    (
        "zoeken", "Zoeken", "v2", "/v2/zoeken", "/v2/zoeken?kvkNummer=68750110",
        "Vind een inschrijving op naam, adres of nummer.",
        "Find a registration by name, address or number.",
    ),
    (
        "basisprofiel", "Basisprofiel", "v1",
        "/v1/basisprofielen/{kvkNummer}", "/v1/basisprofielen/68750110",
        "De basisgegevens van een inschrijving, met eigenaar en hoofdvestiging.",
        "The main data of a registration, with its owner and main branch.",
    ),
    (
        "vestigingsprofiel", "Vestigingsprofiel", "v1",
        "/v1/vestigingsprofielen/{vestigingsnummer}",
        "/v1/vestigingsprofielen/000037178598",
        "De gegevens van één vestiging, zoals adres en activiteiten.",
        "The data of one branch, such as its address and activities.",
    ),
    (
        "naamgeving", "Naamgeving", "v1",
        "/v1/naamgevingen/kvknummer/{kvkNummer}", "/v1/naamgevingen/kvknummer/68750110",
        "De statutaire naam en de handelsnamen van een inschrijving.",
        "The statutory name and the trade names of a registration.",
    ),
    (
        "mutatieservice", "Mutatieservice", "v1", "/v1/abonnementen", "/v1/abonnementen",
        "Signalen over wijzigingen in inschrijvingen die je volgt.",
        "Signals of changes in the registrations that you follow.",
    ),
]  # fmt: skip
PRODUCTS = [  # slug, name, summary, summary_en, APIs
    (
        "api-abonnement", "API-abonnement",
        "Zoek organisaties op en haal hun gegevens op: vier API's met één aansluiting.",
        "Look organisations up and get their data: four APIs with one connection.",
        ["zoeken", "basisprofiel", "vestigingsprofiel", "naamgeving"],
    ),
    (
        "mutatieservice", "Mutatieservice",
        "Krijg bericht als er iets verandert bij de organisaties die je volgt.",
        "Be told when something changes at the organisations that you follow.",
        ["mutatieservice"],
    ),
]  # fmt: skip
MONTHLY = [(2023, "5.20", "0.016"), (2024, "6.00", "0.019"), (2025, "6.20", "0.02"),
           (2026, "6.40", "0.02")]  # fmt: skip
CHARGED_PER_REQUEST = ["basisprofiel", "vestigingsprofiel", "naamgeving"]


def add(apps, schema_editor):
    Api, Product, Price = (apps.get_model("apikeys", name) for name in ("Api", "Product", "Price"))
    fields = ["slug", "name", "version", "path", "example", "summary", "summary_en"]
    apis = {row[0]: Api.objects.create(**dict(zip(fields, row, strict=True))) for row in APIS}
    products = {}
    for position, (slug, name, summary, summary_en, contains) in enumerate(PRODUCTS, start=1):
        products[slug] = Product.objects.create(
            slug=slug, name=name, summary=summary, summary_en=summary_en, position=position
        )
        products[slug].apis.set(apis[api] for api in contains)

    def price(product, unit, amount, year, *, until=None, api=None):
        Price.objects.create(
            product=products[product], api=apis.get(api), unit=unit, amount=Decimal(amount),
            valid_from=date(year, 1, 1), valid_until=until,
        )  # fmt: skip

    for year, key_month, request in MONTHLY:
        until = date(year, 12, 31) if year != MONTHLY[-1][0] else None
        price("api-abonnement", "key_month", key_month, year, until=until)
        for api in CHARGED_PER_REQUEST:
            price("api-abonnement", "request", request, year, until=until, api=api)
    price("api-abonnement", "request", "0", MONTHLY[0][0], api="zoeken")
    price("mutatieservice", "year", "1279", 2026)


def keep(apps, schema_editor):
    """Backwards the catalogue stays: organisations may have subscribed to it."""


class Migration(migrations.Migration):
    dependencies = [("apikeys", "0002_block_and_example")]
    operations = [migrations.RunPython(add, keep)]

"""The demo: fictional people and companies of the KVK test register, and nothing real."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from apikeys import services as apikeys
from apikeys.models import Product
from applications.models import Application, Status
from applications.services import following
from organisations.models import LegalForm, Organisation
from organisations.roles import Role
from organisations.services import members as organisations
from portal.management import world
from portal.management.world import PASSWORD

MEMBERS = {
    "beheerder": ("Bea Beheer", Role.ADMINISTRATOR),
    "ontwikkelaar": ("Otto Ontwikkel", Role.DEVELOPER),
}


class Command(BaseCommand):
    help = "Load the demo, once; refuses where PORTAL_DEMO is off."

    def handle(self, **options):
        if not settings.DEMO:
            raise CommandError("PORTAL_DEMO is off: no demo data here.")
        if not User.objects.filter(username="intake").exists():
            with transaction.atomic():
                load()


def load():
    staff = {
        group: world.staff_member(group, who) for group, who in world.STAFF.items()
    }
    katrien = _katrien(staff["contracten"])
    apikeys.issue(
        katrien,
        products=Product.objects.filter(slug="api-abonnement"),
        name="Klantregistratie",
        by=staff["contracten"],
    )
    _apply("69599084", "Test EMZ Dagobert", LegalForm.SOLE_TRADER, "dagobert")
    guus = _apply("69599076", "Test VOF Guus", LegalForm.PARTNERSHIP, "guus")
    following.confirm_email(guus)
    world.bring(guus, Status.CONTRACT_RETURNED, by=staff.__getitem__)


def _katrien(by) -> Organisation:
    organisation = organisations.found(
        slug="68727720",
        kvk_number="68727720",
        name="Test NV Katrien",
        legal_form=LegalForm.PUBLIC_COMPANY,
        invoice_email="facturen@katrien.example",
        **world.ADDRESS,
        by=by,
    )
    for username, (name, role) in MEMBERS.items():
        user = User.objects.create_user(
            username, f"{username}@katrien.example", PASSWORD, name=name
        )
        organisations.add_member(organisation, user, role=role, by=by)
    return organisation


def _apply(kvk_number, name, legal_form, username) -> Application:
    email = f"{username}@{username}.example"
    person = {
        "contract_name": f"{username.title()} Demo",
        "contract_email": email,
        "account_name": f"{username.title()} Demo",
        "account_email": email,
        "invoice_email": email,
    }
    organisation = {"kvk_number": kvk_number, "name": name, "legal_form": legal_form}
    application = world.draft(
        {**organisation, **person, "username": username}, from_address="demo"
    )
    world.submit(application)
    return application

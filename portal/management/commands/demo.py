"""The demo: fictional people and companies of the KVK test register, and nothing real."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from apikeys import services as apikeys
from apikeys.models import Product
from applications.models import Application
from applications.services import drafting, following, handling
from organisations.models import LegalForm, Organisation
from organisations.roles import Role
from organisations.services import members as organisations

PASSWORD = "Demo-wachtwoord-1"  # noqa: S105
STAFF = {
    "intake": "Inge Intake",
    "contracten": "Coen Contract",
    "support": "Sara Support",
}
MEMBERS = {
    "beheerder": ("Bea Beheer", Role.ADMINISTRATOR),
    "ontwikkelaar": ("Otto Ontwikkel", Role.DEVELOPER),
}
ADDRESS = {
    "street": "Voorbeeldstraat 1",
    "postcode": "1234 AB",
    "city": "Voorbeeldstad",
}
ANSWERS = {
    "products": ["api-abonnement"],
    "key_name": "Klantregistratie",
    "purpose": "Adressen van klanten nazoeken.",
    "expected_calls": "10000",
    "branch": "kvk",
    **ADDRESS,
    "postal_same": True,
    "contract_function": "Inkoper",
    "contract_phone": "020 555 12 34",
    "technical_same": True,
    "signing": "alone",
    "signatory_same": True,
    "payment_method": "invoice",
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
    staff = {username: _staff(username, name) for username, name in STAFF.items()}
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
    handling.send_contract(guus, by=staff["intake"])
    handling.register_return(guus, by=staff["intake"])


def _staff(username, name):
    user = User.objects.create_user(
        username, f"{username}@portaal.example", PASSWORD, name=name, is_staff=True
    )
    user.groups.add(Group.objects.get(name=username))
    return user


def _katrien(by) -> Organisation:
    organisation = organisations.found(
        slug="68727720",
        kvk_number="68727720",
        name="Test NV Katrien",
        legal_form=LegalForm.PUBLIC_COMPANY,
        invoice_email="facturen@katrien.example",
        **ADDRESS,
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
    application = drafting.begin(language="nl", from_address="demo")
    person = {
        "contract_name": f"{username.title()} Demo",
        "contract_email": email,
        "account_name": f"{username.title()} Demo",
        "account_email": email,
        "invoice_email": email,
    }
    organisation = {"kvk_number": kvk_number, "name": name, "legal_form": legal_form}
    answers = {**ANSWERS, **organisation, **person, "username": username}
    drafting.save_answers(application, answers)
    drafting.submit(application, terms=drafting.terms_in_force(), language="nl")
    return application

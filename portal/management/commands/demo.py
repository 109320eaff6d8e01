"""The demo: fictional people and companies of the KVK test register, and nothing real."""

from collections.abc import Callable

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from apikeys import budgets, monthly, notices, statements
from apikeys.models import (
    Api,
    Budget,
    Measure,
    Notice,
    NoticeKind,
    UsageDay,
    UsageMail,
)
from apikeys.reading.periods import months_before
from applications.models import Application, Status
from applications.services import billing, following
from organisations.models import LegalForm, Organisation
from organisations.roles import Role
from organisations.services import inviting, members
from portal.management import used, world
from portal.management.world import PASSWORD

KATRIEN = "68727720"
MAINTENANCE = {
    "title": "Zaterdag van 6 tot 8 uur",
    "title_en": "Saturday from 6 to 8",
    "text": "In die tijd kan een bevraging mislukken. Probeer het dan later nog eens.",
    "text_en": "In that time a request may fail. Try it again later.",
}
END = {
    "title": "Basisprofiel v1 stopt op 1 juli",
    "title_en": "Basisprofiel v1 ends on 1 July",
    "text": "Ga voor die dag over op v2. De velden heten hetzelfde.",
    "text_en": "Move to v2 before that day. The fields have the same names.",
}


class Command(BaseCommand):
    help = "Load the demo, once; refuses where PORTAL_DEMO is off."

    def handle(self, **options):
        if not settings.DEMO:
            raise CommandError("PORTAL_DEMO is off: no demo data here.")
        if not User.objects.filter(username="intake").exists():
            with transaction.atomic():
                load()
        if not UsageDay.objects.exists():
            with transaction.atomic():
                _usage(Organisation.objects.get(kvk_number=KATRIEN))


def load():
    staff = {
        group: world.staff_member(group, who) for group, who in world.STAFF.items()
    }
    _katrien(staff.__getitem__)
    _apply("69599084", "Test EMZ Dagobert", LegalForm.SOLE_TRADER, "dagobert")
    guus = _apply("69599076", "Test VOF Guus", LegalForm.PARTNERSHIP, "guus")
    following.confirm_email(guus)
    world.bring(guus, Status.CONTRACT_RETURNED, by=staff.__getitem__)


def _katrien(by: Callable[[str], User]) -> None:
    """A customer with a contract, a key, a direct debit, two members and an invitation."""
    application = _apply(
        KATRIEN,
        "Test NV Katrien",
        LegalForm.PUBLIC_COMPANY,
        "katrien",
        account_name="Bea Beheer",
        account_email="beheerder@katrien.example",
        username="beheerder",
        invoice_email="facturen@katrien.example",
        payment_method="direct_debit",
        iban="NL91 ABNA 0417 1643 00",
        account_holder="Test NV Katrien",
    )
    following.confirm_email(application)
    world.bring(application, Status.APPROVED, by=by)
    beheerder = User.objects.get(username="beheerder")
    accounts.begin(beheerder, password=PASSWORD)
    developer = world.person(
        "ontwikkelaar", "ontwikkelaar@katrien.example", name="Otto Ontwikkel"
    )
    organisation = application.contract.organisation
    members.add_member(organisation, developer, role=Role.DEVELOPER, by=beheerder)
    inviting.invite(
        organisation,
        ["collega@katrien.example"],
        role=Role.DEVELOPER,
        by=beheerder,
        language="nl",
    )


def _usage(organisation: Organisation) -> None:
    """Some months of use, a budget that is half used, and the months that are over."""
    for key in organisation.api_keys.all():  # type: ignore[attr-defined]
        used.use(key)
    by = User.objects.get(username="beheerder")
    budget = Budget(organisation=organisation, measure=Measure.AMOUNT, most=1500)
    budgets.put(budget, by=by)
    mails = UsageMail.objects.create(organisation=organisation)
    mails.report_to.add(by)
    today = timezone.localdate()
    for months in range(4, 0, -1):
        statements.close(organisation, months_before(today, months))
    monthly.send(organisation, months_before(today, 1))
    for months in (2, 1):
        billing.make(months_before(today, months))
    _notices(organisation)


def _notices(organisation: Organisation) -> None:
    """One for everybody, and one for who calls what will end."""
    api = Api.objects.get(slug="basisprofiel")
    maintenance = Notice(kind=NoticeKind.MAINTENANCE, **MAINTENANCE)
    end = Notice(kind=NoticeKind.DEPRECATION, api=api, **END)
    for notice in (maintenance, end):
        notices.save(notice, by=User.objects.get(username="catalogus"))
        notices.tell(notice, organisation)


def _apply(kvk_number, name, legal_form, mailbox, **answers) -> Application:
    email = f"{mailbox}@{mailbox}.example"
    person = {
        "contract_name": f"{mailbox.title()} Demo",
        "contract_email": email,
        "account_name": f"{mailbox.title()} Demo",
        "account_email": email,
        "invoice_email": email,
    }
    organisation = {"kvk_number": kvk_number, "name": name, "legal_form": legal_form}
    application = world.draft(
        {**organisation, **person, "username": mailbox, **answers},
        from_address="demo",
    )
    world.submit(application)
    return application

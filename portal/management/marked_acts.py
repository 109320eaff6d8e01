"""What people of a marked organisation asked and set up, beside the application itself."""

import datetime
from typing import Any

import schwifty
from django.utils import timezone

from accounts import known_devices
from accounts.models import User
from apikeys import budgets, gateways, monthly, statements, tokens
from apikeys.models import Budget, Gateway, Measure, UsageMail
from applications.services import bank
from organisations.models import ContactKind, Intervention, Membership
from organisations.services import asking, details, intervening, own_login
from organisations.services import second_factor as policy
from portal.management.parameters import token


def make_gateway(by: User) -> dict[str, Any]:
    """A gateway that no organisation owns, and the token that it shows."""
    return {"token": gateways.renew_token(Gateway(name="Gateway 1"), by=by)}


def act(one: Any) -> None:
    """Do all of it for this organisation (marked.OneOrganisation), marks included."""
    _contacts(one)
    _requests(one)
    _interventions(one)
    _bank_change(one)
    own_login.set_up(
        one.organisation,
        issuer=f"https://merk-{one.letter}-inlogdienst.example",
        client_id=one.mark("client"),
        secret=one.mark("secret"),
        domain=f"merk-{one.letter}-domein.example",
        by=one.administrator,
    )
    policy.require(
        one.organisation,
        timezone.localdate() + datetime.timedelta(days=400),
        by=one.administrator,
        has_one=True,
        seen=None,
    )
    budgets.put(
        Budget(organisation=one.organisation, measure=Measure.AMOUNT, most=100),
        by=one.administrator,
    )
    _month(one)
    tokens.make(one.administrator, name=one.mark("token"))
    known_devices.signed_in(
        one.administrator,
        token=known_devices.new_token(),
        user_agent=one.mark("browser"),
        address="192.0.2.1",
        first=True,
    )


def _month(one):
    """This month's report and statement, before it is over: there is nothing older."""
    month = timezone.localdate().replace(day=1)
    mails = UsageMail.objects.create(organisation=one.organisation)
    mails.report_to.add(one.administrator)
    monthly.send(one.organisation, month)
    statements.close(one.organisation, month)


def _contacts(one):
    """The technical contact is another than the contract named."""
    kind = ContactKind.TECHNICAL
    details.change_contact(
        one.organisation,
        {
            "name": one.mark("techniek"),
            "function": one.mark("techniek-functie"),
            "email": one.email("techniek"),
            "phone": one.phone,
        },
        kind=kind,
        seen=details.contact(one.organisation, kind),
        by=one.administrator,
    )


def _requests(one):
    """One that was withdrawn and one that is open, by who belongs here long enough."""
    members = one.organisation.memberships.filter(role="developer").order_by("pk")
    long_ago = timezone.now() - datetime.timedelta(days=60)
    Membership.objects.filter(pk__in=members).update(since=long_ago)
    first, second = members[:2]
    ended = asking.ask(first, reason=one.mark("waarom"))
    asking.withdraw(ended, by=first.user)
    asking.ask(second, reason=one.mark("waarom"))


def _interventions(one):
    """One that was stopped and one that waits for approval."""
    for number in range(2):
        proposed = intervening.propose(
            one.organisation,
            Intervention.Kind.APPOINT,
            reason=one.mark("reden"),
            checked=one.mark("gebeld"),
            email=one.email(f"ingreep-{number}"),
            by=one.staff["support"],
        )
        if number == 0:
            intervening.stop(proposed, by=one.staff["support"])


def _bank_change(one):
    """Asked, confirmed, and agreed by staff: its new mandate waits for a signature."""
    iban = schwifty.IBAN.generate("NL", "TEST", one.digits(10)).compact
    one.numbers.append(iban)
    change = bank.ask(
        one.organisation.contracts.get(),
        iban=iban,
        account_holder=one.mark("rekeninghouder"),
        by=one.administrator,
    )
    bank.confirm(token("bank_change", change))
    bank.agree_as_staff(
        change, how_checked=one.mark("teruggebeld"), by=one.staff["contracten"]
    )

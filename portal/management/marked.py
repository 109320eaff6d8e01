"""Three organisations that must never see one another.

Everything that one of them wrote carries its mark, `merk-a-…`, or is a number that only
it has: what turns up elsewhere says whose it is. All of it came about as real people
bring it about.
"""

import base64
import random
from typing import Any

import schwifty
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from stdnum.nl import bsn as eleven_test

from accounts import services as accounts
from accounts.models import Activation, User
from apikeys import services as apikeys
from applications.models import Application, Status
from applications.services import drafting, following
from organisations.models import Invitation, LegalForm, Membership, Organisation
from organisations.roles import Role
from organisations.services import inviting
from organisations.services import members as organisations
from portal.management import world
from portal.management.marked_acts import act, begin_round, make_gateway
from portal.management.parameters import ids, rows_made, token

LETTERS = "abc"
VARIES = [
    "organisations.*.random: references, recovery codes and the secrets of keys",
    "ids of mails, which are UUIDs",
    "gateways: their tokens",
    "organisations.*.ids.code: the codes of own login services",
]


def build(seed: int) -> dict[str, Any]:
    """Make everything; says who may sign in, and which rows are whose."""
    chance = random.Random(seed)  # noqa: S311
    staff = {
        group: world.staff_member(group, who) for group, who in world.STAFF.items()
    }
    begin_round(staff)
    return {
        "seed": seed,
        "varies": VARIES,
        "staff": {group: login(person) for group, person in staff.items()},
        "gateways": [make_gateway(staff["support"])],
        "organisations": {
            letter: OneOrganisation(letter, chance, staff).make() for letter in LETTERS
        },
    }


class OneOrganisation:
    """One organisation with all that belongs to it, and the marks by which it is known."""

    def __init__(self, letter: str, chance: random.Random, staff: dict[str, User]):
        self.letter, self.chance, self.staff = letter, chance, staff
        self.numbers: list[str] = []
        self.people: dict[str, Any] = {}
        self.applications: dict[str, Application] = {}

    def make(self) -> dict[str, Any]:
        with rows_made() as rows:
            self._make()
        references = [one.reference for one in self.applications.values()]
        return {
            "slug": self.organisation.slug,
            "name": self.organisation.name,
            "marks": [f"merk-{self.letter}-", *self.numbers],
            "people": self.people,
            "applications": {
                status: {
                    "id": one.pk,
                    "token": token(
                        "draft" if status == "draft" else "application", one
                    ),
                }
                for status, one in self.applications.items()
            },
            "ids": ids(rows),
            "rows": rows,
            "random": {
                "references": [one for one in references if one],
                "keys": [
                    apikeys.reveal(key, by=self.administrator)
                    for key in self.organisation.api_keys.filter(blocked_at=None)
                ],
                "recovery_codes": {
                    name: person.pop("recovery_codes")
                    for name, person in self.people.items()
                },
            },
        }

    def _make(self) -> None:
        self.kvk_number = self._number("9", 7)
        self.phone, self.rsin = f"+3120555{self.digits(4)}", self._rsin()
        self.numbers += [self.phone, self.rsin]
        for number, status in enumerate(Status.values):
            self._application(Status(status), number)
        self.organisation = Organisation.objects.get(kvk_number=self.kvk_number)
        self._first_administrator()
        self.member("administrator_2", Role.ADMINISTRATOR, second_factor=True)
        self.member("developer_1", Role.DEVELOPER)
        self.member("developer_2", Role.DEVELOPER, second_factor=True)
        self._removed()
        self._waiting()
        self._keys()
        act(self)

    def mark(self, what: str) -> str:
        return f"merk-{self.letter}-{what}"

    def email(self, who: str) -> str:
        return f"{self.mark(who)}@merk-{self.letter}-post.example".replace("_", "-")

    def digits(self, count: int) -> str:
        return "".join(self.chance.choice("0123456789") for _ in range(count))

    def _number(self, first: str, count: int) -> str:
        self.numbers.append(number := first + self.digits(count))
        return number

    def _rsin(self) -> str:
        while not eleven_test.is_valid(number := f"8{self.digits(8)}"):
            pass
        return number

    def _application(self, status: Status, number: int) -> None:
        application = world.draft(
            self.answers(number), from_address=f"merk-{self.letter}-{number}"
        )
        self.applications[status.value] = application
        if status == Status.DRAFT:
            drafting.save_for_later(
                application, email=self.email("later"), language="nl"
            )
            return
        world.submit(application)
        following.confirm_email(application)
        reason = self.mark("reden")
        if status == Status.EXPIRED:
            world.bring(application, Status.CONTRACT_SENT, by=self.staff.__getitem__)
        world.bring(application, status, by=self.staff.__getitem__, because=reason)

    def answers(self, number: int) -> dict[str, Any]:
        """Every answer that takes words has the mark; the rest is a number of its own."""
        words = [
            "key_name", "purpose", "name", "street", "city", "postal_street",
            "postal_city", "account_name", "invoice_attention", "purchase_reference",
            "account_holder",
        ]  # fmt: skip
        iban = schwifty.IBAN.generate("NL", "TEST", self.digits(10)).compact
        self.numbers.append(iban)
        answers: dict[str, Any] = {word: self.mark(word) for word in words}
        answers["invoice_email"] = self.email("facturen")
        answers["account_email"] = self.email(f"account-{number}")
        for who in ("contract", "technical", "signatory", "second"):
            answers[f"{who}_name"] = self.mark(f"{who}-naam")
            answers[f"{who}_function"] = self.mark(f"{who}-functie")
            answers[f"{who}_email"] = self.email(f"{who}-{number}")
            answers[f"{who}_phone"] = self.phone
        return answers | {
            "username": self.mark(f"account-{number}"),
            "kvk_number": self.kvk_number,
            "legal_form": LegalForm.PRIVATE_COMPANY.value,
            "rsin": self.rsin,
            "postal_same": False,
            "postal_postcode": "1234 AB",
            "technical_same": False,
            "signatory_same": False,
            "signing": "jointly",
            "payment_method": "direct_debit",
            "iban": iban,
        }

    def _first_administrator(self) -> None:
        """Who came with the contract, and follows the link of the activation."""
        activation = Activation.objects.get(
            user__memberships__organisation=self.organisation
        )
        accounts.activate(token("activation", activation), password=world.PASSWORD)
        self.administrator = User.objects.get(pk=activation.user_id)
        self._known("administrator_1", self.administrator, Role.ADMINISTRATOR)
        accounts.ask_email_change(self.administrator, self.email("nieuw-adres"))

    def member(
        self, name: str, role: Role, *, second_factor: bool = False
    ) -> Membership:
        invitation = self._invite(self.email(name), role)
        membership = inviting.join_as_new(
            token("invitation", invitation),
            username=self.mark(name.replace("_", "-")),
            name=self.mark(f"naam-{name}"),
            password=world.PASSWORD,
            language="nl",
        )
        seed = base64.b32encode(self.chance.randbytes(20)).decode()
        if second_factor:
            TOTP.activate(membership.user, seed)
            RecoveryCodes.activate(membership.user)
        accounts.change_contact(
            membership.user,
            name=membership.user.name,
            phone=self.phone,
            language="nl",
        )
        self._known(name, membership.user, role, totp=seed if second_factor else None)
        return membership

    def _invite(self, email: str, role: Role = Role.DEVELOPER) -> Invitation:
        inviting.invite(
            self.organisation, [email], role=role, by=self.administrator, language="nl"
        )
        return self.organisation.invitations.get(email=email)

    def _removed(self) -> None:
        """Somebody who belonged here, and can still sign in."""
        membership = self.member("removed", Role.DEVELOPER)
        organisations.remove_member(membership, by=self.administrator)
        self.people["removed"]["role"] = None

    def _waiting(self) -> None:
        """Invitations without an answer, and an account without a password."""
        self._invite(self.email("wacht"))
        withdrawn = self._invite(self.email("ingetrokken"))
        inviting.withdraw(withdrawn, by=self.administrator)
        waiting = accounts.create_person(
            accounts.reserve_username(self.mark("wacht")),
            name=self.mark("naam-wacht"),
            email=self.email("wacht-op-wachtwoord"),
            language="nl",
        )
        accounts.start_activation(waiting, by=self.staff["support"])

    def _keys(self) -> None:
        """The key of the contract, and one that is blocked."""
        products = [one.product for one in self.organisation.subscriptions.all()]
        key = apikeys.issue(
            self.organisation,
            products=products,
            name=self.mark("geblokkeerd"),
            by=self.staff["contracten"],
        )
        apikeys.block(key, by=self.staff["support"], reason=self.mark("reden"))

    def _known(self, name: str, user: User, role: Role, *, totp: str | None = None):
        self.people[name] = login(user) | {
            "role": role.value,
            "totp": totp,
            "recovery_codes": RecoveryCodes.activate(user).generate_codes()
            if totp
            else [],
        }


def login(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "username": user.username,
        "password": world.PASSWORD,
        "email": user.email,
    }

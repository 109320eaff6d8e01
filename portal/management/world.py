"""How fictional people get where a demo, a test or an acceptance run wants them.

Nothing is written past the services: who is here went the way that real people go.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import User
from applications.models import Application, Status
from applications.services import drafting, following, handling, moves

PASSWORD = "Demo-wachtwoord-1"  # noqa: S105
STAFF = {
    "intake": "Inge Intake",
    "contracten": "Coen Contract",
    "support": "Sara Support",
    "toezicht": "Tara Toezicht",
    "catalogus": "Karin Catalogus",
    "facturatie": "Femke Facturatie",
    "rapportage": "Roos Rapport",
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
SIGNED = [Status.CONTRACT_SENT, Status.CONTRACT_RETURNED, Status.APPROVED]


def staff_member(group: str, name: str) -> User:
    """One of the operator's people, named after the work that they do."""
    email = f"{group}@portaal.example"
    user = person(group, email, name=name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def person(username: str, email: str, **fields: Any) -> User:
    """Somebody who signs in with the password of the demo."""
    user = User.objects.create_user(username, email, **fields)
    user.password = _derived()
    user.save(update_fields=["password"])
    return user


@functools.cache
def _derived() -> str:
    """That password as it is kept: one time for all, because it is slow on purpose."""
    return make_password(PASSWORD)


def draft(answers: dict[str, Any], *, from_address: str) -> Application:
    """An application that was filled in and not sent."""
    application = drafting.begin(language="nl", from_address=from_address)
    drafting.save_answers(application, {**ANSWERS, **answers})
    return application


def submit(application: Application) -> None:
    """Send a draft in, under the terms that are in force."""
    drafting.submit(application, terms=drafting.terms_in_force(), language="nl")


def bring(
    application: Application,
    status: Status,
    *,
    by: Callable[[str], User],
    because: str = "De plaats klopt niet.",
) -> None:
    """Take an application that was sent in as far as `status`; `by` gives who does it."""
    if status in SIGNED:
        handling.send_contract(application, by=by("intake"))
    if status in (Status.CONTRACT_RETURNED, Status.APPROVED):
        handling.register_return(application, by=by("intake"))
    match status:
        case Status.CHANGES_REQUESTED:
            handling.request_changes(
                application, fields=["city"], reason=because, by=by("intake")
            )
        case Status.APPROVED:
            handling.approve(application, by=by("contracten"))
        case Status.REJECTED:
            handling.reject(application, reason=because, by=by("intake"))
        case Status.WITHDRAWN:
            following.withdraw(application)
        case Status.EXPIRED:
            moves.move(application, Status.EXPIRED, by=None)
            following.release_username(application)

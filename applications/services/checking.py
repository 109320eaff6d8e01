"""Looking at what an application says beside what others say; a person decides."""

from django.db import transaction
from procrastinate.contrib.django import app

from accounts.models import User
from audit.services import record

from .. import register
from ..models import Application, Ground, RegisterLookup, SigningGround
from .moves import lock, require_open


def look_up(application: Application, *, by: User | None) -> RegisterLookup:
    """Ask the register for its KVK number, and keep the answer; raises register.NotAsked.

    The register is asked before anything is locked.
    """
    number = application.kvk_number
    entry = register.configured().find(number)
    return _keep(application, number, entry, by=by)


def look_up_later(application: Application) -> None:
    """Have the worker ask, once the caller's transaction commits."""
    if register.is_configured() and application.kvk_number:
        app.configure_task("applications.tasks.look_up_kvk_number").defer(
            application_id=application.pk
        )


@transaction.atomic
def record_signing(
    application: Application, *, ground: Ground, explanation: str, by: User
) -> None:
    """Say by what those who are to sign may do so."""
    lock(application)
    require_open(application)
    SigningGround.objects.create(
        application=application,
        ground=ground,
        explanation=explanation,
        signatories=signatories(application),
        by=by,
    )
    record("application.signing_checked", subject=application, by=by, ground=ground)


def signatories(application: Application) -> list[str]:
    """Who is to sign, by name."""
    answers = application.answers
    first = "contract" if answers.get("signatory_same") else "signatory"
    who = [first, "second"] if answers.get("signing") == "jointly" else [first]
    return [answers.get(f"{one}_name", "") for one in who]


@transaction.atomic
def _keep(
    application: Application,
    number: str,
    entry: register.Entry | None,
    *,
    by: User | None,
) -> RegisterLookup:
    lock(application)
    require_open(application)
    found = RegisterLookup.objects.create(
        application=application,
        kvk_number=number,
        entry=entry.as_json() if entry else None,
        by=by,
    )
    record("application.looked_up", subject=application, by=by, found=bool(entry))
    return found

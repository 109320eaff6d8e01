"""Putting an applicant's typing error right, in sight of the applicant."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.fields import UsernameField
from accounts.models import User
from audit.services import record
from organisations.fields import IbanField

from .. import emails
from ..models import Application, Correction, Status
from ..steps import Step, step_of, steps_of
from .checking import look_up_later
from .checklists import start_anew
from .handling import EmailUnconfirmed
from .moves import FOLLOWING_ANSWERS, lock, require

# With these somebody else would read the mail, pay, or get in: only the applicant may.
NEVER = {"website", "account_holder"}
NEVER_OF = (forms.ChoiceField, forms.EmailField, IbanField, UsernameField)


class NotACorrection(ValidationError):
    """This is no answer that staff put right, or not a right one."""


def correctable(application: Application) -> list[tuple[Step, list[str]]]:
    """Which answers may be put right, step by step: what was typed, and decides nothing."""
    answered = application.answers
    return [
        (step, [name for name in step.names() if answered.get(name) and _is_text(name)])
        for step in steps_of(application)
    ]


def checked(application: Application, field: str, value: str) -> Any:
    """The value as it is kept; raises NotACorrection with the words for who typed it."""
    if not any(field in names for _step, names in correctable(application)):
        raise NotACorrection(_("Dit gegeven verbeter je hier niet."))
    form = step_of(field).checked({**application.answers, field: value})
    if form.errors:
        raise NotACorrection([each for some in form.errors.values() for each in some])
    if form.cleaned_data[field] == application.answers[field]:
        raise NotACorrection(_("Dit staat er al."))
    return form.cleaned_data[field]


@transaction.atomic
def correct(
    application: Application, *, field: str, value: str, reason: str, by: User
) -> None:
    """Write one answer as it was meant, and tell the applicant what was and what is.

    Raises NotACorrection, EmailUnconfirmed, or WrongState once the contract was sent.
    """
    lock(application)
    require(application, Status.SUBMITTED)
    if application.email_confirmed_at is None:
        raise EmailUnconfirmed
    before = application.answers.get(field, "")
    after = checked(application, field, value)
    application.answers = {**application.answers, field: after}
    application.save(update_fields=["answers"])
    application.refresh_from_db(fields=FOLLOWING_ANSWERS)
    start_anew(application)
    correction = Correction.objects.create(
        application=application,
        field=field,
        before=before,
        after=after,
        reason=reason,
        by=by,
    )
    emails.corrected(correction)
    if field == "kvk_number":
        look_up_later(application)
    record("application.corrected", subject=application, by=by, field=field)


def _is_text(name: str) -> bool:
    field = step_of(name).form.base_fields[name]
    return (
        name not in NEVER
        and isinstance(field, forms.CharField)
        and not isinstance(field, NEVER_OF)
    )

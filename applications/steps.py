"""The steps of an application, in their order."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .forms import (
    AccountForm,
    ApisForm,
    ContactsForm,
    OrganisationForm,
    PaymentForm,
    StepForm,
)


@dataclass(frozen=True)
class Step:
    slug: str
    title: str | Promise
    form: type[StepForm]

    def checked(self, answers: dict[str, Any]) -> StepForm:
        """This step's form as if `answers` had just been typed."""
        return self.form(data=answers)

    def names(self) -> list[str]:
        """What it asks, in the order of the page."""
        return [field.name for _, fields in self.form().grouped() for field in fields]

    def initial(self, answers: dict[str, Any]) -> dict[str, Any]:
        """What the page starts with: what was typed, or a proposal from an earlier step."""
        proposals = {own: answers.get(other, "") for own, other in PROPOSALS.items()}
        return {**proposals, **answers}


# nobody types twice what an earlier step knows (WCAG 3.3.7)
PROPOSALS = {
    "account_name": "contract_name",
    "account_email": "contract_email",
    "invoice_email": "contract_email",
    "account_holder": "name",
}

STEPS = [
    Step("apis", _("API's"), ApisForm),
    Step("organisatie", _("Organisatie"), OrganisationForm),
    Step("contactpersonen", _("Contactpersonen"), ContactsForm),
    Step("account", _("Account"), AccountForm),
    Step("betaling", _("Betaling"), PaymentForm),
]
LAST = "controleren"
BY_SLUG = {step.slug: step for step in STEPS}
KNOWN = {"organisatie", "account"}  # of a customer, see prefilling.py


def steps_of(application: Any) -> list[Step]:
    """What this application asks; a customer is not asked again who it is."""
    if application is None or application.customer_id is None:
        return STEPS
    return [step for step in STEPS if step.slug not in KNOWN]


def next_slug(slug: str, steps: list[Step]) -> str:
    """The step after this one; after the last form it is time to check everything."""
    slugs = [*[step.slug for step in steps], LAST]
    return slugs[slugs.index(slug) + 1]


def overview(application: Any, current: str) -> list[dict[str, Any]]:
    """The list of steps beside a page; a step is done when its answers do."""
    entries = []
    answers = application.answers if application else {}
    steps = steps_of(application)
    for number, one in enumerate(steps, 1):
        done = bool(answers) and one.checked(answers).is_valid()
        state = "current" if one.slug == current else "done" if done else "todo"
        url = reverse("applications:step", args=[one.slug])
        entries.append(
            {"number": number, "title": one.title, "state": state, "url": url}
        )
    entries.append(
        {
            "number": len(steps) + 1,
            "title": gettext("Controleren"),
            "state": "current" if current == LAST else "todo",
            "url": reverse("applications:check"),
        }
    )
    return entries


def step_of(field: str) -> Step:
    """The step that asks for this answer."""
    return next(step for step in STEPS if field in step.form.base_fields)


def with_dependents(fields: list[str]) -> list[str]:
    """These fields, and those that an answer to them may make a question.

    Who is asked how to pay may choose direct debit, and is then asked for the IBAN.
    """
    dependents = [
        name
        for field in fields
        for name, (deciding, _) in step_of(field).form.only_when.items()
        if deciding == field
    ]
    return list(dict.fromkeys([*fields, *dependents]))


def first_incomplete(application: Any) -> Step | None:
    """The first step whose answers do not do yet, or None when all is complete."""
    answers = application.answers if application else {}
    steps = steps_of(application)
    return next((step for step in steps if not step.checked(answers).is_valid()), None)


def cleaned(application: Any) -> dict[str, Any]:
    """All answers in the form in which they are kept; raises KeyError on none.

    What was not asked stays as it is: nobody typed it.
    """
    answers, asked = application.answers, steps_of(application)
    checked: dict[str, Any] = {}
    for step in STEPS:
        if step not in asked:
            checked |= {name: answers[name] for name in step.names()}
            continue
        form = step.checked(answers)
        form.is_valid()
        checked.update(form.cleaned_data)
    checked.pop("website")
    return checked

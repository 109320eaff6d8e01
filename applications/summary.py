"""An application's answers in the words that a person reads."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apikeys.models import Product
from organisations.fields import IbanField, PhoneField
from organisations.templatetags.identifiers import iban, phone

from .forms import ProductChoices
from .steps import STEPS, Step, step_of, steps_of

Words = str | Promise


@dataclass(frozen=True)
class Part:
    """What *Controleren*, the private page and staff see of one step."""

    step: Step
    groups: list[
        tuple[Words, list[tuple[Words, str]]]
    ]  # heading or "", (question, answer)…
    asked: bool  # or known of a customer, who changes it elsewhere


def parts(application: Any, *, checked: bool = False) -> list[Part]:
    """Everything that was answered, step by step, without what is beside the point.

    `checked` answers were sent in, and stay what they are whatever is on offer today.
    """
    answers, asked = application.answers, steps_of(application)
    return [
        Part(
            step, [*_groups(step, answers, checked or step not in asked)], step in asked
        )
        for step in STEPS
    ]


def question(name: str) -> Words:
    """The label of one answer, with its group where the label alone is not enough."""
    form = step_of(name).form()
    for title, fields in form.grouped():
        if any(field.name == name for field in fields):
            return f"{title}: {form[name].label}" if title else form[name].label
    return form[name].label


def answer(name: str, answers: dict[str, Any]) -> str:
    """One answer as text."""
    return _text(step_of(name).form.base_fields[name], answers.get(name, ""))


def _groups(step, answers, checked):
    form = step.checked(answers)
    if not checked:
        form.is_valid()
        answers = form.cleaned_data
    for title, fields in form.grouped():
        values = [(field, answers.get(field.name, "")) for field in fields]
        rows = [(f.label, _text(f.field, v)) for f, v in values if v]
        if rows:
            yield title, rows


def _text(field, value):
    if value in (None, "", []):
        return ""
    if isinstance(value, bool):
        return _("Ja") if value else _("Nee")
    if isinstance(field, forms.ChoiceField):
        known = Product.named() if isinstance(field, ProductChoices) else field.choices
        labels = {str(key): str(label) for key, label in known}
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(one), str(one)) for one in chosen)
    if isinstance(field, IbanField):
        return iban(value)
    if isinstance(field, PhoneField):
        return phone(value)
    return str(value)

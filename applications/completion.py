"""The form with which an applicant completes what staff asked for, and nothing else."""

from typing import Any

from .forms import StepForm
from .models import Application, ChangeRequest
from .steps import STEPS, step_of
from .summary import answer, question


def completion_form(
    application: Application, asked: ChangeRequest, *, data: Any = None
) -> StepForm:
    """A form with just the fields asked for, from whichever steps they come.

    Valid means: these answers together with the others make their steps complete.
    """
    names = asked.fields
    fields = {name: step_of(name).form().fields[name] for name in names}
    form_class: Any = type("CompletionForm", (StepForm,), {**fields, "clean": _clean})
    form = form_class(data=data, initial=application.answers)
    form.others = {n: v for n, v in application.answers.items() if n not in names}
    form.asked = [(question(n), answer(n, application.answers), form[n]) for n in names]
    return form


def _clean(form):
    """Check each step that is touched as a whole: one answer may decide on another."""
    together = {**form.others, **{name: form[name].value() for name in form.fields}}
    answers = {}
    for step in STEPS:
        touched = [
            n for n in form.fields if n in step.form.base_fields and n != "website"
        ]
        if not touched:
            continue
        checked = step.checked(together)
        for name in touched:
            form.errors.pop(name, None)
            if name in checked.errors:
                form.add_error(name, checked.errors[name])
        if not checked.errors:
            answers |= {name: checked.cleaned_data[name] for name in touched}
        elif not set(checked.errors) & set(touched):
            form.add_error(
                None, [e for errors in checked.errors.values() for e in errors]
            )
    return answers

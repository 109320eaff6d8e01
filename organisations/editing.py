"""Two people change the same thing: the second sees what the first did, and loses nothing.

A form carries, signed, what its reader saw. Saving compares that, under the lock of the
row, with what is stored by then. What differs comes back as Meanwhile: the form shows it
beside what was typed, and pressing once more saves knowingly.

    form = ThingForm(request.POST or None, stored=services.stored(thing), about=thing)
    if form.is_valid():
        try:
            services.change(thing, form.values(), seen=form.seen(), by=request.user)
        except Meanwhile as meanwhile:
            form.show(meanwhile)

    def change(thing, values, *, seen, by):  # in one transaction, with the row locked
        refuse_unseen(stored(thing), values, seen=seen, subject=thing, kinds=["thing.changed"])
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.models import Event

Values = dict[str, Any]
SEEN = "seen_before"


class Meanwhile(Exception):
    """Somebody changed the same thing since this person looked; nothing was saved."""

    def __init__(self, stored: Values, fields: list[str], events: list[Event]):
        super().__init__(", ".join(fields))
        self.stored, self.fields, self.events = stored, fields, events

    def last_change(self, field: str) -> Event | None:
        """When and by whom this field was changed last."""
        touching = (e for e in self.events if field in e.data.get("fields", [field]))
        return next(touching, None)


def changed(stored: Values, values: Values) -> list[str]:
    """The names of what is given another value."""
    return [name for name, value in values.items() if stored[name] != value]


def refuse_unseen(
    stored: Values,
    values: Values,
    *,
    seen: Values,
    subject: models.Model,
    kinds: Collection[str],
) -> None:
    """Raise Meanwhile if saving would undo what this person did not see.

    Needs the lock of what is changed. That two people gave a field the same value is no
    matter. Events of these kinds about `subject` tell who changed which `fields`.
    """
    unseen = [
        name for name in changed(stored, values) if seen.get(name) != stored[name]
    ]
    if unseen:
        events = Event.objects.filter(
            kind__in=kinds,
            subject_type=subject._meta.label_lower,
            subject_id=str(subject.pk),
        ).select_related("by")
        raise Meanwhile(stored, unseen, list(events.order_by("-pk")[:50]))


class EditingForm(forms.Form):
    """A form that remembers what its reader saw; `stored` is what is kept now."""

    use_required_attribute = False
    changed_meanwhile = False  # for the heading above the errors
    data: Any

    def __init__(self, data=None, *, stored: Values, about: models.Model, **options):
        super().__init__(data, initial=stored, **options)
        salt = f"{type(self).__name__} {about._meta.label_lower} {about.pk}"
        self.signer = signing.Signer(salt=salt)  # no time: nothing asks how old it is
        self.fields[SEEN] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.initial = {**stored, SEEN: self._sign(stored)}

    def values(self) -> Values:
        """What is to be kept."""
        return {name: v for name, v in self.cleaned_data.items() if name != SEEN}

    def seen(self) -> Values:
        """What the reader saw; nothing at all when that cannot be trusted."""
        try:
            return self.signer.unsign_object(self.cleaned_data.get(SEEN, ""))
        except signing.BadSignature:
            return {}

    def show(self, meanwhile: Meanwhile) -> None:
        """Say beside each field what changed; what was typed stays, the rest follows."""
        seen, typed = self.seen(), self.values()
        self.changed_meanwhile = True
        self.data = self.data.copy()
        self.data[SEEN] = self._sign(meanwhile.stored)
        for name in meanwhile.fields:
            untouched = typed[name] == seen.get(name)
            self.add_error(name, self._sentence(meanwhile, name, untouched))
            if untouched:
                self._fill(name, meanwhile.stored[name])

    def _sign(self, stored: Values) -> str:
        return self.signer.sign_object(stored, compress=True)

    def _fill(self, name: str, value: Any) -> None:
        if value is False:  # a box that is not ticked is not sent
            self.data.pop(name, None)
        else:
            self.data[name] = value

    def _sentence(self, meanwhile: Meanwhile, name: str, untouched: bool) -> str:
        if untouched:
            text = _(
                "Intussen gewijzigd in “%(now)s” door %(who)s (%(when)s). Dat staat hier"
                " nu."
            )
        else:
            text = _(
                "Intussen gewijzigd in “%(now)s” door %(who)s (%(when)s). Sla je nog een"
                " keer op, dan geldt wat jij invulde."
            )
        event = meanwhile.last_change(name)
        return text % {
            "now": self._shown(name, meanwhile.stored[name]),
            "who": event.by if event and event.by else _("iemand anders"),
            "when": _moment(event.at if event else timezone.now()),
        }

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return _("ja") if value else _("nee")
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value)) or _("leeg")


def _moment(at: datetime) -> str:
    at = timezone.localtime(at)
    return date_format(at, "H:i" if at.date() == timezone.localdate() else "j F H:i")

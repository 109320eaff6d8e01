"""What somebody asks about usage."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organisations.models import Organisation

from .models import Api, Outcome
from .reading.counting import Asked
from .reading.periods import FEW_DAYS, MOST_DAYS, Choice, Period, Step, chosen

DATE = {"type": "date"}


class PeriodForm(forms.Form):
    """From when to when; by itself the last thirty days."""

    searches = True

    period = forms.ChoiceField(label=_("Periode"), choices=Choice, required=False)
    first = forms.DateField(
        label=_("Van"), required=False, widget=forms.DateInput(DATE, "%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("Tot en met"), required=False, widget=forms.DateInput(DATE, "%Y-%m-%d")
    )

    def __init__(self, data, **options):
        data = data.copy()
        data.setdefault("period", Choice.DAYS_30.value)
        super().__init__(data, **options)
        self.today = timezone.localdate()

    def clean(self):
        said = super().clean() or {}
        if said.get("period") == Choice.OWN:
            self._check_days(said)
        return said

    def _check_days(self, said):
        first, last = said.get("first"), said.get("last")
        for name in ("first", "last"):
            if not said.get(name) and name not in self.errors:
                self.add_error(name, _("Kies een datum."))
        if not (first and last):
            return
        if last < first:
            self.add_error("last", _("Deze dag ligt voor de eerste dag."))
        elif first > self.today:
            self.add_error("first", _("Deze dag moet nog komen."))
        elif (self.today - first).days > MOST_DAYS:
            self.add_error("first", _("We bewaren het verbruik zeven jaar."))

    def periods(self) -> tuple[Period, Period]:
        """The period, and the one before it."""
        said = self.cleaned_data
        last = said.get("last") and min(said["last"], self.today)
        return chosen(
            said.get("period") or Choice.DAYS_30, self.today, said.get("first"), last
        )


class FindUsageForm(PeriodForm):
    """Which period, and which part of the use; what is left open means all."""

    key = forms.ChoiceField(label=_("API-key"), required=False)
    api = forms.ChoiceField(label=_("API"), required=False)
    outcome = forms.ChoiceField(
        label=_("Resultaat"),
        required=False,
        choices=[("", _("Alle resultaten")), *Outcome.choices],
    )
    step = forms.ChoiceField(
        label=_("Per"),
        required=False,
        choices=[("", _("automatisch")), *Step.choices[1:]],
    )

    def __init__(self, data, *, organisation: Organisation, **options):
        super().__init__(data, **options)
        self.organisation = organisation
        self.keys = dict(organisation.api_keys.working_ones().values_list("pk", "name"))  # type: ignore[attr-defined]
        apis = list(Api.objects.all())
        self.apis = {api.pk: str(api) for api in apis}
        self.slugs = {api.pk: api.slug for api in apis}
        self._offer("key", _("Alle keys"), self.keys)
        self._offer("api", _("Alle API's"), self.apis)

    def _offer(self, name, everything, names):
        self.fields[name].choices = [("", everything), *names.items()]  # type: ignore[attr-defined]

    def asked(self) -> Asked:
        said = (self.cleaned_data.get(name) for name in ("key", "api", "outcome"))
        return Asked(
            self.organisation, *(int(value) if value else None for value in said)
        )

    def step_of(self, period: Period) -> Step:
        """As asked, unless that would be more points than can be drawn."""
        asked = self.cleaned_data.get("step")
        if not asked or (asked == Step.DAY and period.days > 4 * FEW_DAYS):
            return period.step()
        return Step(asked)


class TokenForm(forms.Form):
    """What the token is for, in its person's words."""

    use_required_attribute = False
    name = forms.CharField(
        label=_("Naam van het token"),
        help_text=_("Waarvoor je het gebruikt, zoals: maandrapport op de server."),
        max_length=60,
        error_messages={"required": _("Geef het token een naam.")},
    )

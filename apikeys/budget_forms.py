"""What an administrator sets about spending."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from organisations.models import Organisation

from .models import Budget, Measure, UsageMail


class AmountField(forms.DecimalField):
    """1.250,50 and 1,250.50 alike: two decimals at most, so three digits are a group."""

    GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+([.,]\d{1,2})?")

    def to_python(self, value):
        text = re.sub(r"[€\s]", "", str(value or ""))
        if self.GROUPED.fullmatch(text):
            text = re.sub(r"[.,](?=\d{3})", "", text)
        return super().to_python(text.replace(",", "."))


class BudgetForm(forms.ModelForm):
    """A budget of one key or of all; of each kind there is one."""

    use_required_attribute = False
    most = AmountField(
        label=_("Ten hoogste per maand"),
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput({"inputmode": "decimal"}),
        error_messages={
            "required": _("Vul een bedrag of een aantal in."),
            "invalid": _("Dit is geen bedrag of aantal. Zo wel: 1.250,50."),
        },
    )

    class Meta:
        model = Budget
        fields = ["api_key", "measure", "most", "stops"]
        labels = {"api_key": _("Voor welke API-key?"), "measure": _("Soort budget")}
        help_texts = {
            "stops": _(
                "De gateway weigert dan elke bevraging tot de volgende maand, of tot je het budget verhoogt."
            )
        }
        widgets = {"measure": forms.RadioSelect}

    def __init__(self, *args, organisation: Organisation, **options):
        super().__init__(*args, **options)
        self.instance.organisation = organisation
        self.fields["measure"].choices = Measure.choices  # type: ignore[attr-defined]  # no empty one
        self.fields["measure"].initial = Measure.AMOUNT
        keys = self.fields["api_key"]
        keys.queryset = organisation.api_keys.working_ones()  # type: ignore[attr-defined]
        keys.empty_label = _("alle API-keys samen")  # type: ignore[attr-defined]
        keys.empty_is_an_answer = True  # type: ignore[attr-defined]  # see is_optional
        self.fields["stops"].label = _("Stoppen als het op is")
        self.fields["measure"].error_messages["required"] = _(
            "Kies een bedrag of een aantal."
        )

    def clean_most(self):
        most = self.cleaned_data["most"]
        if most <= 0:
            raise forms.ValidationError(_("Vul meer dan nul in."))
        return most

    def clean(self):
        said = super().clean() or {}
        most = said.get("most")
        if said.get("measure") == Measure.CALLS and most and most % 1:
            self.add_error("most", _("Vul een heel aantal in."))
        asked = Budget(
            pk=self.instance.pk,
            organisation=self.instance.organisation,
            api_key=said.get("api_key"),
            measure=said.get("measure", ""),
        )
        if asked.same_kind().exists():
            self.add_error(
                None, _("Zo'n budget is er al. Wijzig dat, of haal het weg.")
            )
        return said


class UsageMailForm(forms.ModelForm):
    searches = True  # all may be left open, and it goes without saying

    class Meta:
        model = UsageMail
        fields = ["alerts", "report_to"]
        widgets = {"report_to": forms.CheckboxSelectMultiple}

    def __init__(self, *args, organisation: Organisation, **options):
        super().__init__(*args, **options)
        people = self.fields["report_to"]
        people.queryset = organisation.members.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]
        people.label = _("Wie krijgt het maandrapport?")
        people.help_text = _("Het komt op de derde dag van de maand, als PDF per mail.")
        self.fields["alerts"].label = _(
            "Waarschuw de administrators bij ongewoon verbruik en bij meer fouten"
        )

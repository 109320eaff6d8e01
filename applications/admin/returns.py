"""Where billing says that a collection came back."""

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apikeys.words import euro
from organisations.admin import asked

from ..models import Collection, CollectionReturn
from ..services import returning

REFUSALS: dict[type[Exception], object] = {
    returning.AlreadyReturned: _("Dit is al vastgelegd."),
    returning.AlreadyTakenBack: _("Een collega nam dit al terug."),
    returning.NotThen: _("Deze dag ligt voor het incassobestand, of moet nog komen."),
}


class ReturnForm(forms.ModelForm):
    """As the bank's list says it: by contract, with a code and a day."""

    use_required_attribute = False
    collection = forms.CharField(
        label=_("Contractnummer"),
        help_text=_(
            "Of het kenmerk (end-to-end-id) dat op de lijst van de bank staat."
        ),
        max_length=35,
        error_messages={"required": _("Vul een contractnummer in.")},
    )

    class Meta:
        model = CollectionReturn
        fields = ["reason", "returned_on"]
        widgets = {
            "returned_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        }

    field_order = ["collection", "reason", "returned_on"]

    def __init__(self, billing_month, data=None):
        super().__init__(data)
        self.billing_month = billing_month
        coded = self.fields["reason"].choices
        self.fields["reason"].choices = [
            (code, f"{code}: {label}" if code else label) for code, label in coded
        ]

    def clean_collection(self):
        typed = self.cleaned_data["collection"].strip().upper()
        number = typed.removesuffix(f"-{self.billing_month}")
        found = Collection.objects.filter(
            direct_debit__billing=self.billing_month, contract__number=number
        ).first()
        if found is None:
            said = _("Bij deze overeenkomst is deze maand niet geïncasseerd.")
            raise forms.ValidationError(said)
        return found

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() | {"collection"}


class TakeBackForm(forms.Form):
    """What the customer reads of the mistake."""

    use_required_attribute = False
    mistake = forms.CharField(
        label=_("Wat er niet klopte"),
        help_text=_("De organisatie leest dit."),
        max_length=300,
        error_messages={"required": _("Leg uit wat er niet klopte.")},
    )


def ask_to_take_back(pages, request, returned, there):
    """The page on which it is said that a collection did not come back after all."""
    collection = returned.collection
    said = _(
        "Vastgelegd is: de incasso van overeenkomst %(contract)s, %(amount)s, kwam terug op"
        " %(day)s (%(code)s)."
    ) % {
        "contract": collection.contract,
        "amount": euro(collection.amount),
        "day": date_format(returned.returned_on, "j F Y"),
        "code": returned.reason,
    }
    follows = _(
        "Wie hoorde dat het bedrag terugkwam, krijgt een mail dat dit niet zo is. Wat was"
        " vastgelegd blijft te zien, met jouw naam en reden. Daarna kan een terugkomst"
        " opnieuw worden vastgelegd."
    )
    return asked(
        pages,
        request,
        returned,
        TakeBackForm(request.POST if request.method == "POST" else None),
        returning.take_back,
        refusals=REFUSALS,
        there=there,
        title=_("Een incasso kwam toch niet terug"),
        explanation=f"{said} {follows}",
        button=_("Terugnemen en mailen"),
    )


def ask(pages, request, billing_month, there):
    """The page on which one collection of a month is said to have come back."""
    return asked(
        pages,
        request,
        billing_month,
        ReturnForm(billing_month, request.POST if request.method == "POST" else None),
        lambda _month, collection, **told: returning.record_return(collection, **told),
        refusals=REFUSALS,
        beside={returning.NotThen: "returned_on"},
        there=there,
        title=_("Een incasso kwam terug"),
        explanation=_(
            "De administrators van de organisatie en het e-mailadres voor facturen krijgen"
            " een mail met de reden. Verder gebeurt er niets vanzelf: er wordt niet opnieuw"
            " geïncasseerd, en de overeenkomst loopt door."
        ),
        button=_("Vastleggen en mailen"),
    )

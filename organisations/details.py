"""What an organisation is asked about itself, by the application and in Mijn Organisatie.

The same questions, words and checks in both places.
"""

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.fields import EmailField, LineField, PersonNameField

from .editing import EditingForm
from .fields import IbanField, PhoneField, PostcodeField

CONTACT = {  # of one person, with what a browser knows it by
    "name": "name",
    "function": "organization-title",
    "email": "email",
    "phone": "tel",
}


class GroupedForm(forms.Form):
    """Questions under headings. What `only_when` says is beside the point is neither
    asked nor kept.
    """

    use_required_attribute = False
    only_when: dict[
        str, tuple[str, object]
    ] = {}  # {field: (deciding field, its value)}
    groups: list[tuple[str | Promise, list[str]]] = []
    apart: set[str] = set()  # fields that the page shows in a place of their own

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.order_fields([name for _title, names in self.groups for name in names])
        for title, names in self.groups:
            for name in names:
                self.fields[name].group = title

    def clean(self):
        answers = super().clean()
        for name, (deciding, value) in self.only_when.items():
            if answers.get(deciding) != value:
                self.errors.pop(name, None)
                answers[name] = ""
        return answers

    def grouped(self):
        """The fields as the page shows them: [(heading or "", [bound field, …]), …]."""
        rest = [n for n in self.fields if n not in self.apart and not self[n].is_hidden]
        groups = self.groups or [("", rest)]
        return [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in groups
            if any(name in self.fields for name in names)
        ]


class AddressFields(GroupedForm):
    street = LineField(
        label=_("Straat en huisnummer"),
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        error_messages={"required": _("Vul de straat en het huisnummer in.")},
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=12,
        help_text=_("Bijvoorbeeld 1234 AB."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
        error_messages={"required": _("Vul de postcode in.")},
    )
    city = LineField(
        label=_("Plaats"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
        error_messages={"required": _("Vul de plaats in.")},
    )
    postal_same = forms.BooleanField(
        label=_("Het postadres is hetzelfde als het bezoekadres"),
        required=False,
        initial=True,
    )
    postal_street = LineField(
        label=_("Straat en huisnummer of postbus"),
        error_messages={
            "required": _("Vul de straat en het huisnummer of de postbus in.")
        },
    )
    postal_postcode = forms.CharField(
        label=_("Postcode van het postadres"),
        max_length=12,
        error_messages={"required": _("Vul de postcode van het postadres in.")},
    )
    postal_city = LineField(
        label=_("Plaats van het postadres"),
        max_length=100,
        error_messages={"required": _("Vul de plaats van het postadres in.")},
    )

    only_when = {
        "postal_street": ("postal_same", False),
        "postal_postcode": ("postal_same", False),
        "postal_city": ("postal_same", False),
    }
    groups = [
        (_("Bezoekadres"), ["street", "postcode", "city"]),
        (
            _("Postadres"),
            ["postal_same", "postal_street", "postal_postcode", "postal_city"],
        ),
    ]

    def clean_dutch_postcodes(self):
        """Hold both postcodes to the Dutch form; raises nothing, but adds errors."""
        for name in ("postcode", "postal_postcode"):
            if self.cleaned_data.get(name):
                try:
                    code = PostcodeField().clean(self.cleaned_data[name])
                except forms.ValidationError as error:
                    self.add_error(name, error)
                else:
                    self.cleaned_data[name] = code


class InvoiceFields(GroupedForm):
    invoice_email = EmailField(
        label=_("E-mailadres voor facturen"),
        error_messages={
            "required": _("Vul het e-mailadres in waar facturen heen gaan.")
        },
    )
    invoice_attention = PersonNameField(label=_("Ter attentie van"), required=False)
    purchase_reference = LineField(
        label=_("Inkoopreferentie"),
        max_length=60,
        required=False,
        help_text=_("Staat op elke factuur, bijvoorbeeld een inkoopnummer."),
    )


class BankFields(GroupedForm):
    iban = IbanField(
        label=_("IBAN"), help_text=_("Bijvoorbeeld NL13 TEST 0123 4567 89.")
    )
    account_holder = LineField(
        label=_("Rekeninghouder"),
        max_length=70,
        help_text=_("Zoals de naam bij de bank bekend is."),
        error_messages={"required": _("Vul de naam van de rekeninghouder in.")},
    )


def person_fields(required: str | Promise, *, autofill: bool) -> dict[str, forms.Field]:
    """The four fields of one person, with what to say when the name is missing."""
    fields: dict[str, forms.Field] = {
        "name": PersonNameField(label=_("Naam"), error_messages={"required": required}),
        "function": LineField(
            label=_("Functie"),
            max_length=100,
            error_messages={"required": _("Vul de functie in.")},
        ),
        "email": EmailField(
            label=_("E-mailadres"),
            error_messages={"required": _("Vul een e-mailadres in.")},
        ),
        "phone": PhoneField(
            label=_("Telefoonnummer"),
            error_messages={"required": _("Vul een telefoonnummer in.")},
        ),
    }
    if autofill:
        for name, purpose in CONTACT.items():
            fields[name].widget.attrs["autocomplete"] = purpose
    return fields


class AddressForm(AddressFields, EditingForm):
    def __init__(self, *args, about, **options):
        super().__init__(*args, about=about, **options)
        self.dutch = about.country == "NL"

    def clean(self):
        answers = super().clean()
        if self.dutch:
            self.clean_dutch_postcodes()
        return answers


class InvoicesForm(InvoiceFields, EditingForm):
    pass


class ContactPersonForm(GroupedForm, EditingForm):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields |= person_fields(_("Vul de naam in."), autofill=False)

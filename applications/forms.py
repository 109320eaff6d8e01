"""What an application asks, one form per step; the names of the fields are the answers'."""

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    USERNAME_HELP,
    USERNAME_REQUIRED,
    EmailField,
    LineField,
    PersonNameField,
    UsernameField,
)
from apikeys.models import Product
from organisations.fields import (
    CountryField,
    IbanField,
    KvkNumberField,
    PhoneField,
    PostcodeField,
    RsinField,
)
from organisations.models import LegalForm

from .models import Volume
from .uploads import Unacceptable, inspect, most

CONTACT = {
    "name": "name",
    "function": "organization-title",
    "email": "email",
    "phone": "tel",
}


class StepForm(forms.Form):
    """One step. What `only_when` says is beside the point is neither asked nor kept."""

    use_required_attribute = False
    only_when: dict[
        str, tuple[str, object]
    ] = {}  # {field: (deciding field, its value)}
    groups: list[tuple[str | Promise, list[str]]] = []

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        for title, names in self.groups:
            for name in names:
                self.fields[name].group = title

    website = forms.CharField(  # honeypot: people do not see it, robots fill it in
        label=_("Laat dit veld leeg"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def clean_website(self):
        if self.cleaned_data["website"]:
            raise forms.ValidationError(
                _("Laat dit veld leeg: het houdt robots tegen.")
            )
        return ""

    def clean(self):
        answers = super().clean()
        for name, (deciding, value) in self.only_when.items():
            if answers.get(deciding) != value:
                self.errors.pop(name, None)
                answers[name] = ""
        return answers

    def grouped(self):
        """The fields as the page shows them: [(heading or "", [bound field, …]), …]."""
        groups = self.groups or [("", [n for n in self.fields if n != "website"])]
        return [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in groups
            if any(name in self.fields for name in names)
        ]

    def typed(self):
        """What was typed, right or wrong, to be kept with the draft.

        Without null characters, which PostgreSQL cannot keep and nobody types.
        """
        typed = {name: self[name].value() for name in self.fields if name != "website"}
        return {name: _without_null(value) for name, value in typed.items()}


def _without_null(value):
    if isinstance(value, list):
        return [_without_null(one) for one in value]
    return value.replace("\0", "") if isinstance(value, str) else value


class Subscriptions(forms.CheckboxSelectMultiple):
    """Each subscription with a line on what it is for."""

    def optgroups(self, name, value, attrs=None):
        described = {p.slug: p.described() for p in Product.objects.all()}
        groups = super().optgroups(name, value, attrs)
        for _name, options, _index in groups:
            for option in options:
                option["hint"] = described[option["value"]]
        return groups


class ProductChoices(forms.MultipleChoiceField):
    widget = Subscriptions

    def __init__(self, **options):
        super().__init__(choices=self.on_offer, **options)

    @staticmethod
    def on_offer():
        return [(p.slug, str(p)) for p in Product.objects.filter(on_offer=True)]


class ApisForm(StepForm):
    products = ProductChoices(
        label=_("Welk abonnement wil je aanvragen?"),
        help_text=_("Je kunt er meer dan één kiezen."),
        error_messages={"required": _("Kies minstens één abonnement.")},
    )
    key_name = forms.CharField(
        label=_("Naam van de API-key"),
        max_length=60,
        help_text=_("Zo herken je de key later, bijvoorbeeld “Klantregistratie”."),
        error_messages={"required": _("Geef de API-key een naam.")},
    )
    purpose = forms.CharField(
        label=_("Waarvoor ga je de API's gebruiken?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Eén of twee zinnen zijn genoeg."),
        error_messages={
            "required": _("Vertel kort waarvoor je de API's gaat gebruiken.")
        },
    )
    expected_calls = forms.ChoiceField(
        label=_("Hoeveel bevragingen verwacht je per maand?"),
        help_text=_("Een schatting is genoeg. Je zit er niet aan vast."),
        choices=Volume,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Kies hoeveel bevragingen je ongeveer verwacht.")
        },
    )


class OrganisationForm(StepForm):
    branch = forms.ChoiceField(
        label=_("Voor welke organisatie vraag je aan?"),
        choices=[
            ("kvk", _("Een organisatie met een KVK-nummer")),
            (
                "foreign",
                _("Een overheid in een ander land van de EER, zonder KVK-nummer"),
            ),
        ],
        widget=forms.RadioSelect,
        initial="kvk",
        error_messages={"required": _("Kies voor welke organisatie je aanvraagt.")},
    )
    kvk_number = KvkNumberField(
        label=_("KVK-nummer"),
        help_text=_(
            "8 cijfers. Je vindt het op het uittreksel uit het Handelsregister."
        ),
    )
    country = CountryField(label=_("Land"))
    register_number = LineField(
        label=_("Nummer in het register van dat land"),
        max_length=40,
        error_messages={
            "required": _("Vul het nummer in waaronder de overheid bekend is.")
        },
    )
    name = LineField(
        label=_("Naam van de organisatie"),
        help_text=_("Zoals die in het register staat."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Vul de naam van de organisatie in.")},
    )
    legal_form = forms.ChoiceField(
        label=_("Rechtsvorm"),
        choices=[("", _("Kies een rechtsvorm")), *LegalForm.choices],
        error_messages={"required": _("Kies de rechtsvorm van de organisatie.")},
    )
    rsin = RsinField(
        label=_("RSIN"),
        required=False,
        help_text=_(
            "9 cijfers. Je vindt het op het uittreksel uit het Handelsregister."
        ),
    )
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
        "kvk_number": ("branch", "kvk"),
        "country": ("branch", "foreign"),
        "register_number": ("branch", "foreign"),
        "rsin": ("branch", "kvk"),
        "postal_street": ("postal_same", False),
        "postal_postcode": ("postal_same", False),
        "postal_city": ("postal_same", False),
    }
    groups = [
        ("", ["branch", "kvk_number", "country", "register_number"]),
        (_("De organisatie"), ["name", "legal_form", "rsin"]),
        (_("Bezoekadres"), ["street", "postcode", "city"]),
        (
            _("Postadres"),
            ["postal_same", "postal_street", "postal_postcode", "postal_city"],
        ),
    ]

    def clean(self):
        answers = super().clean()
        if answers.get("legal_form") == LegalForm.SOLE_TRADER:  # it would be a BSN
            self.errors.pop("rsin", None)
            answers["rsin"] = ""
        if answers.get("branch") == "kvk":
            self._clean_dutch_postcode("postcode")
            self._clean_dutch_postcode("postal_postcode")
        return answers

    def _clean_dutch_postcode(self, name):
        if self.cleaned_data.get(name):
            try:
                self.cleaned_data[name] = PostcodeField().clean(self.cleaned_data[name])
            except forms.ValidationError as error:
                self.add_error(name, error)

    def typed(self):
        typed = super().typed()
        if typed.get("legal_form") == LegalForm.SOLE_TRADER and "rsin" in typed:
            typed["rsin"] = ""  # never stored, not even in a draft
        return typed


def _person(required, *, autofill):
    """The four fields of one person, with what to say when the name is missing."""
    fields = {
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


PEOPLE = {
    "contract": (_("Contactpersoon voor de overeenkomst"), _("Vul de naam in.")),
    "technical": (_("Technisch contactpersoon"), _("Vul de naam in.")),
    "signatory": (
        _("De ondertekenaar"),
        _("Vul de naam in van wie tekent."),
    ),
    "second": (_("De tweede ondertekenaar"), _("Vul de naam in van wie meetekent.")),
}


# four people with the same four fields each
PersonFields = type(
    "PersonFields",
    (StepForm,),
    {
        f"{prefix}_{name}": field
        for prefix, (_title, required) in PEOPLE.items()
        for name, field in _person(required, autofill=prefix == "contract").items()
    },
)


class ContactsForm(PersonFields):  # type: ignore[misc, valid-type]
    technical_same = forms.BooleanField(
        label=_("Dit is dezelfde persoon als de contactpersoon voor de overeenkomst"),
        required=False,
        initial=True,
    )
    signing = forms.ChoiceField(
        label=_("Hoe is de tekenbevoegdheid geregeld?"),
        help_text=_("Zoals die in het Handelsregister staat."),
        choices=[
            ("alone", _("Eén persoon mag alleen tekenen")),
            ("jointly", _("Twee personen tekenen samen")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies hoe de tekenbevoegdheid is geregeld.")},
    )
    signatory_same = forms.BooleanField(
        label=_("De contactpersoon voor de overeenkomst tekent zelf"), required=False
    )

    only_when = {
        **{f"technical_{name}": ("technical_same", False) for name in CONTACT},
        **{f"signatory_{name}": ("signatory_same", False) for name in CONTACT},
        **{f"second_{name}": ("signing", "jointly") for name in CONTACT},
    }
    groups = [
        (PEOPLE["contract"][0], [f"contract_{name}" for name in CONTACT]),
        (
            PEOPLE["technical"][0],
            ["technical_same", *[f"technical_{name}" for name in CONTACT]],
        ),
        (
            PEOPLE["signatory"][0],
            ["signing", "signatory_same", *[f"signatory_{name}" for name in CONTACT]],
        ),
        (PEOPLE["second"][0], [f"second_{name}" for name in CONTACT]),
    ]


class AccountForm(StepForm):
    account_name = PersonNameField(
        label=_("Naam van de administrator"),
        help_text=_("Deze persoon beheert straks de gebruikers en de API-keys."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Vul de naam van de administrator in.")},
    )
    account_email = EmailField(
        label=_("E-mailadres van de administrator"),
        help_text=_(
            "Hier gaat de link heen waarmee de administrator een wachtwoord kiest."
        ),
        error_messages={"required": _("Vul het e-mailadres van de administrator in.")},
    )
    username = UsernameField(
        label=_("Gebruikersnaam"),
        help_text=USERNAME_HELP,
        error_messages={"required": USERNAME_REQUIRED},
    )


class PaymentForm(StepForm):
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
    payment_method = forms.ChoiceField(
        label=_("Hoe wil je betalen?"),
        choices=[
            ("invoice", _("Op factuur, binnen 28 dagen")),
            ("direct_debit", _("Automatische incasso")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies hoe je wilt betalen.")},
    )
    iban = IbanField(
        label=_("IBAN"), help_text=_("Bijvoorbeeld NL13 TEST 0123 4567 89.")
    )
    account_holder = LineField(
        label=_("Rekeninghouder"),
        max_length=70,
        help_text=_("Zoals de naam bij de bank bekend is."),
        error_messages={"required": _("Vul de naam van de rekeninghouder in.")},
    )
    only_when = {
        "iban": ("payment_method", "direct_debit"),
        "account_holder": ("payment_method", "direct_debit"),
    }


class SubmitForm(StepForm):
    """The last step: agreeing to one version of the terms, the one that was shown."""

    terms = forms.IntegerField(widget=forms.HiddenInput)
    consent = forms.BooleanField(
        label=_("Ik ga namens de organisatie akkoord met de gebruikersvoorwaarden."),
        error_messages={
            "required": _(
                "Je kunt pas versturen als je akkoord gaat met de voorwaarden."
            )
        },
    )


class SaveForLaterForm(forms.Form):
    use_required_attribute = False
    email = EmailField(
        label=_("E-mailadres"),
        help_text=_("Hier sturen we de link heen waarmee je verdergaat."),
        error_messages={"required": _("Vul een e-mailadres in.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


NOT_SIGNED = _(
    "Dit is de overeenkomst zoals wij die stuurden, zonder handtekening. Laat haar"
    " ondertekenen en stuur dat bestand."
)


class ReturnContractForm(forms.Form):
    use_required_attribute = False
    contract = forms.FileField(
        label=_("De ondertekende overeenkomst (pdf)"),
        help_text=_("Een scan of een digitaal ondertekend bestand."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        error_messages={
            "required": _("Kies het bestand met de ondertekende overeenkomst."),
            "empty": _(
                "Dit bestand is leeg. Kies de ondertekende overeenkomst als pdf."
            ),
        },
    )

    def clean_contract(self):
        """The bytes of an acceptable PDF."""
        content = self.cleaned_data["contract"].read(most() + 1)  # more is too much
        try:
            inspect(content)
        except Unacceptable as reason:
            raise forms.ValidationError(str(reason)) from reason
        return content

"""What an application asks, one form per step; the names of the fields are the answers'."""

from django import forms
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
from organisations.details import (
    CONTACT,
    AddressFields,
    BankFields,
    GroupedForm,
    InvoiceFields,
    person_fields,
)
from organisations.fields import CountryField, KvkNumberField, RsinField
from organisations.models import LegalForm

from .models import Volume
from .uploads import Unacceptable, inspect, most


class StepForm(GroupedForm):
    """One step of the application."""

    website = forms.CharField(  # honeypot: people do not see it, robots fill it in
        label=_("Laat dit veld leeg"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    apart = {"website"}

    def clean_website(self):
        if self.cleaned_data["website"]:
            raise forms.ValidationError(
                _("Laat dit veld leeg: het houdt robots tegen.")
            )
        return ""

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


class OrganisationForm(AddressFields, StepForm):
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
    only_when = {
        "kvk_number": ("branch", "kvk"),
        "country": ("branch", "foreign"),
        "register_number": ("branch", "foreign"),
        "rsin": ("branch", "kvk"),
        **AddressFields.only_when,
    }
    groups = [
        ("", ["branch", "kvk_number", "country", "register_number"]),
        (_("De organisatie"), ["name", "legal_form", "rsin"]),
        *AddressFields.groups,
    ]

    def clean(self):
        answers = super().clean()
        if answers.get("legal_form") == LegalForm.SOLE_TRADER:  # it would be a BSN
            self.errors.pop("rsin", None)
            answers["rsin"] = ""
        if answers.get("branch") == "kvk":
            self.clean_dutch_postcodes()
        return answers

    def typed(self):
        typed = super().typed()
        if typed.get("legal_form") == LegalForm.SOLE_TRADER and "rsin" in typed:
            typed["rsin"] = ""  # never stored, not even in a draft
        return typed


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
        for name, field in person_fields(
            required, autofill=prefix == "contract"
        ).items()
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


class PaymentForm(InvoiceFields, BankFields, StepForm):
    payment_method = forms.ChoiceField(
        label=_("Hoe wil je betalen?"),
        choices=[
            ("invoice", _("Op factuur, binnen 28 dagen")),
            ("direct_debit", _("Automatische incasso")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies hoe je wilt betalen.")},
    )
    only_when = {
        "iban": ("payment_method", "direct_debit"),
        "account_holder": ("payment_method", "direct_debit"),
    }
    groups = [
        (
            "",
            [*InvoiceFields.base_fields, "payment_method", *BankFields.base_fields],
        )
    ]


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


class SignedFileForm(forms.Form):
    """One file that came back signed."""

    use_required_attribute = False

    def inspected(self, name):
        """The bytes of an acceptable PDF."""
        content = self.cleaned_data[name].read(most() + 1)  # more is too much
        try:
            inspect(content)
        except Unacceptable as reason:
            raise forms.ValidationError(str(reason)) from reason
        return content


class ReturnContractForm(SignedFileForm):
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
        return self.inspected("contract")


class ReturnMandateForm(SignedFileForm):
    mandate = forms.FileField(
        label=_("De ondertekende incassomachtiging (pdf)"),
        help_text=_("Een scan of een digitaal ondertekend bestand."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        error_messages={
            "required": _("Kies het bestand met de ondertekende incassomachtiging."),
            "empty": _(
                "Dit bestand is leeg. Kies de ondertekende incassomachtiging als pdf."
            ),
        },
    )

    def clean_mandate(self):
        return self.inspected("mandate")


class CancelForm(forms.Form):
    """Cancelling a contract, on the day that was shown."""

    use_required_attribute = False

    ends_on = forms.DateField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Waarom zeg je op?"),
        required=False,
        max_length=1000,
        help_text=_("Wij lezen dit om de API's beter te maken."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class BankForm(BankFields):
    pass


class StopForm(forms.Form):
    use_required_attribute = False

    reason = forms.CharField(
        label=_("Waarom stop je dit?"),
        help_text=_("De andere administrators en wij krijgen dit te lezen."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Vertel kort waarom.")},
    )


class TermsForm(forms.Form):
    """Whether the organisation agrees with what was read."""

    use_required_attribute = False

    seen = forms.CharField(widget=forms.HiddenInput)
    agreed = forms.ChoiceField(
        label=_("Gaat je organisatie akkoord?"),
        choices=[("yes", _("Ja, wij gaan akkoord")), ("no", _("Nee"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies ja of nee.")},
    )

    def answered(self):
        return {
            "seen": self.cleaned_data["seen"],
            "agreed": self.cleaned_data["agreed"] == "yes",
        }

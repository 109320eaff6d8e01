from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.fields import EmailField

from . import domains


class ProviderForm(forms.Form):
    """What an administrator got from whoever runs their provider."""

    use_required_attribute = False

    issuer = forms.CharField(
        label=_("Adres van de inlogdienst (issuer)"),
        help_text=_(
            "Zoals https://login.jouworganisatie.nl, zonder /.well-known erachter."
        ),
        max_length=200,
        widget=forms.URLInput(attrs={"spellcheck": "false"}),
        error_messages={"required": _("Vul het adres van de inlogdienst in.")},
    )
    client_id = forms.CharField(
        label=_("Client-ID"),
        max_length=191,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Vul de client-ID in.")},
    )
    client_secret = forms.CharField(
        label=_("Client-secret"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Vul het client-secret in.")},
    )
    domain = forms.CharField(
        label=_("Maildomein"),
        help_text=_("Wat na de @ staat in de mailadressen van je collega's."),
        max_length=253,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Vul het maildomein in.")},
    )

    def __init__(self, *args, own_login, **options):
        super().__init__(*args, **options)
        self.own_login = own_login
        self.fields["client_secret"].required = not own_login
        if own_login:
            self.fields["client_secret"].help_text = _(
                "Leeg laten houdt het secret dat er staat. We tonen het nooit."
            )

    def clean_issuer(self):
        issuer = self.cleaned_data["issuer"].strip()
        allowed = (
            ["https", "http"] if settings.OWN_LOGIN_PRIVATE_ADDRESSES else ["https"]
        )
        try:
            parts = urlsplit(issuer)
            whole = parts.hostname and not parts.username and parts.port != 0
        except ValueError:
            whole = False
        if not whole or parts.scheme not in allowed or parts.query or parts.fragment:
            raise forms.ValidationError(
                _("Vul een adres in dat met https:// begint, zonder ? of #.")
            )
        return issuer

    def clean_domain(self):
        domain = self.cleaned_data["domain"].strip().lstrip("@").lower().rstrip(".")
        if not domains.is_domain(domain):
            raise forms.ValidationError(
                _("Dit is geen maildomein. Zo wel: jouworganisatie.nl.")
            )
        if domain in domains.PUBLIC_MAILBOXES:
            raise forms.ValidationError(
                _(
                    "Iedereen kan een adres in %(domain)s krijgen. Vul een eigen domein in."
                ),
                params={"domain": domain},
            )
        return domain

    def clean(self):
        data = super().clean()
        known = self.own_login
        if known and not self.errors and not data["client_secret"]:
            typed = (data["issuer"], data["client_id"])
            if typed != (known.issuer, known.client_id):
                text = _(
                    "Vul het secret opnieuw in: het hoort bij één adres en één client-ID."
                )
                self.add_error("client_secret", text)
        return data


class WorkAddressForm(forms.Form):
    use_required_attribute = False

    email = EmailField(
        label=_("E-mailadres van je werk"),
        help_text=_("We kijken alleen naar wat na de @ staat."),
        error_messages={"required": _("Vul een e-mailadres in.")},
    )

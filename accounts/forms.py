from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _


class ActivationForm(forms.Form):
    password = forms.CharField(
        label=_("Wachtwoord"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        texts = password_validation.password_validators_help_texts()
        self.fields["password"].help_text = " ".join(
            texts[:2]
        )  # the others say the same

    def clean_password(self):
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password

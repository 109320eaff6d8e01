"""What is typed to sign in. Those of allauth get our words, fields and limits here."""

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.core import context
from allauth.mfa.base import forms as second_factor
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from . import limits, resets
from .fields import EmailField


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


class ResetForm(forms.Form):
    """Looks nobody up: whoever has an account and whoever has none, it does the same."""

    email = EmailField()

    def save(self, request):
        resets.ask(self.cleaned_data["email"])


class ChangePasswordForm(AllauthChangePasswordForm):
    def clean_oldpassword(self):
        username = self.user.username
        taken = limits.take_guess(context.request, username, limits.PASSWORD)
        password = super().clean_oldpassword()
        limits.give_back(taken)
        return password


class CodeField(forms.CharField):
    """A code of an app or a recovery code; spaces in it are forgiven."""

    def __init__(self, **kwargs):
        super().__init__(max_length=30, **kwargs)
        self.widget.attrs.update(
            autocomplete="one-time-code", inputmode="numeric", spellcheck="false"
        )

    def to_python(self, value):
        return super().to_python(value).replace(" ", "")


class _LimitedCode:
    """A code may be guessed at a few times; see limits.py."""

    def clean_code(self):
        username = self.user.username
        taken = limits.take_guess(context.request, username, limits.CODE)
        code = super().clean_code()
        limits.give_back(taken)
        return code


class AuthenticateForm(_LimitedCode, second_factor.AuthenticateForm):
    code = CodeField(label=_("Code van je app, of een herstelcode"))


class ReauthenticateForm(_LimitedCode, second_factor.ReauthenticateForm):
    code = CodeField(label=_("Code van je app, of een herstelcode"))


class ActivateTOTPForm(AllauthActivateTOTPForm):
    code = CodeField(
        label=_("Code"),
        help_text=_("De zes cijfers die je app nu laat zien."),
    )

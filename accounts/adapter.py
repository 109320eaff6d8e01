import base64
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import elsewhere, encryption, known_devices, limits, services

WAYS = {
    "reauthenticate": gettext_lazy("Met je wachtwoord"),
    "mfa_reauthenticate": gettext_lazy("Met een code van je app, of een herstelcode"),
    "mfa_reauthenticate:webauthn": gettext_lazy("Met een passkey"),
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from an approved application or an invitation, never from a sign-up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy(
            "Deze gebruikersnaam en dit wachtwoord horen niet bij elkaar."
        ),
        "incorrect_password": gettext_lazy("Dit wachtwoord klopt niet."),
        "enter_current_password": gettext_lazy("Dit wachtwoord klopt niet."),
    }

    def is_open_for_signup(self, request):
        return False

    def clean_username(self, username, shallow=False):
        return username.strip().lower()

    def is_safe_url(self, url):
        """One is sent on within this portal, whatever host was asked for."""
        ours = urlsplit(settings.BASE_URL)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={ours.netloc}, require_https=ours.scheme == "https"
        )

    def authenticate(self, request, **credentials):
        """Each try counts before it is made, and no longer if it was right (limits.py)."""
        username = credentials.get("username", "")
        taken = limits.take_guess(request, username, limits.PASSWORD)
        user = super().authenticate(request, **credentials)
        if user:
            limits.give_back(taken)
        return user

    def login(self, request, user):
        self.first_login = user.last_login is None
        super().login(request, user)

    def pre_login(self, request, user, **details):
        """Only after what was typed was right does anybody see that it is not the way in."""
        response = super().pre_login(request, user, **details)
        here = response is None and not elsewhere.came_from_there(request, user)
        if here and (path := elsewhere.path_for(user)):
            clear_login(request)
            wanted = details.get("redirect_url")
            return redirect(f"{path}?{urlencode({'next': wanted})}" if wanted else path)
        return response

    def post_login(self, request, user, **details):
        if not elsewhere.came_from_there(request, user):
            elsewhere.signed_in_here(user)
        response = super().post_login(request, user, **details)
        token = known_devices.token_of(request) or known_devices.new_token()
        known_devices.signed_in(
            user,
            token=token,
            user_agent=self.get_http_user_agent(request),
            address=self.get_client_ip(request),
            first=self.first_login,
        )
        known_devices.give_cookie(response, token)
        return response

    def get_login_stages(self):
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.second_factor.Stage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def get_reauthentication_methods(self, user):
        methods = super().get_reauthentication_methods(user)
        ways = [way | {"description": WAYS[way["id"]]} for way in methods]
        if user.is_authenticated and (
            path := elsewhere.reauthentication_path_for(user)
        ):
            text = _("Via je organisatie")
            ways.append({"id": "elsewhere", "description": text, "url": path})
        return ways

    def send_mail(self, template_prefix, email, context):
        """Every mail is ours (emails.py): there is none left that allauth would write."""
        raise NotImplementedError(template_prefix)

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """allauth says here what became of a second factor; the mail is ours."""
        if template_prefix.startswith("mfa/email/"):
            what = template_prefix.removeprefix("mfa/email/")
            services.second_factor_changed(user, what=what)

    def set_password(self, user, password):
        token = known_devices.token_of(self.request)
        services.set_password(user, password=password, device_token=token)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes lie encrypted in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("Deze code klopt niet, of is al gebruikt."),
        "incorrect_passkey": gettext_lazy(
            "Met deze passkey lukt het niet. Kies een andere, of een andere manier."
        ),
    }

    def encrypt(self, text):
        sealed = encryption.encrypt(text, bound_to="second factor")
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text):
        sealed = base64.b64decode(encrypted_text)
        return encryption.decrypt(sealed, bound_to="second factor")

    def get_public_key_credential_rp_entity(self):
        """A passkey is bound to the host that is configured, not one that was asked for."""
        host = urlsplit(settings.BASE_URL).hostname or ""
        return {"id": host, "name": settings.MFA_TOTP_ISSUER}

    def generate_authenticator_name(self, user, type):
        return _("Passkey van %(date)s") % {
            "date": date_format(timezone.localdate(), "j F Y")
        }

    def _get_user_identifier(self, user):
        """By what one signs in here: an address may belong to several accounts."""
        return user.username

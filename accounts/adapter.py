import base64
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from . import elsewhere, encryption, services


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from an approved application or an invitation, never from a sign-up."""

    def is_open_for_signup(self, request):
        return False

    def clean_username(self, username, shallow=False):
        return username.strip().lower()

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Per name and network, so that nobody is locked out by somebody elsewhere.

        Without the host, of which allauth makes it: the asker chooses that.
        """
        return f"{credentials.get('username', '').lower()}|{ratelimit.get_ip(request)}"

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
        return super().post_login(request, user, **details)

    def get_login_stages(self):
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.second_factor.Stage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def get_reauthentication_methods(self, user):
        ways = super().get_reauthentication_methods(user)
        if user.is_authenticated and (
            path := elsewhere.reauthentication_path_for(user)
        ):
            way = {
                "id": "elsewhere",
                "description": _("Via je organisatie"),
                "url": path,
            }
            ways.append(way)
        return ways

    def send_password_reset_mail(self, user, email, context):
        """To the address that we know, not to the one that was typed."""
        services.send_reset(user)

    def send_mail(self, template_prefix, email, context):
        """Every mail is ours (emails.py): there is none left that allauth would write."""
        raise NotImplementedError(template_prefix)

    def set_password(self, user, password):
        services.set_password(user, password=password)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes lie encrypted in the database."""

    def encrypt(self, text):
        sealed = encryption.encrypt(text, bound_to="second factor")
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text):
        sealed = base64.b64decode(encrypted_text)
        return encryption.decrypt(sealed, bound_to="second factor")

"""allauth's OpenID Connect client, with what it leaves open closed.

allauth keeps state and PKCE, and leads through the login. What is added: the issuer is the
one that was set and no other, the ID token's signature is always checked, with keys of
the provider and never with "none" or a shared secret, a nonce ties the token to this
browser's question, and every request goes through fetching.py.
"""

import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
import requests
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import (
    OpenIDConnectProvider,
)
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from django.conf import settings
from django.contrib.auth import logout
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string

from accounts import second_factor

from ..models import OwnLogin
from . import fetching

# RFC 8725: what a provider signs with; no "none", and nothing that a client could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"]
ALGORITHMS += ["ES512", "EdDSA"]
ENDPOINTS = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
UNREADABLE = (
    jwt.PyJWTError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
LEEWAY = 60  # seconds that two clocks may differ
AGE = 600  # seconds after its making in which an ID token must be here


class ProviderDown(OAuth2Error):
    """The provider does not answer, or not as one."""


class TokenRefused(OAuth2Error):
    """What the provider says cannot be trusted."""


class OAuth2Adapter(OpenIDConnectOAuth2Adapter):
    basic_auth = False  # get_access_token_data() knows

    @property
    def openid_config(self):
        if not hasattr(self, "_openid_config"):
            self._openid_config = self._discover()
        return self._openid_config

    def _discover(self) -> dict[str, Any]:
        issuer = self.get_provider().app.settings["issuer"]
        config = self._ask(
            "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        )
        if config.get("issuer") != issuer:  # OpenID Connect Discovery 1.0, 4.3
            raise ProviderDown(
                f"{issuer} says that it is {config.get('issuer')!r:.200}"
            )
        for name in ENDPOINTS:
            self._require_address(config.get(name))
        return config

    def _require_address(self, url: Any) -> str:
        allowed = (
            ["http", "https"] if settings.OWN_LOGIN_PRIVATE_ADDRESSES else ["https"]
        )
        with suppress(ValueError):
            if isinstance(url, str) and urlsplit(url).scheme in allowed:
                return url
        raise ProviderDown(f"no address: {url!r:.200}")

    def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            with fetching.session() as asking:
                response = asking.request(method, url, **options)
                response.raise_for_status()
                answer = response.json()
        except (requests.RequestException, ValueError, RecursionError) as error:
            raise ProviderDown(str(error)) from error
        if not isinstance(answer, dict):
            raise ProviderDown(f"{url} does not answer with an object")
        return answer

    def get_callback_url(self, request, app):
        return settings.BASE_URL + callback_path(app.provider_id)

    def get_access_token_data(self, request, app, client, pkce_code_verifier=None):
        data = {
            "grant_type": "authorization_code",
            "code": request.GET.get("code", ""),
            "redirect_uri": self.get_callback_url(request, app),
            "code_verifier": pkce_code_verifier,
        }
        ways = self.openid_config.get("token_endpoint_auth_methods_supported")
        if isinstance(ways, list) and "client_secret_basic" not in ways:
            data |= {"client_id": app.client_id, "client_secret": app.secret}
            auth = None
        else:  # RFC 6749, 2.3.1: both are form-encoded first
            auth = (quote(app.client_id, safe=""), quote(app.secret, safe=""))
        token = self._ask(
            "POST", self.openid_config["token_endpoint"], data=data, auth=auth
        )
        if not all(isinstance(token.get(n), str) for n in ("id_token", "access_token")):
            raise TokenRefused("no ID token")
        return token

    def parse_token(self, data):
        return SocialToken(token=data["access_token"])  # used once, kept nowhere

    def complete_login(self, request, app, token, **kwargs):
        claims = self._read(app, kwargs["response"]["id_token"])
        if "email" not in claims and (
            url := self.openid_config.get("userinfo_endpoint")
        ):
            headers = {"Authorization": f"Bearer {token.token}"}
            said = self._ask("GET", self._require_address(url), headers=headers)
            if said.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
                raise TokenRefused("userinfo is about somebody else")
            claims |= {n: said[n] for n in ("email", "email_verified") if n in said}
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def _read(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """The claims of an ID token, if all that must be checked holds (Core 1.0, 3.1.3.7)."""
        try:
            header = jwt.get_unverified_header(id_token)
            claims = jwt.decode(
                id_token,
                key=self._key(header),
                algorithms=ALGORITHMS,
                issuer=app.settings["issuer"],
                audience=app.client_id,
                leeway=LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
            )
        except UNREADABLE as error:
            raise TokenRefused(f"{type(error).__name__}: {error}") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != app.client_id:
            raise TokenRefused("made for another client")
        if int(claims["iat"]) < time.time() - AGE:
            raise TokenRefused("made too long ago")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 191:
            raise TokenRefused("no subject")
        return claims

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The provider's own key that signed; raises PyJWTError where there is none."""
        keys = jwt.PyJWKSet.from_dict(self._ask("GET", self.openid_config["jwks_uri"]))
        signing = [
            key
            for key in keys.keys
            if key.public_key_use in (None, "sig") and key.key_type != "oct"
        ]
        if "kid" in header:
            signing = [key for key in signing if key.key_id == header["kid"]]
        if len(signing) != 1:
            raise jwt.InvalidKeyError(f"{len(signing)} keys fit")
        return signing[0]


class Provider(OpenIDConnectProvider):
    oauth2_adapter_class = OAuth2Adapter

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        """As allauth, and the token that comes back must name this very question."""
        nonce = get_random_string(32)
        auth_params = {**kwargs.pop("auth_params", {}), "nonce": nonce}
        return super().redirect(
            request,
            process,
            next_url=next_url,
            data={**(data or {}), "nonce": nonce},
            auth_params=auth_params,
            **kwargs,
        )

    def serialize(self):
        """While a second step is asked the login waits in the session, by our own code."""
        return {"id": self.app.provider_id}

    def extract_uid(self, data):
        return data["sub"]

    def extract_extra_data(self, data):
        return {}  # what the provider tells of a person is not kept

    def extract_common_fields(self, data):
        return {}

    def extract_email_addresses(self, data):
        return []


class OwnLoginAdapter(DefaultSocialAccountAdapter):
    """Who came back from their organisation's provider; services/own_login.py judges."""

    def list_apps(self, request, provider=None, client_id=None):
        found = OwnLogin.objects.filter(code=provider).select_related("organisation")
        return [app(one) for one in found]

    def get_provider(self, request, provider, client_id=None):
        try:
            return Provider(request, app=self.get_app(request, provider=provider))
        except SocialApp.DoesNotExist:
            raise ValueError(
                provider
            ) from None  # as allauth takes a login that is over

    def is_open_for_signup(self, request, sociallogin):
        return False

    def pre_social_login(self, request, sociallogin: SocialLogin):
        """Every way back ends here: in a login that goes on, or in an answer of ours."""
        from ..views import own_login as views

        data = sociallogin.state.get("data") or {}
        if not constant_time_compare(
            str(sociallogin.claims["nonce"]), data.get("nonce", "")
        ):
            raise TokenRefused("an answer to another question")
        response = views.came_back(request, sociallogin, data)
        if response is not None:
            raise ImmediateHttpResponse(response)

    def on_authentication_error(self, request, provider, **about):
        from ..views import own_login as views

        raise ImmediateHttpResponse(
            views.failed(request, provider.app.provider_id, **about)
        )

    def send_notification_mail(self, *args, **kwargs):
        raise NotImplementedError


def app(own_login: OwnLogin) -> SocialApp:
    """What allauth knows a provider by; made for the occasion and saved nowhere."""
    return SocialApp(
        provider=Provider.id,
        provider_id=own_login.code,
        name=own_login.organisation.name[:40],
        client_id=own_login.client_id,
        secret=own_login.secret,
        settings={
            "issuer": own_login.issuer,
            "server_url": own_login.issuer,
            "oauth_pkce_enabled": True,
            "scope": ["openid", "email"],
        },
    )


def callback_path(code: str) -> str:
    return reverse("organisations:own_login_callback", args=[code])


def sign_in(
    request: Any, sociallogin: SocialLogin, user: Any, *, vouched: bool
) -> None:
    """Have allauth go on with this person; `vouched`: their second factor was asked there."""
    if request.user.is_authenticated:
        logout(request)  # now: it empties the session, and with it what is noted next
    sociallogin.user, sociallogin.token = user, None
    if vouched:
        code = sociallogin.account.provider
        record_authentication(request, user, second_factor.ELSEWHERE, provider=code)

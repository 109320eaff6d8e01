"""All settings, read from the environment. docs/configuration.md explains each variable.

A missing, malformed or unknown variable stops the start with one line that names it.
"""

import base64
import binascii
import ipaddress
import os
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.serialization import pkcs12
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvValidationError, validate
from marshmallow import ValidationError
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from stdnum import iban
from stdnum.eu import at_02

BASE_DIR = Path(__file__).resolve().parent.parent


def stop(reason: str) -> NoReturn:
    """End the start with one line, as an operator reads it in a log."""
    sys.exit(f"portal: {reason} (see docs/configuration.md)")


def versioned_keys(value: str) -> dict[int, bytes]:
    """'1:<base64>,2:<base64>' → {1: 32 bytes, 2: 32 bytes}; the highest is in use."""
    try:
        pairs = [item.split(":", 1) for item in value.split(",")]
        keys = {
            int(version): base64.b64decode(key, validate=True) for version, key in pairs
        }
    except (ValueError, binascii.Error):
        raise ValidationError("expected version:base64[,version:base64]") from None
    if not all(len(key) == 32 and 0 < version < 256 for version, key in keys.items()):
        raise ValidationError("each key is 32 bytes in base64, each version 1 to 255")
    return keys


def secret_bytes(value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValidationError("expected base64") from None
    if len(key) != 32:
        raise ValidationError("expected 32 bytes in base64")
    return key


def secret_bytes_or_none(value: str) -> bytes | None:
    return secret_bytes(value) if value else None


def base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise ValidationError("expected https://host[:port] without a path")
    return value


def postgres_url(value: str) -> dict:
    try:
        parts = conninfo_to_dict(value)
    except ProgrammingError:
        raise ValidationError(
            "expected postgresql://user:password@host:port/name"
        ) from None
    if "dbname" not in parts:
        raise ValidationError("names no database")
    return parts


def smtp_url(value: str) -> dict:
    parts = urlsplit(value)
    if parts.scheme == "mailbox":
        return {"scheme": "mailbox"}
    if parts.scheme not in {"smtp", "smtp+tls", "smtps"} or not parts.hostname:
        raise ValidationError(
            "expected smtp[+tls|s]://user:password@host:port or mailbox:"
        )
    return {
        "scheme": parts.scheme,
        "host": parts.hostname,
        "port": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }


def creditor_identifier(value: str) -> str:
    if not at_02.is_valid(value):
        raise ValidationError("not a SEPA creditor identifier")
    return at_02.compact(value)


def iban_or_nothing(value: str) -> str:
    if value and not iban.is_valid(value):
        raise ValidationError("not an IBAN")
    return iban.compact(value)


def a_file_or_nothing(value: str) -> None:
    if value and not Path(value).is_file():
        raise ValidationError("no such file")


def opens(path: str, passphrase: str) -> bool:
    """Whether this passphrase opens a key with its certificate in a PKCS#12 file."""
    try:
        found = pkcs12.load_pkcs12(Path(path).read_bytes(), passphrase.encode() or None)
    except ValueError:
        return False
    return bool(found.key and found.cert)


def dns_servers(value: list[str]) -> None:
    """Of each host:port the host is an IP address: who would look up its name?"""
    for server in value:
        host, _colon, port = server.rpartition(":")
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            raise ValidationError("expected address:port[,address:port]") from None
        if not port.isdigit():
            raise ValidationError("expected address:port[,address:port]")


def rising_days(value: list[int]) -> None:
    if value != sorted(set(value)) or any(day < 1 for day in value):
        raise ValidationError("expected rising numbers of days: 14,28")


env = Env(eager=False, prefix="PORTAL_")
for parser in (
    versioned_keys, secret_bytes, secret_bytes_or_none, base_url, postgres_url, smtp_url, creditor_identifier,
    iban_or_nothing,
):  # fmt: skip
    env.add_parser(parser.__name__, parser)

# Who can tell how a mail went, with nothing but a secret between us (mail/webhook.py).
MAIL_PROVIDERS = {
    "brevo": "anymail.webhooks.brevo.BrevoTrackingWebhookView",
    "mailjet": "anymail.webhooks.mailjet.MailjetTrackingWebhookView",
    "postmark": "anymail.webhooks.postmark.PostmarkTrackingWebhookView",
    "sendgrid": "anymail.webhooks.sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView",
}

# What development uses when nothing is set; production refuses each of these.
DEVELOPMENT_SECRET = "development-only-secret-key-that-production-refuses"  # noqa: S105
DEVELOPMENT_KEY = base64.b64encode(b"development only key, 32 bytes..").decode()

ENVIRONMENT = env.str(
    "ENVIRONMENT", "production", validate=validate.OneOf(["production", "development"])
)
DEVELOPMENT = ENVIRONMENT == "development"
_secret: dict[str, Any] = {"default": DEVELOPMENT_KEY} if DEVELOPMENT else {}
_keys: dict[str, Any] = {"default": f"1:{DEVELOPMENT_KEY}"} if DEVELOPMENT else {}

DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)
_secret_key: dict[str, Any] = {"default": DEVELOPMENT_SECRET} if DEVELOPMENT else {}
SECRET_KEY = env.str("SECRET_KEY", **_secret_key)
LINK_KEY = env.secret_bytes("LINK_KEY", **_secret)
AUDIT_KEY = env.secret_bytes("AUDIT_KEY", **_secret)
STATEMENT_KEY = env.secret_bytes("STATEMENT_KEY", **_secret)
KEY_ENCRYPTION_KEYS = env.versioned_keys("KEY_ENCRYPTION_KEYS", **_keys)
KEY_PEPPERS = env.versioned_keys("KEY_PEPPERS", **_keys)
SNAPSHOT_KEY = env.secret_bytes_or_none(
    "SNAPSHOT_KEY", DEVELOPMENT_KEY if DEVELOPMENT else ""
)
BASE_URL = env.base_url(
    "BASE_URL", **({"default": "http://127.0.0.1:8000"} if DEVELOPMENT else {})
)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0, validate=validate.Range(0, 5))
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", True)
DATA_DIR = env.path("DATA_DIR", BASE_DIR / ".data")
GEOIP_DATABASE = env.str("GEOIP_DATABASE", "", validate=a_file_or_nothing)
LOG_LEVEL = env.str(
    "LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
)

_mail = env.smtp_url("EMAIL_URL", **({"default": "mailbox:"} if DEVELOPMENT else {}))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "API support <apisupport@portal.example>")
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", "")
BOUNCE_MAILDIR = env.str("BOUNCE_MAILDIR", "")
MAIL_PROVIDER = env.str(
    "MAIL_PROVIDER", "", validate=validate.OneOf(["", *MAIL_PROVIDERS])
)
ANYMAIL = {"WEBHOOK_SECRET": env.str("MAIL_PROVIDER_SECRET", "")}
MAIL_PER_ADDRESS_PER_HOUR = env.int(
    "MAIL_PER_ADDRESS_PER_HOUR", 3, validate=validate.Range(1)
)

# The operator, as visitors, documents and mails name it. The default is the manual's.
OPERATOR_NAME = env.str("OPERATOR_NAME", "KVK")
OPERATOR_LEGAL_NAME = env.str("OPERATOR_LEGAL_NAME", "Kamer van Koophandel")
OPERATOR_ADDRESS = env.str("OPERATOR_ADDRESS", "Voorbeeldlaan 1, 1234 AB Voorbeeldstad")
OPERATOR_COUNTRY = env.str("OPERATOR_COUNTRY", "Nederland")
OPERATOR_KVK_NUMBER = env.str(
    "OPERATOR_KVK_NUMBER", "69599068", validate=validate.Regexp(r"^\d{8}\Z")
)
OPERATOR_PRODUCT = env.str("OPERATOR_PRODUCT", "KVK Handelsregister API's")
CREDITOR_IDENTIFIER = env.creditor_identifier(
    "CREDITOR_IDENTIFIER", "NL14ZZZ695990680000"
)
CREDITOR_IBAN = env.iban_or_nothing(
    "CREDITOR_IBAN", "NL02ABNA0123456789" if DEVELOPMENT else ""
)
SALES_PHONE = env.str("SALES_PHONE", "088 585 34 34")
SALES_EMAIL = env.str("SALES_EMAIL", "account@kvk.nl", validate=validate.Email())
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", "apisupport@kvk.nl", validate=validate.Email())
KEY_PREFIX = env.str("KEY_PREFIX", "kvk", validate=validate.Regexp(r"^[a-z]{2,8}\Z"))
API_BASE_URL = env.str(
    "API_BASE_URL", "https://api.kvk.nl/api", validate=validate.URL()
)
TEST_API_BASE_URL = env.str(
    "TEST_API_BASE_URL", "https://api.kvk.nl/test/api", validate=validate.URL()
)

# Terms, in days unless the name says otherwise.
DRAFT_DAYS = env.int("DRAFT_DAYS", 30, validate=validate.Range(1, 365))
REMINDER_DAYS: list[int] = env.list(
    "REMINDER_DAYS", [14, 28], subcast=int, validate=rising_days
)
HANDLING_DAYS = env.int("HANDLING_DAYS", 5, validate=validate.Range(1, 90))
ERASE_DAYS = env.int("ERASE_DAYS", 180, validate=validate.Range(1, 3650))
TERMS_REMINDER_DAYS: list[int] = env.list(
    "TERMS_REMINDER_DAYS", [14, 28], subcast=int, validate=rising_days
)
_last_reminder = max(REMINDER_DAYS or [0])  # None where it was refused
LAPSE_DAYS = env.int("LAPSE_DAYS", 42, validate=validate.Range(_last_reminder + 1, 365))
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", 30, validate=validate.Range(5, 480))
LOOK_ALONG_MINUTES = env.int("LOOK_ALONG_MINUTES", 30, validate=validate.Range(1, 240))
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", 12, validate=validate.Range(1, 24))
ACTIVATION_DAYS = env.int("ACTIVATION_DAYS", 14, validate=validate.Range(1, 90))
INVITATION_DAYS = env.int("INVITATION_DAYS", 14, validate=validate.Range(1, 90))
OWN_LOGIN_RESOLVERS: list[str] = env.list(
    "OWN_LOGIN_RESOLVERS", [], validate=dns_servers
)
OWN_LOGIN_PRIVATE_ADDRESSES = env.bool("OWN_LOGIN_PRIVATE_ADDRESSES", False)
INVITATIONS_PER_DAY = env.int("INVITATIONS_PER_DAY", 200, validate=validate.Range(1))
ADMINISTRATOR_WAIT_DAYS = env.int(
    "ADMINISTRATOR_WAIT_DAYS", 14, validate=validate.Range(3, 90)
)
ADMINISTRATOR_AGAIN_DAYS = env.int(
    "ADMINISTRATOR_AGAIN_DAYS", 90, validate=validate.Range(1, 365)
)
INTERVENTION_WAIT_DAYS = env.int(
    "INTERVENTION_WAIT_DAYS", 3, validate=validate.Range(1, 30)
)
PREVIOUS_CONTACT_DAYS = env.int("PREVIOUS_CONTACT_DAYS", 30, validate=validate.Range(1))
IBAN_COOLING_OFF_DAYS = env.int("IBAN_COOLING_OFF_DAYS", 7, validate=validate.Range(1))
APPLICATIONS_PER_HOUR = env.int("APPLICATIONS_PER_HOUR", 10, validate=validate.Range(1))
UPLOAD_MAX_MEGABYTES = env.int(
    "UPLOAD_MAX_MEGABYTES", 10, validate=validate.Range(1, 50)
)
SIGNING_CERTIFICATE = env.str("SIGNING_CERTIFICATE", "", validate=a_file_or_nothing)
SIGNING_PASSPHRASE = env.str("SIGNING_PASSPHRASE", "")
TRUSTED_SIGNERS = env.str("TRUSTED_SIGNERS", "", validate=a_file_or_nothing)

# The Handelsregister, in which KVK numbers are looked up; without a key they are not.
KVK_API_URL = env.str(
    "KVK_API_URL", "https://api.kvk.nl/test/api", validate=validate.URL()
)
KVK_API_KEY = env.str("KVK_API_KEY", "")

# The gateway's side, in seconds: for how long an answer stands, and for how long a key that
# passed keeps passing while the database is away.
MOST_CANARIES = env.int("MOST_CANARIES", 20, validate=validate.Range(1))
VERIFY_SECONDS = env.int("VERIFY_SECONDS", 5, validate=validate.Range(1, 60))
VERIFY_GRACE_SECONDS = env.int(
    "VERIFY_GRACE_SECONDS", 600, validate=validate.Range(0, 86400)
)

# In which header a gateway tells the address of who calls, and the file with the public
# keys of who may report leaked keys (as GitHub publishes them).
CALLER_HEADER = env.str("CALLER_HEADER", "X-Caller-Address")
LEAK_REPORT_KEYS = env.str("LEAK_REPORT_KEYS", "", validate=a_file_or_nothing)

# The promises of the Service Garantie Document.
SERVICE_AVAILABILITY = env.str(
    "SERVICE_AVAILABILITY", "98"
)  # % a month, in service hours
SERVICE_HOURS = env.str("SERVICE_HOURS", "maandag tot en met vrijdag, 8.00 - 17.00 uur")
SERVICE_DESK_HOURS = env.str(
    "SERVICE_DESK_HOURS", "maandag tot en met vrijdag, 8.30 - 18.00 uur"
)
SERVICE_MAINTENANCE = env.str("SERVICE_MAINTENANCE", "woensdag, 18.00 - 22.00 uur")
SERVICE_RECOVERY_HOURS = env.list("SERVICE_RECOVERY_HOURS", [4, 8, 40], subcast=int)

# DATABASE_URL carries no prefix: platforms set it under that name.
env._prefix = None
_database = env.postgres_url("DATABASE_URL")
_known = set(env._fields) | {"DATABASE_URL"}

try:
    env.seal()
except EnvValidationError as error:
    _faults: Any = error.error_messages
    stop("; ".join(f"{name}: {' '.join(why)}" for name, why in _faults.items()))
if _unknown := {name for name in os.environ if name.startswith("PORTAL_")} - _known:
    stop(f"unknown setting {', '.join(sorted(_unknown))}")
if SIGNING_CERTIFICATE and not opens(SIGNING_CERTIFICATE, SIGNING_PASSPHRASE):
    stop("PORTAL_SIGNING_CERTIFICATE: no PKCS#12 with a key that the passphrase opens")
if not DEVELOPMENT:
    if DEBUG:
        stop("PORTAL_DEBUG: production does not run with DEBUG")
    if OWN_LOGIN_PRIVATE_ADDRESSES:
        stop("PORTAL_OWN_LOGIN_PRIVATE_ADDRESSES: for development and tests only")
    if DEMO:
        stop("PORTAL_DEMO: production does not load demo data")
    if SECRET_KEY == DEVELOPMENT_SECRET or len(SECRET_KEY) < 50:
        stop("PORTAL_SECRET_KEY: needs 50 characters or more, and not development's")
    _development_key = base64.b64decode(DEVELOPMENT_KEY)
    for _name, _values in {
        "PORTAL_LINK_KEY": [LINK_KEY],
        "PORTAL_AUDIT_KEY": [AUDIT_KEY],
        "PORTAL_STATEMENT_KEY": [STATEMENT_KEY],
        "PORTAL_KEY_ENCRYPTION_KEYS": KEY_ENCRYPTION_KEYS.values(),
        "PORTAL_KEY_PEPPERS": KEY_PEPPERS.values(),
        "PORTAL_SNAPSHOT_KEY": [SNAPSHOT_KEY],
    }.items():
        if _development_key in _values:
            stop(f"{_name}: is development's; make one of your own")
    if MAIL_PROVIDER and len(ANYMAIL["WEBHOOK_SECRET"]) < 20:
        stop("PORTAL_MAIL_PROVIDER_SECRET: needs user:password, 20 characters or more")
    if _mail["scheme"] == "mailbox":
        stop("PORTAL_EMAIL_URL: the mailbox in the browser is for development only")
    if not BASE_URL.startswith("https://"):
        stop("PORTAL_BASE_URL: production needs https")

_host = urlsplit(BASE_URL)
ALLOWED_HOSTS = [_host.hostname, *ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "applications",
    "apikeys",
    "organisations",
    "accounts",
    "mail",
    "audit",
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "csp",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.security_headers",
    "portal.middleware.machines",
    "portal.middleware.redirect_whole_page",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.language_of_user",
    "accounts.guards.too_many_tries",
    "accounts.guards.clear_on_leaving",
    "accounts.guards.back_to_the_whole_page",
    "accounts.guards.keep_no_secrets",
    "accounts.staff_sessions.short_for_staff",
    "accounts.middleware.last_seen",
    "accounts.middleware.second_factor_required",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.operator",
            ],
        },
    }
]
FORM_RENDERER = "portal.forms.Renderer"

# No disk has an arm to move any more: without this PostgreSQL reads whole tables in order
# rather than the few rows that an index names.
_database.setdefault("options", "-c random_page_cost=1.1")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.pop("dbname"),
        "USER": _database.pop("user", ""),
        "PASSWORD": _database.pop("password", ""),
        "HOST": _database.pop("host", ""),
        "PORT": _database.pop("port", ""),
        "OPTIONS": {
            **_database,
            "pool": {"min_size": 1, "max_size": 8, "timeout": 15},  # seconds
        },
        "CONN_HEALTH_CHECKS": True,  # so that a restart of PostgreSQL is survived
    }
}
# The same database by connections of its own: a gateway is answered while pages are busy,
# and hears within two seconds that the database is away. Its few questions are prepared:
# PostgreSQL needs longer to plan one than to answer it.
DATABASES["gateway"] = {
    **DATABASES["default"],
    "OPTIONS": {
        **_database,
        "connect_timeout": 2,
        "server_side_binding": True,
        "prepare_threshold": 5,
        "pool": {"min_size": 1, "max_size": 4, "timeout": 2},
    },
    "TEST": {"MIRROR": "default"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {  # one for all processes: second-factor codes and rate limits count once
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SESSION_COOKIE_NAME = "sessionid" if DEVELOPMENT else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEVELOPMENT else "__Host-csrftoken"
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- people ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "organisations:mine"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # else anybody can have us mail any address
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # accounts/limits.py counts, exactly
ACCOUNT_FORMS = {
    "reset_password": "accounts.forms.ResetForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.passkeys.AddForm",
    "edit_webauthn": "accounts.passkeys.NameForm",
    "login_webauthn": "accounts.passkeys.LoginForm",
    "authenticate_webauthn": "accounts.passkeys.AuthenticateForm",
    "reauthenticate_webauthn": "accounts.passkeys.ReauthenticateForm",
}
MFA_TOTP_ISSUER = f"{OPERATOR_NAME} Mijn Portaal"
MFA_TOTP_TOLERANCE = 0
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the link of activation proved it already
SOCIALACCOUNT_ADAPTER = "organisations.own_login.provider.OwnLoginAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False  # who is no member is asked to be invited
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LengthByFactor"},
    {"NAME": "accounts.passwords.NotGuessable"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
    },
]

# --- language and time ---
LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", _("Nederlands")), ("en", _("Engels"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True
FORMAT_MODULE_PATH = "portal.formats"

# --- mail ---
if _mail["scheme"] == "mailbox":
    EMAIL_BACKEND = "mail.mailbox.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail["host"], _mail["port"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["user"], _mail["password"]
    EMAIL_USE_TLS = _mail["scheme"] == "smtp+tls"
    EMAIL_USE_SSL = _mail["scheme"] == "smtps"
EMAIL_TIMEOUT = 20

# --- files and headers ---
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of a form, its files not counted
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 2
FILE_UPLOAD_HANDLERS = [
    "portal.uploads.AtMost",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEVELOPMENT
SECURE_SSL_REDIRECT = not DEVELOPMENT
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

PROCRASTINATE_ON_APP_READY = None
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secrets": {"()": "portal.logging.HideSecrets"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["secrets"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "procrastinate.periodic": {"level": "WARNING"},  # else each command begins with
        "procrastinate.blueprints": {"level": "WARNING"},  # a list of our tasks
    },
}

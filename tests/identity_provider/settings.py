import os
from pathlib import Path

DIRECTORY = Path(os.environ["IDENTITY_PROVIDER"])
SECRET_KEY = "only for a provider in a test"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.identity_provider.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DIRECTORY / "provider.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_COOKIE_NAME = "provider_session"  # beside the portal's, on the same host
CSRF_COOKIE_NAME = "provider_csrf"
LOGIN_URL = "/login/"
LOGIN_PAGE = """<!doctype html><html lang="nl"><title>Inlogdienst</title>
<h1>Inlogdienst van Voorbeeld</h1><form method="post">{% csrf_token %}{{ form.as_p }}
<button>Aanmelden</button></form></html>"""
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.locmem.Loader", {"login.html": LOGIN_PAGE})
            ]
        },
    }
]
USE_TZ = True
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": os.environ["IDENTITY_PROVIDER_ISSUER"],
    "OIDC_RSA_PRIVATE_KEY": (DIRECTORY / "key.pem").read_text(),
    "OAUTH2_VALIDATOR_CLASS": "tests.identity_provider.claims.Validator",
    "PKCE_REQUIRED": True,
    "SCOPES": {"openid": "wie je bent", "email": "je mailadres"},
}

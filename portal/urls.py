from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("ondersteuning/", views.support, name="support"),
    path("taal/", login_not_required(set_language), name="set_language"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include("applications.urls")),
    path("", include("accounts.urls")),
    path("", include("organisations.urls")),
    path("", include("apikeys.urls")),
    path("account/", include("accounts.signing_in")),
    path("beheer/", admin.site.urls),
]
if settings.DEVELOPMENT:
    urlpatterns.append(path("mailbox/", include("mail.urls")))

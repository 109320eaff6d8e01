from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from mail.webhook import delivery

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("ondersteuning/", views.support, name="support"),
    path("taal/", views.language, name="set_language"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("mail/bezorging/", delivery, name="mail_delivery"),
    path("", include("applications.urls")),
    path("", include("accounts.urls")),
    path("", include("organisations.urls")),
    path("", include("apikeys.urls")),
    path("account/", include("accounts.signing_in")),
    path("beheer/", admin.site.urls),
]
if settings.DEVELOPMENT:
    urlpatterns.append(path("mailbox/", include("mail.urls")))

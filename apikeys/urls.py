from django.urls import path

from .gateway import answers, leaked, usage, verify
from .views import keys, limits, requests, secrets

app_name = "apikeys"
ONE = "mijn/<slug:slug>/api-keys/<int:key_id>/"
urlpatterns = [
    path("mijn/<slug:slug>/api-keys/", keys.api_keys, name="list"),
    path("mijn/<slug:slug>/api-keys/lokkey/", limits.canary, name="canary"),
    path("mijn/<slug:slug>/api-keys/lekken/", limits.leak_policy, name="leak_policy"),
    path("mijn/<slug:slug>/api-keys/aanvragen/", requests.ask, name="ask"),
    path(f"{ONE}", keys.detail, name="detail"),
    path(f"{ONE}wijzigen/", keys.rename, name="rename"),
    path(f"{ONE}tonen/", secrets.reveal, name="reveal"),
    path(f"{ONE}vernieuwen/", secrets.rotate, name="rotate"),
    path(f"{ONE}vernieuwen/<int:secret_id>/", secrets.old_secret, name="old_secret"),
    path(f"{ONE}blokkeren/", limits.block, name="block"),
    path(f"{ONE}vrijgeven/", limits.unblock, name="unblock"),
    path(f"{ONE}beperken/", limits.restrict, name="restrict"),
    path(f"{ONE}einddatum/", limits.stop, name="stop"),
    path("gateway/v1/verify", verify.verify, name="verify"),
    path("gateway/v1/usage", usage.report, name="usage"),
    path("gateway/v1/leaked-keys", leaked.report, name="leaked_keys"),
    path("gateway/<path:path>", answers.unknown, name="unknown"),
]

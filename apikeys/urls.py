from django.urls import path

from . import views, views_tokens, views_usage
from .gateway import answers, snapshot, usage, verify

app_name = "apikeys"
urlpatterns = [
    path("mijn/<slug:slug>/api-keys/", views.api_keys, name="list"),
    path("mijn/<slug:slug>/api-keys/<int:key_id>/tonen/", views.reveal, name="reveal"),
    path("mijn/<slug:slug>/verbruik/", views_usage.usage, name="usage_page"),
    path("mijn/<slug:slug>/verbruik.json", views_tokens.usage, name="usage_json"),
    path("mijn/gegevens/tokens/", views_tokens.mine, name="tokens"),
    path(
        "mijn/gegevens/tokens/<int:token_id>/beeindigen/",
        views_tokens.end,
        name="end_token",
    ),
    path("gateway/v1/verify", verify.verify, name="verify"),
    path("gateway/v1/snapshot", snapshot.snapshot, name="snapshot"),
    path("gateway/v1/snapshot/keys", snapshot.keys, name="snapshot_keys"),
    path("gateway/v1/usage", usage.report, name="usage"),
    path("gateway/<path:path>", answers.unknown, name="unknown"),
]

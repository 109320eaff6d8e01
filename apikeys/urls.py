from django.urls import path

from . import gateway, views

app_name = "apikeys"
urlpatterns = [
    path("mijn/<slug:slug>/api-keys/", views.api_keys, name="list"),
    path("mijn/<slug:slug>/api-keys/<int:key_id>/tonen/", views.reveal, name="reveal"),
    path("gateway/v1/verify", gateway.verify, name="verify"),
    path("gateway/<path:path>", gateway.unknown, name="unknown"),
]

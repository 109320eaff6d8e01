from django.urls import path

from .views import applying, following

app_name = "applications"
urlpatterns = [
    path("aanvragen/", applying.start, name="start"),
    path("aanvragen/verzonden/", applying.sent, name="sent"),
    path("aanvragen/bewaren/", applying.save_for_later, name="save_for_later"),
    path("aanvragen/verder/<str:token>/", applying.resume, name="resume"),
    path("aanvragen/voorwaarden/<int:pk>/", applying.terms, name="terms"),
    path("aanvragen/controleren/", applying.check, name="check"),
    path("aanvragen/<slug:slug>/", applying.step, name="step"),
    path("aanvraag/<str:token>/", following.status, name="status"),
    path(
        "aanvraag/<str:token>/bevestigen/",
        following.confirm_email,
        name="confirm_email",
    ),
    path("aanvraag/<str:token>/intrekken/", following.withdraw, name="withdraw"),
    path("aanvraag/<str:token>/aanvullen/", following.complete, name="complete"),
    path(
        "aanvraag/<str:token>/overeenkomst/",
        following.return_contract,
        name="return_contract",
    ),
    path(
        "aanvraag/<str:token>/document/<int:pk>/", following.document, name="document"
    ),
]

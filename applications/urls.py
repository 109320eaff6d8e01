from django.urls import path

from .views import applying, bank, contracts, following, terms

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
    path(
        "mijn/<slug:slug>/api-keys/aanvragen/overeenkomst/",
        applying.begin_for_customer,
        name="begin_for_customer",
    ),
    path("mijn/<slug:slug>/organisatie/contract/", contracts.shown, name="contract"),
    path(
        "mijn/<slug:slug>/organisatie/contract/<int:contract_id>/opzeggen/",
        contracts.cancel,
        name="cancel_contract",
    ),
    path(
        "mijn/<slug:slug>/organisatie/contract/<int:contract_id>/behouden/",
        contracts.take_back,
        name="keep_contract",
    ),
    path(
        "mijn/<slug:slug>/organisatie/documenten/<int:document_id>/",
        contracts.document,
        name="organisation_document",
    ),
    path("mijn/<slug:slug>/organisatie/voorwaarden/", terms.shown, name="terms_round"),
    path(
        "mijn/<slug:slug>/organisatie/voorwaarden/<int:terms_id>/",
        terms.document,
        name="terms_round_document",
    ),
    path("mijn/<slug:slug>/organisatie/betaling/", bank.shown, name="payment"),
    path(
        "mijn/<slug:slug>/organisatie/betaling/<int:contract_id>/wijzigen/",
        bank.ask,
        name="ask_bank_change",
    ),
    path(
        "mijn/<slug:slug>/organisatie/betaling/wijzigingen/<int:change_id>/akkoord/",
        bank.agree,
        name="agree_bank_change",
    ),
    path(
        "mijn/<slug:slug>/organisatie/betaling/wijzigingen/<int:change_id>/machtiging/",
        bank.return_mandate,
        name="return_mandate",
    ),
    path(
        "mijn/<slug:slug>/organisatie/betaling/wijzigingen/<int:change_id>/stoppen/",
        bank.stop,
        name="stop_bank_change",
    ),
    path("rekening-bevestigen/<str:token>/", bank.confirm, name="confirm_bank_change"),
]

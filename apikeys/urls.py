from django.urls import path

from . import views, views_budgets, views_months, views_tokens, views_usage
from .gateway import answers, openapi, snapshot, usage, verify

app_name = "apikeys"
urlpatterns = [
    path("mijn/<slug:slug>/api-keys/", views.api_keys, name="list"),
    path("mijn/<slug:slug>/api-keys/<int:key_id>/tonen/", views.reveal, name="reveal"),
    path("mijn/<slug:slug>/verbruik/", views_usage.usage, name="usage_page"),
    path("mijn/<slug:slug>/verbruik.json", views_tokens.usage, name="usage_json"),
    path("mijn/<slug:slug>/verbruik/budget/", views_budgets.shown, name="budgets"),
    path(
        "mijn/<slug:slug>/verbruik/budget/nieuw/",
        views_budgets.change,
        name="add_budget",
    ),
    path(
        "mijn/<slug:slug>/verbruik/budget/<int:budget_id>/",
        views_budgets.change,
        name="change_budget",
    ),
    path(
        "mijn/<slug:slug>/verbruik/budget/<int:budget_id>/weghalen/",
        views_budgets.remove,
        name="remove_budget",
    ),
    path("mijn/<slug:slug>/verbruik/mail/", views_budgets.mail, name="usage_mail"),
    path("mijn/<slug:slug>/verbruik/maanden/", views_months.shown, name="months"),
    path(
        "mijn/<slug:slug>/verbruik/maanden/<slug:month>/rapport.pdf",
        views_months.report,
        name="monthly_report",
    ),
    path(
        "mijn/<slug:slug>/verbruik/maanden/<slug:month>/afrekening.csv",
        views_months.statement_csv,
        name="statement_csv",
    ),
    path(
        "mijn/<slug:slug>/verbruik/maanden/<slug:month>/afrekening.json",
        views_months.statement_json,
        name="statement_json",
    ),
    path("mijn/gegevens/tokens/", views_tokens.mine, name="tokens"),
    path(
        "mijn/gegevens/tokens/<int:token_id>/beeindigen/",
        views_tokens.end,
        name="end_token",
    ),
    path("gateway/v1/verify", verify.verify, name="verify"),
    path("gateway/v1/snapshot", snapshot.snapshot, name="snapshot"),
    path("gateway/v1/snapshot/keys", snapshot.keys, name="snapshot_keys"),
    path("gateway/v1/openapi.json", openapi.openapi, name="openapi"),
    path("gateway/v1/usage", usage.report, name="usage"),
    path("gateway/<path:path>", answers.unknown, name="unknown"),
]

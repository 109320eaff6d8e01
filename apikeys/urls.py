from django.urls import path

from .gateway import answers, leaked, openapi, published, snapshot, verify
from .gateway import usage as reporting
from .views import (
    budgets,
    keys,
    limits,
    months,
    notices,
    requests,
    secrets,
    tokens,
    usage,
)

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
    path(f"{ONE}opruimen/", limits.retire, name="retire"),
    path("mijn/<slug:slug>/verbruik/", usage.usage, name="usage_page"),
    path("mijn/<slug:slug>/verbruik.json", tokens.usage, name="usage_json"),
    path("mijn/<slug:slug>/verbruik/budget/", budgets.shown, name="budgets"),
    path(
        "mijn/<slug:slug>/verbruik/budget/nieuw/",
        budgets.change,
        name="add_budget",
    ),
    path(
        "mijn/<slug:slug>/verbruik/budget/<int:budget_id>/",
        budgets.change,
        name="change_budget",
    ),
    path(
        "mijn/<slug:slug>/verbruik/budget/<int:budget_id>/weghalen/",
        budgets.remove,
        name="remove_budget",
    ),
    path("mijn/<slug:slug>/verbruik/mail/", budgets.mail, name="usage_mail"),
    path("mijn/<slug:slug>/verbruik/maanden/", months.shown, name="months"),
    path(
        "mijn/<slug:slug>/verbruik/maanden/<slug:month>/rapport.pdf",
        months.report,
        name="monthly_report",
    ),
    path(
        "mijn/<slug:slug>/verbruik/maanden/<slug:month>/afrekening.csv",
        months.statement_csv,
        name="statement_csv",
    ),
    path(
        "mijn/<slug:slug>/verbruik/maanden/<slug:month>/afrekening.json",
        months.statement_json,
        name="statement_json",
    ),
    path("status/", notices.status, name="status"),
    path(
        "mijn/<slug:slug>/mededelingen/<int:notice_id>/gelezen/",
        notices.acknowledge,
        name="acknowledge_notice",
    ),
    path("mijn/gegevens/tokens/", tokens.mine, name="tokens"),
    path(
        "mijn/gegevens/tokens/<int:token_id>/beeindigen/",
        tokens.end,
        name="end_token",
    ),
    path("gateway/v1/verify", verify.verify, name="verify"),
    path("gateway/v1/snapshot", snapshot.snapshot, name="snapshot"),
    path("gateway/v1/snapshot/keys", published.of_snapshots, name="snapshot_keys"),
    path("gateway/v1/statements/keys", published.of_statements, name="statement_keys"),
    path("gateway/v1/openapi.json", openapi.openapi, name="openapi"),
    path("gateway/v1/usage", reporting.report, name="usage"),
    path("gateway/v1/leaked-keys", leaked.report, name="leaked_keys"),
    path("gateway/<path:path>", answers.unknown, name="unknown"),
]

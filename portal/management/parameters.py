"""What the parts of an address may be: the ids of an organisation's rows.

A part that is not named here fails tests/test_nobody_elses.py, with its name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.utils import timezone

from accounts.models import Activation, EmailChange, User
from apikeys.models import (
    ApiKey,
    Budget,
    KeySecret,
    Notice,
    NoticeReader,
    PersonalToken,
)
from applications.models import (
    Application,
    BankChange,
    BillingCorrection,
    BillingLine,
    BillingMonth,
    CollectionReturn,
    Contract,
    Document,
    DocumentKind,
    DocumentTemplate,
    Status,
    TermsRequest,
    TermsRound,
)
from mail import private_links
from mail.models import Message
from organisations.models import (
    AdministratorRequest,
    Intervention,
    Invitation,
    Membership,
    Organisation,
    OwnLogin,
)

Rows = dict[str, list[Any]]  # "organisations.membership" → primary keys


def every_row() -> dict[str, set[Any]]:
    """What is in every table, by the name of its model."""
    return {
        model._meta.label_lower: set(
            model._base_manager.values_list("pk", flat=True).order_by()
        )
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }


@contextmanager
def rows_made() -> Iterator[Rows]:
    """Which rows came about meanwhile; known when the block is over."""
    before = every_row()
    made: Rows = {}
    yield made
    for label, keys in every_row().items():
        if new := keys - before[label]:
            made[label] = sorted(new)


def _of(model: type[models.Model]) -> Callable[[Rows], list[Any]]:
    return lambda rows: rows.get(model._meta.label_lower, [])


def token(purpose: str, row: Any) -> str:
    """The private link of a row, as its mail has it."""
    return private_links.token(purpose, row.pk, row.link_version)


def _tokens(purpose: str, model: type[models.Model], **which: Any):
    def tokens(rows: Rows) -> list[str]:
        found = model._base_manager.filter(pk__in=_of(model)(rows), **which)
        return [token(purpose, row) for row in found.order_by("pk")]

    return tokens


def _slugs(rows: Rows) -> list[str]:
    found = Organisation.objects.filter(pk__in=_of(Organisation)(rows))
    return [one.slug for one in found]


def _sessions(rows: Rows) -> list[int]:
    """Where these people are signed in now, which the seed itself does nowhere."""
    found = UserSession.objects.filter(user__in=_of(User)(rows)).order_by("pk")
    return [session.pk for session in found]


def _passkeys(rows: Rows) -> list[int]:
    found = Authenticator.objects.filter(pk__in=_of(Authenticator)(rows))
    return [*found.filter(type="webauthn").values_list("pk", flat=True)]


# What stands in an address → which of an organisation's rows it may be. By the name of
# the part, or by that of the page before it where one name means several things.
PARAMETERS: dict[str, Callable[[Rows], list[Any]]] = {
    "slug": _slugs,
    "member_id": _of(Membership),
    "invitation_id": _of(Invitation),
    "key_id": _of(ApiKey),
    "secret_id": _of(KeySecret),
    "session_id": _sessions,
    "budget_id": _of(Budget),
    "token_id": _of(PersonalToken),
    "contract_id": _of(Contract),
    "change_id": _of(BankChange),
    "request_id": _of(AdministratorRequest),
    "intervention_id": _of(Intervention),
    "notice_id": _of(NoticeReader),
    "terms_id": _of(TermsRequest),
    "admin:apikeys_notice_readers pk": _of(Notice),
    "admin:apikeys_notice_csv pk": _of(Notice),
    "code": lambda rows: [
        one.code for one in OwnLogin.objects.filter(pk__in=_of(OwnLogin)(rows))
    ],
    "apikeys:retire key_id": lambda rows: [
        *ApiKey.objects.canaries()
        .filter(pk__in=_of(ApiKey)(rows))
        .values_list("pk", flat=True)
    ],
    "applications:organisation_document document_id": lambda rows: _documents(
        rows, Status.APPROVED
    ),
    "applications:confirm_bank_change token": _tokens(
        "bank_change", BankChange, confirmed_at=None
    ),
    "mfa_edit_webauthn pk": _passkeys,
    "mfa_remove_webauthn pk": _passkeys,
    "admin:applications_bankchange_document pk": _of(BankChange),
    "admin:applications_bankchange_document document_pk": lambda rows: [
        *Document.objects.filter(bank_change__in=_of(BankChange)(rows))
        .order_by("pk")
        .values_list("pk", flat=True)
    ],
    **{
        f"admin:applications_bankchange_{page} {part}": find
        for page in ("compare", "picture")
        for part, find in {
            "pk": lambda rows: _signed_mandates(rows, "bank_change"),
            "document_pk": lambda rows: _signed_mandates(rows, "pk"),
        }.items()
    },
    **{
        f"admin:organisations_organisation_{page} pk": _of(Organisation)
        for page in ("help", "look", "stop_looking", "block", "merge")
    },
    **{
        f"admin:applications_contract_{page} pk": _of(Contract)
        for page in ("end", "run_on")
    },
    "admin:organisations_intervention_act pk": _of(Intervention),
    "admin:organisations_intervention_merge pk": _of(Intervention),
    "admin:applications_billingline_correct pk": _of(BillingLine),
    "admin:applications_termsround_csv pk": lambda rows: _rounds(),
    "admin:applications_billingcorrection_decide pk": _of(BillingCorrection),
    **{
        f"admin:applications_billingmonth_{page} pk": lambda rows: _months()
        for page in ("csv", "incasso", "bestand", "overgedragen", "terug")
    },
    "admin:applications_billingmonth_take_back pk": _of(CollectionReturn),
    "organisations:invitation token": _tokens(
        "invitation", Invitation, accepted_at=None, withdrawn_at=None
    ),
    "accounts:activate token": _tokens("activation", Activation, used_at=None),
    "accounts:confirm_email token": _tokens("email_change", EmailChange),
    "applications:resume token": _tokens("draft", Application, status=Status.DRAFT),
    **{
        f"applications:{page} token": _tokens("application", Application, status=status)
        for page, status in {
            "status": Status.CONTRACT_SENT,
            "confirm_email": Status.SUBMITTED,
            "withdraw": Status.SUBMITTED,
            "complete": Status.CHANGES_REQUESTED,
            "return_contract": Status.CONTRACT_SENT,
            "document": Status.CONTRACT_SENT,
        }.items()
    },
    "applications:document pk": lambda rows: _documents(rows, Status.CONTRACT_SENT),
    "admin:applications_application_document pk": lambda rows: _sent_in(rows),
    "admin:applications_application_document document_pk": lambda rows: _documents(
        rows, Status.CONTRACT_SENT
    ),
    **{
        f"admin:applications_application_{page} {part}": find
        for page in ("compare", "picture")
        for part, find in {
            "pk": lambda rows: _returned(rows)[:1],
            "document_pk": lambda rows: _returned(rows)[1:],
        }.items()
    },
    "admin:applications_application_act pk": lambda rows: _sent_in(rows),
    "admin:mail_message_resend pk": _of(Message),
    **{
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{page} object_id": _of(
            model
        )
        for model in admin.site._registry
        for page in ("change", "history", "delete")
    },
    "admin:applications_application_change object_id": lambda rows: _sent_in(rows),
    # nobody's: what staff still work on
    "admin:applications_documenttemplate_change object_id": lambda rows: _drafts(),
    "admin:applications_documenttemplate_example pk": lambda rows: _drafts(),
    "admin:applications_documenttemplate_publish pk": lambda rows: _drafts(),
    "admin:applications_termsround_change object_id": lambda rows: _prepared(),
    "admin:applications_termsround_start pk": lambda rows: _prepared(),
}
# The same for everybody: no organisation's, and nothing to keep from anybody.
NOBODYS = {
    "uidb36": "1",
    "key": "set-password",
    "app_label": "applications",
    "content_type_id": "999999",  # of a model with UUIDs, Django itself answers 500
    "url": "nothing",
    "admin:view_on_site object_id": "1",
    "admin: object_id": "1",  # an old address, led on to the one of today
    "path": "v1/nothing",
    "applications:step slug": "organisatie",
    "applications:terms pk": "2",
    "mailbox:message name": "nothing",
    "mailbox:html name": "nothing",
    "mailbox:attachment name": "nothing",
    "position": "0",
    "admin:applications_application_picture number": "1",
    "admin:applications_bankchange_picture number": "1",
    "month": f"{timezone.localdate():%Y-%m}",
    "organisations:change_details part": "adres",
    "organisations:own_login_act act": "uitzetten",
    "admin:organisations_organisation_help kind": "appoint",
    "admin:organisations_intervention_act act": "stoppen",
    "admin:applications_report_csv report": "aanvragen",
}


def _sent_in(rows: Rows) -> list[int]:
    """What staff see, first the one that waits for the signed contract."""
    sent = Application.objects.submitted().filter(pk__in=_of(Application)(rows))
    by_status = sent.order_by("pk").values_list("pk", "status")
    return [
        pk
        for pk, _ in sorted(by_status, key=lambda one: one[1] != Status.CONTRACT_SENT)
    ]


def _documents(rows: Rows, status: Status) -> list[int]:
    """Those of the first application that stands there."""
    of_it = Application.objects.filter(pk__in=_of(Application)(rows), status=status)
    found = Document.objects.filter(application=of_it.first()).order_by("pk")
    return [*found.values_list("pk", flat=True)]


def _drafts() -> list[int]:
    found = DocumentTemplate.objects.filter(published_at=None)
    return [*found.values_list("pk", flat=True)]


def _prepared() -> list[int]:
    found = TermsRound.objects.filter(started_at=None)
    return [*found.values_list("pk", flat=True)]


def _signed_mandates(rows: Rows, name: str) -> list[Any]:
    """Of changes of account, what came back signed: which file, or of which change."""
    of_changes = Document.objects.filter(bank_change__in=_of(BankChange)(rows))
    found = of_changes.filter(kind=DocumentKind.SIGNED_MANDATE).order_by("pk")
    return list(found.values_list(name, flat=True))


def _returned(rows: Rows) -> list[int]:
    """An application of which a signed contract came back as a file, and that file."""
    found = Document.objects.filter(
        application__in=_of(Application)(rows), kind=DocumentKind.SIGNED_CONTRACT
    )
    one = found.order_by("pk").first()
    return [one.application_id, one.pk] if one and one.application_id else []


def _rounds() -> list[int]:
    """Those that began, in which all are asked together."""
    found = TermsRound.objects.exclude(started_at=None)
    return [*found.values_list("pk", flat=True)]


def _months() -> list[int]:
    """Those that went to billing, which are of all together."""
    return [*BillingMonth.objects.values_list("pk", flat=True)]


def ids(rows: Rows) -> dict[str, list[Any]]:
    """What an organisation's rows may be called in an address, by PARAMETERS."""
    return {name: find(rows) for name, find in PARAMETERS.items()}

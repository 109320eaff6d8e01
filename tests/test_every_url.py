"""Every address and who may open it: nothing opens that is not named here."""

from functools import cache
from itertools import product
from types import SimpleNamespace

import pytest

from accounts.models import User
from organisations.roles import PERMISSIONS, Permission, Role
from portal.management.commands.permissions import (
    ANY_USER,
    PUBLIC,
    STAFF,
    STAFF_ACTS,
    every_url,
    groups,
    mark,
    methods,
    staff_pages,
)
from tests.walk import address

pytestmark = pytest.mark.django_db

WHO_MAY_OPEN = {
    "home": PUBLIC,
    "support": PUBLIC,
    "set_language": PUBLIC,
    "apikeys:status": PUBLIC,
    "apikeys:acknowledge_notice": Permission.ORGANISATION_VIEW,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "mail_delivery": PUBLIC,
    "applications:start": PUBLIC,
    "applications:step": PUBLIC,
    "applications:check": PUBLIC,
    "applications:terms": PUBLIC,
    "applications:save_for_later": PUBLIC,
    "applications:resume": PUBLIC,
    "applications:sent": PUBLIC,
    # who has the private link is the applicant
    "applications:status": PUBLIC,
    "applications:confirm_email": PUBLIC,
    "applications:complete": PUBLIC,
    "applications:return_contract": PUBLIC,
    "applications:withdraw": PUBLIC,
    "applications:document": PUBLIC,
    "applications:confirm_bank_change": PUBLIC,
    "applications:contract": Permission.ORGANISATION_MANAGE,
    "applications:cancel_contract": Permission.ORGANISATION_MANAGE,
    "applications:keep_contract": Permission.ORGANISATION_MANAGE,
    "applications:organisation_document": Permission.ORGANISATION_MANAGE,
    "applications:terms_round": Permission.ORGANISATION_MANAGE,
    "applications:terms_round_document": Permission.ORGANISATION_MANAGE,
    "applications:payment": Permission.ORGANISATION_MANAGE,
    "applications:ask_bank_change": Permission.ORGANISATION_MANAGE,
    "applications:agree_bank_change": Permission.ORGANISATION_MANAGE,
    "applications:return_mandate": Permission.ORGANISATION_MANAGE,
    "applications:stop_bank_change": Permission.ORGANISATION_MANAGE,
    "accounts:activate": PUBLIC,
    "accounts:confirm_email": PUBLIC,
    "accounts:login": PUBLIC,
    "organisations:mine": ANY_USER,
    "organisations:me": ANY_USER,
    "organisations:my_contact": ANY_USER,
    "organisations:my_username": ANY_USER,
    "organisations:my_email": ANY_USER,
    "organisations:my_mail": ANY_USER,
    "organisations:my_sessions": ANY_USER,
    "organisations:end_my_session": ANY_USER,
    "organisations:end_my_other_sessions": ANY_USER,
    "organisations:my_data": ANY_USER,
    "organisations:close_account": ANY_USER,
    "organisations:dashboard": Permission.ORGANISATION_VIEW,
    "organisations:second_administrator": Permission.ORGANISATION_MANAGE,
    "organisations:users": Permission.ORGANISATION_MANAGE,
    "organisations:member": Permission.ORGANISATION_MANAGE,
    "organisations:remove": Permission.ORGANISATION_MANAGE,
    "organisations:hand_over": Permission.ORGANISATION_MANAGE,
    "organisations:end_sessions": Permission.ORGANISATION_MANAGE,
    "organisations:security": Permission.ORGANISATION_MANAGE,
    "organisations:release_second_factor": Permission.ORGANISATION_MANAGE,
    "organisations:remind_second_factor": Permission.ORGANISATION_MANAGE,
    "organisations:details": Permission.ORGANISATION_MANAGE,
    "organisations:change_details": Permission.ORGANISATION_MANAGE,
    "organisations:activity": Permission.ORGANISATION_MANAGE,
    "organisations:activity_csv": Permission.ORGANISATION_MANAGE,
    "organisations:invite": Permission.ORGANISATION_MANAGE,
    "organisations:resend": Permission.ORGANISATION_MANAGE,
    "organisations:withdraw": Permission.ORGANISATION_MANAGE,
    "organisations:ask": Permission.ORGANISATION_VIEW,
    "organisations:withdraw_request": Permission.ORGANISATION_VIEW,
    "organisations:request": Permission.ORGANISATION_MANAGE,
    "organisations:intervention": Permission.ORGANISATION_MANAGE,
    "organisations:end_second_factor": Permission.ORGANISATION_MANAGE,
    "organisations:own_login": Permission.ORGANISATION_MANAGE,
    "organisations:own_login_set_up": Permission.ORGANISATION_MANAGE,
    "organisations:own_login_try": Permission.ORGANISATION_MANAGE,
    "organisations:own_login_act": Permission.ORGANISATION_MANAGE,
    "organisations:own_login_find": PUBLIC,
    "organisations:own_login_leave": PUBLIC,
    "organisations:own_login_start": PUBLIC,
    "organisations:own_login_callback": PUBLIC,
    "organisations:own_login_confirm": ANY_USER,
    "organisations:invitation": PUBLIC,
    "apikeys:list": Permission.ORGANISATION_VIEW,
    "apikeys:ask": Permission.KEYS_MANAGE,
    "applications:begin_for_customer": Permission.KEYS_MANAGE,
    "apikeys:detail": Permission.ORGANISATION_VIEW,
    "apikeys:reveal": Permission.KEYS_REVEAL,
    "apikeys:rename": Permission.KEYS_REVEAL,
    "apikeys:rotate": Permission.KEYS_REVEAL,
    "apikeys:old_secret": Permission.KEYS_REVEAL,
    "apikeys:block": Permission.KEYS_REVEAL,
    "apikeys:unblock": Permission.KEYS_MANAGE,
    "apikeys:restrict": Permission.KEYS_MANAGE,
    "apikeys:stop": Permission.KEYS_MANAGE,
    "apikeys:canary": Permission.KEYS_MANAGE,
    "apikeys:retire": Permission.KEYS_MANAGE,
    "apikeys:leak_policy": Permission.KEYS_MANAGE,
    "apikeys:usage_page": Permission.ORGANISATION_VIEW,
    "apikeys:budgets": Permission.ORGANISATION_VIEW,
    "apikeys:add_budget": Permission.ORGANISATION_MANAGE,
    "apikeys:change_budget": Permission.ORGANISATION_MANAGE,
    "apikeys:remove_budget": Permission.ORGANISATION_MANAGE,
    "apikeys:usage_mail": Permission.ORGANISATION_MANAGE,
    "apikeys:months": Permission.ORGANISATION_VIEW,
    "apikeys:monthly_report": Permission.ORGANISATION_VIEW,
    "apikeys:statement_csv": Permission.ORGANISATION_VIEW,
    "apikeys:statement_json": Permission.ORGANISATION_VIEW,
    "apikeys:tokens": ANY_USER,
    "apikeys:end_token": ANY_USER,
    # answers scripts, which show a personal token
    "apikeys:usage_json": PUBLIC,
    # answers gateways, which show their own proof
    "apikeys:verify": PUBLIC,
    "apikeys:openapi": PUBLIC,
    "apikeys:snapshot": PUBLIC,
    "apikeys:snapshot_keys": PUBLIC,
    "apikeys:statement_keys": PUBLIC,
    "apikeys:usage": PUBLIC,
    "apikeys:leaked_keys": PUBLIC,
    "apikeys:unknown": PUBLIC,
    # development only
    "mailbox:inbox": PUBLIC,
    "mailbox:message": PUBLIC,
    "mailbox:html": PUBLIC,
    "mailbox:attachment": PUBLIC,
    # allauth's
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_signup": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "account_reauthenticate": ANY_USER,
    "account_change_password": ANY_USER,
    "mfa_index": ANY_USER,
    "mfa_reauthenticate": ANY_USER,
    "mfa_login_webauthn": PUBLIC,
    "mfa_reauthenticate_webauthn": ANY_USER,
    "mfa_list_webauthn": ANY_USER,
    "mfa_add_webauthn": ANY_USER,
    "mfa_edit_webauthn": ANY_USER,
    "mfa_remove_webauthn": ANY_USER,
    "mfa_activate_totp": ANY_USER,
    "mfa_deactivate_totp": ANY_USER,
    "mfa_view_recovery_codes": ANY_USER,
    "mfa_generate_recovery_codes": ANY_USER,
    "mfa_download_recovery_codes": ANY_USER,
    # Django's admin asks for its own login
    "admin:login": PUBLIC,
    "admin:logout": STAFF,
    "admin:index": STAFF,
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF,
    "admin:autocomplete": STAFF,
    "admin:jsi18n": STAFF,
    "admin:view_on_site": STAFF,
    "admin:app_list": STAFF,
    "admin:": STAFF,
}

WHAT_STAFF_SEE = {
    "intake": {
        "application", "checklistitem", "documenttemplate", "organisation", "keyrequest",
        "message", "replytemplate", "termsrequest", "termsround",
    },
    "contracten": {
        "application", "bankchange", "checklistitem", "contract", "mandate", "organisation", "intervention",
        "keyrequest", "message", "documenttemplate", "termsrequest", "termsround",
    },
    "support": {
        "application", "organisation", "intervention", "invitation", "apikey", "keyrequest", "user",
        "message", "notice",
    },
    "toezicht": {"user", "event", "rightsreview"},
    "catalogus": {"api", "notice", "product", "price"},
    "facturatie": {"billingmonth", "billingline", "billingcorrection"},
    "rapportage": {"report"},
}  # fmt: skip

PERSONS = [
    "visitor", "administrator of a", "developer of a", "administrator of b",
    "developer of b", "removed, in an open tab", "removed, signed in anew",
    *WHAT_STAFF_SEE, "superuser",
]  # fmt: skip
# the subjects of the mails that one got name the organisation that wrote
OWN_MAILS = ("organisations:my_data", "removed, signed in anew")
# what is not there as things stand: a login service that is not switched on, a change
# that was confirmed, a request of somebody else
NOT_AS_THINGS_STAND = {
    "applications:confirm_bank_change",
    "organisations:own_login_callback",
    "organisations:own_login_leave",
    "organisations:own_login_start",
    "organisations:own_login_try",
    "organisations:withdraw_request",
}
SIGN_IN = ("/account/login/?next=", "/beheer/login/?next=")


def of_one_model(name):
    return name.startswith("admin:") and "_" in name and name not in WHO_MAY_OPEN


def test_who_may_open_what():
    marked = {
        name: mark(name, view)
        for name, view, _pattern, _path in every_url()
        if not of_one_model(name)
    }

    assert marked == WHO_MAY_OPEN


def test_the_pages_of_one_model_are_for_staff():
    marked = [mark(name, view) for name, view, *_ in every_url() if of_one_model(name)]

    assert len(marked) > 30
    assert set(marked) == {STAFF}


def test_what_staff_see(world):
    seen = {
        group: {
            page.name.split("_")[1]
            for page in staff_pages()
            if page.action == "look" and page.may(request)
        }
        for group, request in groups().items()
    }

    assert seen == WHAT_STAFF_SEE


@pytest.mark.parametrize("who", PERSONS)
def test_every_address_answers_everybody_as_the_table_says(world, who):
    """With the ids of organisation a, which is a stranger's to most who ask."""
    person, wrong = world.people[who], []
    allowed = None if person.is_staff else {person.letter}
    for name, view, pattern, _path in every_url():
        for values, act in every_value(world, name, pattern):
            url = address(name, values)
            link = mark(name, view) == PUBLIC and "token" in values  # who has it, may
            for verb, htmx in product(["GET", "POST"], [False, True]):
                answer = world.ask(person, verb.lower(), url, htmx=htmx)
                if (name, who) == OWN_MAILS:
                    answer.text = ""
                faults = world.faults(
                    answer,
                    {*allowed, "a"} if link and allowed else allowed,
                    [url, *person.names],
                )
                faults += unlike_the_table(answer, person, name, view, verb, act)
                wrong += [(verb, htmx, url, answer.status, *faults)] if faults else []

    assert not wrong, "\n".join(map(str, wrong))


def every_value(world, name, pattern):
    """What the parts of an address are for organisation a, and each act on a page."""
    if name not in STAFF_ACTS:
        yield world.values(name, pattern, "a"), None
    for act in STAFF_ACTS.get(name, ()):
        yield world.values(name, pattern, "a", act=act), act


def unlike_the_table(answer, person, name, view, verb, act):
    """What is wrong about this answer, beside docs/permissions.md."""
    needed, status = mark(name, view), answer.status
    sent_away = answer.to.startswith(SIGN_IN)
    if needed == PUBLIC:
        if getattr(view, "csrf_exempt", False) or name.startswith("mailbox:"):
            return []
        if verb not in methods(view):
            return [] if status == 405 else ["a method without a row"]
        ours = ":" in name and name not in ("admin:login", "accounts:login")
        refused = status in (403, 404) or "/login/?next=" in answer.to
        ours = ours and name not in NOT_AS_THINGS_STAND
        return ["refused to all"] if ours and refused else []
    if needed == STAFF:
        return unlike_the_table_of_staff(answer, person, name, verb, act)
    if person.name in ("visitor", "removed, in an open tab"):
        return [] if sent_away else ["open to all"]
    if sent_away:
        return ["not open to who signed in"]
    if verb not in methods(view):
        return [] if status in (404, 405) else ["a method without a row"]
    if needed == ANY_USER:
        return ["refused to somebody"] if status == 403 else []
    if person.letter != "a":
        return [] if status == 404 else ["open to strangers"]
    may = needed in PERMISSIONS[Role(person.role)]
    as_said = status not in (403, 404, 405) if may else status == 403
    if may and name in NOT_AS_THINGS_STAND:
        as_said = as_said or status == 404
    return [] if as_said else [f"{needed}: {may}"]


def unlike_the_table_of_staff(answer, person, name, verb, act):
    if not person.is_staff:
        to_sign_in = answer.to.startswith(SIGN_IN) or name == "admin:logout"
        return [] if to_sign_in else ["open to all"]
    if not of_one_model(name):
        return ["closed to staff"] if "/login/" in answer.to else []
    action = act or {"add": "add", "delete": "delete"}.get(name.rpartition("_")[2])
    if action is None and name.endswith("_change") and verb == "POST":
        action = "change"
    pages = [page for page in staff_pages() if page.name == name]
    asked = [page for page in pages if page.action == (action or pages[0].action)]
    request = requests()[person.group]
    if asked[0].may(request):
        return ["refused"] if answer.status in (403, 404, 405) else []
    if action == "change" and pages[0].may(request):  # a page to look at, however asked
        return ["wrote"] if answer.wrote else []
    return [] if answer.status == 403 else ["open"]


@cache
def requests():
    root = User(is_active=True, is_staff=True, is_superuser=True)
    return {**groups(), "superuser": SimpleNamespace(user=root)}

"""Every address and who may open it: nothing opens that is not named here."""

import uuid

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from organisations.roles import PERMISSIONS, Permission, Role
from portal.management.commands.permissions import (
    ANY_USER,
    PUBLIC,
    STAFF,
    every_url,
    mark,
)
from tests.factories import (
    ApiKeyFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

WHO_MAY_OPEN = {
    "home": PUBLIC,
    "support": PUBLIC,
    "set_language": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
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
    "accounts:activate": PUBLIC,
    "accounts:confirm_email": PUBLIC,
    "accounts:login": PUBLIC,
    "organisations:mine": ANY_USER,
    "organisations:me": ANY_USER,
    "organisations:my_contact": ANY_USER,
    "organisations:my_username": ANY_USER,
    "organisations:my_email": ANY_USER,
    "organisations:my_sessions": ANY_USER,
    "organisations:end_my_session": ANY_USER,
    "organisations:my_data": ANY_USER,
    "organisations:close_account": ANY_USER,
    "organisations:dashboard": Permission.ORGANISATION_VIEW,
    "organisations:users": Permission.ORGANISATION_MANAGE,
    "organisations:member": Permission.ORGANISATION_MANAGE,
    "organisations:remove": Permission.ORGANISATION_MANAGE,
    "organisations:hand_over": Permission.ORGANISATION_MANAGE,
    "organisations:end_sessions": Permission.ORGANISATION_MANAGE,
    "organisations:activity": Permission.ORGANISATION_MANAGE,
    "organisations:activity_csv": Permission.ORGANISATION_MANAGE,
    "organisations:invite": Permission.ORGANISATION_MANAGE,
    "organisations:resend": Permission.ORGANISATION_MANAGE,
    "organisations:withdraw": Permission.ORGANISATION_MANAGE,
    "organisations:invitation": PUBLIC,
    "apikeys:list": Permission.ORGANISATION_VIEW,
    "apikeys:reveal": Permission.KEYS_REVEAL,
    # answers gateways, which show their own proof
    "apikeys:verify": PUBLIC,
    "apikeys:usage": PUBLIC,
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
    "intake": {"application", "organisation", "message"},
    "contracten": {"application", "contract", "mandate", "organisation", "message"},
    "support": {
        "application", "organisation", "apikey", "user", "message",
    },
}  # fmt: skip

EXAMPLE = {
    "slug": "12345678",
    "token": "x" * 43,
    "app_label": "applications",
    "uidb36": "x",
    "key": "x",
    "name": "x",
    "path": "x",
    "url": "x",
}  # and 1 for what is a number


def of_one_model(name):
    return name.startswith("admin:") and "_" in name and name not in WHO_MAY_OPEN


def address(name, pattern):
    if name == "admin:":
        return "/beheer/nothing/"
    wanted = {key: EXAMPLE.get(key, 1) for key in pattern.pattern.regex.groupindex}
    if name == "admin:mail_message_resend":
        wanted["pk"] = uuid.UUID(int=1)
    return reverse(name, kwargs=wanted)


def test_who_may_open_what():
    marked = {
        name: mark(name, view)
        for name, view, _pattern, _path in every_url()
        if not of_one_model(name)
    }

    assert marked == WHO_MAY_OPEN


def test_every_page_of_a_model_in_the_admin_asks_for_staff():
    marked = [mark(name, view) for name, view, *_ in every_url() if of_one_model(name)]

    assert len(marked) > 30
    assert set(marked) == {STAFF}


@pytest.fixture
def people(db):
    """One of each: who comes here, and where they belong."""
    organisation = OrganisationFactory(kvk_number=EXAMPLE["slug"])
    developer = MembershipFactory(organisation=organisation, role=Role.DEVELOPER)
    key = ApiKeyFactory(organisation=organisation)
    EXAMPLE["key_id"] = key.pk
    people = {
        "visitor": None,
        "administrator": MembershipFactory(organisation=organisation).user,
        "developer": developer.user,
        "stranger": MembershipFactory().user,
        "without organisation": UserFactory(),
        "superuser": UserFactory(is_staff=True, is_superuser=True),
    }
    for group in WHAT_STAFF_SEE:
        people[group] = UserFactory(is_staff=True)
        people[group].groups.add(Group.objects.get(name=group))
    return people


ROLES = {"administrator": Role.ADMINISTRATOR, "developer": Role.DEVELOPER}
EVERYBODY = ["visitor", *ROLES, "stranger", "without organisation", "superuser"]
EVERYBODY += list(WHAT_STAFF_SEE)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_answers_everybody_as_the_table_says(client, people, who, method):
    user = people[who]
    wrong = {}
    for name, view, pattern, _path in every_url():
        if name in ("admin:view_on_site", "account_logout", "admin:logout"):
            continue
        if user:
            client.force_login(user)
        url = address(name, pattern)
        response = getattr(client, method)(url)
        if fault := unlike_the_table(response, who, name, mark(name, view)):
            wrong[f"{method} {url}"] = fault
        client.logout()

    assert wrong == {}


def unlike_the_table(response, who, name, needed):
    """What is wrong about this answer; None if nothing is."""
    status, to = response.status_code, response.headers.get("Location", "")
    if status >= 500:
        return status
    if needed == PUBLIC:
        refused = status == 403 or "login" in to
        ours = ":" in name and name not in ("admin:login", "accounts:login")
        return f"refused: {status} {to}" if refused and ours else None
    if who == "visitor":
        asked = status == 302 and to.split("?")[0] in (
            "/account/login/",
            "/beheer/login/",
        )
        return None if asked else f"open to all: {status} {to}"
    if needed == STAFF:
        return staff_only(response, who, name)
    if needed == ANY_USER:
        return None
    if who not in ROLES:
        return None if status in (404, 405) else f"open to strangers: {status} {to}"
    if status == 405:  # nobody may do what a page does not know
        return None
    may = needed in PERMISSIONS[ROLES[who]]
    return None if (status != 403) == may else f"{needed}: {status}"


def staff_only(response, who, name):
    status, to = response.status_code, response.headers.get("Location", "")
    if who in ("administrator", "developer", "stranger", "without organisation"):
        asked = status == 302 and to.split("?")[0] == "/beheer/login/"
        return None if asked else f"open to all users: {status} {to}"
    if who in WHAT_STAFF_SEE and name.endswith("_changelist"):
        model = name.removesuffix("_changelist").rpartition("_")[2]
        may = model in WHAT_STAFF_SEE[who]
        return None if (status != 403) == may else f"{who} and {model}: {status}"
    if who in WHAT_STAFF_SEE and name.endswith(("_add", "_delete")):
        return None if status in (403, 404, 302) else f"{who} may {name}: {status}"
    return None

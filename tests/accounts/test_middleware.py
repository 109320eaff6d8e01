import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings as live
from django.urls import reverse

from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
CLOSED = [
    "/beheer/",
    "/beheer/accounts/user/",
    "/mijn/",
    "/account/password/change/",
    "/",
]


@pytest.fixture
def obliged(settings):
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_has_no_second_factor_gets_nowhere_but_to_setting_one_up(
    client, obliged, path, method
):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    response = getattr(client, method)(path)

    assert response.status_code == 302
    assert response["Location"] == reverse("mfa_activate_totp")


def test_a_member_gets_nowhere_either(client, obliged):
    member = MembershipFactory()
    client.force_login(member.user)

    response = client.get(
        reverse("organisations:dashboard", args=[member.organisation.slug])
    )

    assert response["Location"] == reverse("mfa_activate_totp")


@pytest.mark.parametrize(
    "name", ["account_reauthenticate", "account_logout", "mfa_index"]
)
def test_who_has_no_second_factor_reaches_what_setting_one_up_needs(
    client, obliged, name
):
    client.force_login(UserFactory())

    assert client.get(reverse(name)).status_code == 200


def test_who_has_a_second_factor_goes_on(client, obliged):
    staff = UserFactory(is_staff=True, is_superuser=True)
    TOTP.activate(staff, generate_totp_secret())
    client.force_login(staff)

    assert client.get("/beheer/").status_code == 200


def test_nobody_is_obliged_where_the_setting_is_off(client):
    client.force_login(UserFactory(is_staff=True))

    assert client.get("/beheer/").status_code == 200


def test_a_visitor_is_not_sent_to_set_up_anything(client, obliged):
    assert client.get("/").status_code == 200


def test_pages_come_in_the_language_of_the_person(client):
    client.force_login(UserFactory(language="en"))

    assert '<html lang="en"' in client.get("/").text


def test_a_language_chosen_for_this_visit_goes_first(client):
    client.force_login(UserFactory(language="en"))
    client.cookies[live.LANGUAGE_COOKIE_NAME] = "nl"

    assert '<html lang="nl"' in client.get("/").text


def test_who_has_an_unproven_address_can_set_up_a_second_factor(client):
    user = UserFactory()
    client.force_login(user)
    EmailAddress.objects.create(user=user, email=user.email, verified=False)

    page = client.get(reverse("mfa_activate_totp"), follow=True)

    assert "verifiëren" not in page.text
    assert page.resolver_match.view_name in (
        "mfa_activate_totp",
        "account_reauthenticate",
    )


@pytest.mark.parametrize(("is_staff", "status"), [(True, 302), (False, 200)])
def test_staff_need_a_second_factor_in_production_whatever_is_set(
    client, settings, is_staff, status
):
    settings.REQUIRE_SECOND_FACTOR, settings.DEVELOPMENT = False, False
    client.force_login(UserFactory(is_staff=is_staff))

    assert client.get("/ondersteuning/").status_code == status

"""Who is let in through an organisation's own provider, and who is not."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import resets
from accounts.models import EmailChange, ResetRequest
from audit.models import Event
from mail import private_links
from mail.models import Message
from organisations.models import OwnLoginStatus
from organisations.services import members
from organisations.services import own_login as services
from tests.factories import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    OwnLoginFactory,
    UserFactory,
)
from tests.organisations.own_login import come_back, is_signed_in, sign_in, start

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


def log_in(client, user):
    return client.post(LOGIN, {"login": user.username, "password": PASSWORD})


def enforce(own):
    own.status = OwnLoginStatus.ENFORCED
    own.save()


def test_a_member_is_let_in_by_address_and_later_by_subject(client, own, jan, provider):
    sign_in(client, own, provider, sub="j", email="Jan@Voorbeeld.Example")
    assert client.session["_auth_user_id"] == str(jan.user.pk)

    again = Client()
    sign_in(again, own, provider, sub="j", email=None)
    assert again.session["_auth_user_id"] == str(jan.user.pk)
    assert Event.objects.filter(kind="own_login.linked").count() == 1


def test_one_goes_on_to_where_one_wanted(client, own, jan, provider):
    question = start(client, own, next="/mijn/gegevens/")
    provider.claims = {"nonce": question["nonce"], "email": jan.user.email}
    provider.claims["email_verified"] = True

    response = come_back(client, own, question["state"])

    assert response["Location"] == "/mijn/gegevens/"


def test_one_never_goes_on_to_another_site(client, own, jan, provider):
    question = start(client, own, next="https://kwaad.example/")
    provider.claims = {"nonce": question["nonce"], "email": jan.user.email}
    provider.claims["email_verified"] = True

    response = come_back(client, own, question["state"])

    assert response["Location"] == "/mijn/"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "piet@voorbeeld.example"}, "Je hoort in dit portaal niet bij"),
        ({"email": "jan@elders.example"}, "niet in voorbeeld.example"),
        ({"email": "jan@sub.voorbeeld.example"}, "niet in voorbeeld.example"),
        ({"email": "jan@elders.example@voorbeeld.example"}, "Je hoort in dit portaal"),
        ({"email": None}, "vertelt ons je mailadres niet"),
        ({"email": ["jan@voorbeeld.example"]}, "vertelt ons je mailadres niet"),
        ({"email_verified": False}, "niet dat je mailadres is gecontroleerd"),
        ({"email_verified": "true"}, "niet dat je mailadres is gecontroleerd"),
        ({"email_verified": None}, "niet dat je mailadres is gecontroleerd"),
    ],
)
def test_who_cannot_show_who_they_are_is_told_why(
    client, own, jan, provider, claims, words
):
    response = sign_in(client, own, provider, **{"email": jan.user.email, **claims})

    assert response.status_code == 403
    assert words in response.text
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_a_member_of_another_organisation_is_no_member_here(client, own, provider):
    stranger = MembershipFactory(user__email="eva@voorbeeld.example")

    response = sign_in(client, own, provider, email=stranger.user.email)

    assert "Je hoort in dit portaal niet bij" in response.text
    assert not is_signed_in(client)


def test_the_operators_staff_are_not_let_in(client, own, jan, provider):
    jan.user.is_staff = True
    jan.user.save()

    response = sign_in(client, own, provider, email=jan.user.email)

    assert "Medewerkers van" in response.text
    assert not is_signed_in(client)


def test_who_never_chose_a_password_is_not_let_in(client, own, jan, provider):
    """Nothing could ask them to confirm: allauth would take that for confirmed."""
    jan.user.set_unusable_password()
    jan.user.save()

    response = sign_in(client, own, provider, email=jan.user.email)

    assert "Je account is nog niet actief" in response.text
    assert not is_signed_in(client)


def test_an_address_of_two_members_lets_neither_in(client, own, jan, provider):
    MembershipFactory(organisation=own.organisation, user__email=jan.user.email)

    response = sign_in(client, own, provider, email=jan.user.email)

    assert "meer accounts" in response.text
    assert not is_signed_in(client)


def test_a_removed_member_is_refused_and_the_link_is_gone(client, own, jan, provider):
    alice = MembershipFactory(organisation=own.organisation)
    sign_in(client, own, provider, sub="j", email=jan.user.email)
    members.remove_member(jan, by=alice.user)

    response = sign_in(Client(), own, provider, sub="j", email=jan.user.email)

    assert "Je hoort in dit portaal niet bij" in response.text
    assert not SocialAccount.objects.exists()


def test_a_link_of_somebody_who_is_no_member_opens_nothing(client, own, provider):
    gone = UserFactory(email="weg@voorbeeld.example")
    SocialAccount.objects.create(user=gone, provider=own.code, uid="g")

    response = sign_in(client, own, provider, sub="g", email=gone.email)

    assert "Je hoort in dit portaal niet bij" in response.text
    assert not is_signed_in(client)


def test_a_link_opens_nothing_once_the_address_lies_elsewhere(
    client, own, jan, provider
):
    """Else whoever runs the provider could enter what a person has elsewhere."""
    sign_in(client, own, provider, sub="j", email=jan.user.email)
    jan.user.email = "jan@prive.example"
    jan.user.save()

    other = Client()
    response = sign_in(other, own, provider, sub="j", email="jan@voorbeeld.example")

    assert "ligt niet in voorbeeld.example" in response.text
    assert not is_signed_in(other)


@pytest.mark.parametrize("status", ["set_up", "verified", "tried"])
def test_what_is_not_on_lets_nobody_in(client, own, jan, provider, status):
    question = start(client, own)
    own.status = status
    own.save()
    provider.claims = {"nonce": question["nonce"], "email": jan.user.email}

    back = come_back(client, own, question["state"])
    path = reverse("organisations:own_login_start", args=[own.code])

    assert "staat niet aan" in back.text
    assert client.get(path).status_code == 404
    assert not is_signed_in(client)


def test_ones_own_second_factor_is_still_asked(client, own, jan, provider):
    TOTP.activate(jan.user, generate_totp_secret())

    response = sign_in(client, own, provider, email=jan.user.email, amr=["pwd"])

    assert response["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


@pytest.mark.parametrize("amr", [["mfa"], ["pwd", "otp"], ["hwk", "pin"]])
def test_a_second_factor_at_the_provider_counts(
    client, own, jan, provider, amr, settings
):
    settings.REQUIRE_SECOND_FACTOR = True
    TOTP.activate(jan.user, generate_totp_secret())

    sign_in(client, own, provider, email=jan.user.email, amr=amr)

    assert is_signed_in(client)
    assert client.get("/mijn/gegevens/").status_code == 200


@pytest.mark.parametrize("amr", [None, [], ["pwd"], ["otp"], "mfa", [["mfa"]], 7])
def test_one_factor_at_the_provider_is_not_two(
    client, own, jan, provider, amr, settings
):
    settings.REQUIRE_SECOND_FACTOR = True

    sign_in(client, own, provider, email=jan.user.email, amr=amr)

    assert client.get("/mijn/gegevens/")["Location"] == reverse("mfa_activate_totp")


def test_a_provider_does_not_vouch_for_what_other_organisations_trust(
    client, own, jan, provider
):
    TOTP.activate(jan.user, generate_totp_secret())
    MembershipFactory(user=jan.user)

    response = sign_in(client, own, provider, email=jan.user.email, amr=["mfa"])

    assert response["Location"] == reverse("mfa_authenticate")


def test_being_vouched_for_ends_with_the_session(client, own, jan, provider, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    sign_in(client, own, provider, email=jan.user.email, amr=["mfa"])
    client.post("/account/logout/")

    log_in(client, jan.user)

    assert client.get("/mijn/gegevens/")["Location"] == reverse("mfa_activate_totp")


def test_being_vouched_for_ends_with_joining_another_organisation(
    client, own, jan, provider
):
    sign_in(client, own, provider, email=jan.user.email, amr=["mfa"])
    other = OrganisationFactory(second_factor_from=timezone.localdate())
    mine = MembershipFactory(organisation=other, user=jan.user, role="developer")

    assert client.get(home(mine))["Location"] == reverse("mfa_activate_totp")


# --- enforced ---


def test_who_is_bound_is_led_to_the_provider_after_the_right_password(client, own, jan):
    enforce(own)

    wrong = client.post(LOGIN, {"login": jan.user.username, "password": "x" * 15})
    right = log_in(client, jan.user)

    assert wrong.status_code == 200
    assert "organisatie/code" not in wrong.text
    leave = reverse("organisations:own_login_leave", args=[own.code])
    assert right["Location"] == leave
    assert not is_signed_in(client)
    assert "laat iedereen inloggen" in client.get(right["Location"]).text


def test_who_is_bound_goes_on_to_where_they_wanted(client, own, jan, provider):
    enforce(own)
    typed = {
        "login": jan.user.username,
        "password": PASSWORD,
        "next": "/mijn/gegevens/",
    }

    page = client.get(client.post(LOGIN, typed)["Location"])

    assert "/start/?next=%2Fmijn%2Fgegevens%2F" in page.text


def test_a_bound_member_gets_in_through_the_provider(client, own, jan, provider):
    enforce(own)

    sign_in(client, own, provider, email=jan.user.email)

    assert is_signed_in(client)


def home(member):
    return reverse("organisations:dashboard", args=[member.organisation.slug])


def test_a_session_that_began_with_a_password_opens_nothing_once_it_is_enforced(
    client, own, jan, provider
):
    log_in(client, jan.user)
    assert client.get(home(jan)).status_code == 200
    enforce(own)

    asked = client.get(home(jan))
    part = client.get(home(jan), headers={"HX-Request": "true"})

    leave = reverse("organisations:own_login_leave", args=[own.code])
    assert asked["Location"].startswith(f"{leave}?next=")
    assert part["HX-Redirect"].startswith(f"{leave}?next=")
    act = reverse("organisations:ask", args=[own.organisation.slug])
    assert client.post(act)["Location"].startswith(leave)
    sign_in(client, own, provider, email=jan.user.email)
    assert client.get(home(jan)).status_code == 200


def test_a_password_given_again_does_not_end_being_in_through_the_provider(
    client, own, jan, provider
):
    enforce(own)
    sign_in(client, own, provider, email=jan.user.email)

    client.post("/account/reauthenticate/", {"password": PASSWORD})

    assert client.get(home(jan)).status_code == 200


def test_an_administrator_who_loses_the_second_factor_loses_that_way_in(client, own):
    anna = MembershipFactory(
        organisation=own.organisation, user__email="anna@voorbeeld.example"
    )
    log_in(client, anna.user)
    TOTP.activate(anna.user, generate_totp_secret())
    enforce(own)
    assert client.get(home(anna)).status_code == 200

    Authenticator.objects.all().delete()

    assert client.get(home(anna)).status_code == 302


def ask_address(client, email):
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client.post(reverse("organisations:my_email"), {"email": email})


def test_nobody_slips_out_by_another_address(client, own, jan, provider):
    enforce(own)
    sign_in(client, own, provider, email=jan.user.email)

    refused = ask_address(client, "jan@elders.example")

    assert "in hetzelfde maildomein blijven" in refused.text
    assert not EmailChange.objects.exists()
    assert ask_address(client, "jan.jansen@voorbeeld.example").status_code == 302


def test_nor_by_a_link_that_was_asked_before(client, own, jan):
    log_in(client, jan.user)
    ask_address(client, "jan@elders.example")
    link = jan.user.email_change
    token = private_links.token("email_change", link.pk, link.link_version)
    enforce(own)

    assert client.post(f"/e-mailadres/{token}/").status_code == 404
    jan.user.refresh_from_db()
    assert jan.user.email == "jan@voorbeeld.example"


@pytest.mark.parametrize("email", ["jan@elders.example", "jan@sub.voorbeeld.example"])
def test_who_has_an_address_elsewhere_is_not_bound(client, own, jan, email):
    enforce(own)
    jan.user.email = email
    jan.user.save()

    log_in(client, jan.user)

    assert is_signed_in(client)


def test_a_stranger_with_such_an_address_is_not_bound(client, own):
    enforce(own)
    stranger = MembershipFactory(user__email="eva@voorbeeld.example")

    log_in(client, stranger.user)

    assert is_signed_in(client)


def test_an_administrator_without_a_second_factor_is_bound(client, own):
    enforce(own)
    anna = MembershipFactory(
        organisation=own.organisation, user__email="anna@voorbeeld.example"
    )

    log_in(client, anna.user)

    assert not is_signed_in(client)


def test_an_administrator_with_a_second_factor_keeps_a_way_in_and_all_know(client, own):
    enforce(own)
    anna = MembershipFactory(
        organisation=own.organisation,
        user__name="Anna",
        user__email="anna@voorbeeld.example",
    )
    bert = MembershipFactory(organisation=own.organisation)
    secret = generate_totp_secret()
    TOTP.activate(anna.user, secret)

    response = log_in(client, anna.user)
    assert response["Location"] == reverse("mfa_authenticate")
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    assert is_signed_in(client)
    assert Event.objects.get(kind="own_login.bypassed").by == anna.user
    told = Message.objects.filter(template="organisations/emails/own_login")
    assert {one.to for one in told} == {anna.user.email, bert.user.email}


def test_signing_in_as_one_should_is_no_bypass(client, own, provider):
    enforce(own)
    anna = MembershipFactory(
        organisation=own.organisation, user__email="anna@voorbeeld.example"
    )
    secret = generate_totp_secret()
    TOTP.activate(anna.user, secret)

    sign_in(client, own, provider, email=anna.user.email)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    assert is_signed_in(client)
    assert not Event.objects.filter(kind="own_login.bypassed").exists()


def test_who_is_bound_gets_no_link_to_another_password(client, own, jan):
    enforce(own)

    client.post("/account/password/reset/", {"email": jan.user.email})
    resets.send(ResetRequest.objects.get().pk)

    [message] = Message.objects.all()
    assert message.template == "accounts/emails/signs_in_elsewhere"
    assert own.code in message.context["login_url"]
    assert not mail.outbox


# --- confirming that it is you ---


def confirm(client, own, provider, where, **claims):
    client.get(where)
    page = client.get(reverse("account_reauthenticate"), {"next": where})
    path = reverse("organisations:own_login_confirm", args=[own.code])
    assert path in page.text
    response = client.get(path, {"next": where})
    question = dict(
        pair.split("=", 1) for pair in response["Location"].split("?")[1].split("&")
    )
    assert question["prompt"] == "login"
    provider.claims = {"nonce": question["nonce"], "email_verified": True, **claims}
    return come_back(client, own, question["state"])


@pytest.fixture
def signed_in(client, own, jan, provider):
    sign_in(client, own, provider, sub="j", email=jan.user.email)
    return client


WHERE = "/mijn/gegevens/gebruikersnaam/"


def test_signing_in_elsewhere_does_not_yet_confirm(signed_in):
    assert "/account/reauthenticate/" in signed_in.get(WHERE)["Location"]


def test_one_can_confirm_at_the_provider(signed_in, own, provider):
    response = confirm(
        signed_in, own, provider, WHERE, sub="j", auth_time=int(time.time())
    )

    assert response["Location"] == WHERE
    assert signed_in.get(WHERE).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "j"},
        {"sub": "j", "auth_time": 1},
        {"sub": "j", "auth_time": "9999999999"},
        {"sub": "j", "auth_time": 99999999999},
        {"sub": "other", "auth_time": ...},
    ],
)
def test_an_old_session_or_somebody_else_confirms_nothing(
    signed_in, own, provider, claims
):
    if claims.get("auth_time") is ...:
        claims = {**claims, "auth_time": int(time.time())}

    response = confirm(signed_in, own, provider, WHERE, **claims)

    assert "niet bevestigd" in response.text
    assert signed_in.get(WHERE).status_code == 302


# --- setting it up ---


@pytest.fixture
def anna(own):
    return MembershipFactory(organisation=own.organisation)


def test_another_provider_knows_nobody_and_is_off(own, jan, anna):
    SocialAccount.objects.create(user=jan.user, provider=own.code, uid="j")

    services.set_up(
        own.organisation,
        issuer="https://ander.example",
        client_id=own.client_id,
        secret="nieuw",
        domain=own.domain,
        by=anna.user,
    )

    own.refresh_from_db()
    assert own.status == OwnLoginStatus.VERIFIED
    assert own.secret == "nieuw"
    assert not SocialAccount.objects.exists()


def test_a_secret_that_is_replaced_changes_nothing_else(own, anna):
    services.set_up(
        own.organisation,
        issuer=own.issuer,
        client_id=own.client_id,
        secret="nieuw",
        domain=own.domain,
        by=anna.user,
    )

    own.refresh_from_db()
    assert (own.status, own.secret) == (OwnLoginStatus.ON, "nieuw")


def test_it_is_not_enforced_where_nobody_could_get_in_without_it(own):
    anna = MembershipFactory(organisation=own.organisation).user

    with pytest.raises(services.NoWayIn):
        services.enforce(own, by=anna)

    TOTP.activate(anna, generate_totp_secret())
    services.enforce(own, by=anna)
    assert own.status == OwnLoginStatus.ENFORCED


def test_the_secret_of_one_row_opens_in_no_other(own):
    from accounts.encryption import NotDecryptable

    other = OwnLoginFactory(domain="ander.example")
    other.sealed_secret = own.sealed_secret

    with pytest.raises(NotDecryptable):
        _ = other.secret


def code_of(secret):
    from allauth.mfa.totp.internal.auth import (
        format_hotp_value,
        hotp_value,
        yield_hotp_counters_from_time,
    )

    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))

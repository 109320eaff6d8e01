"""Signing in through one's own organisation, at a real provider (tests/identity_provider)."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests import identity_provider
from tests.browser.conftest import PASSWORD, run_in_site
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

PEOPLE = """
from allauth.mfa.totp.internal.auth import TOTP
from organisations.models import Membership
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory
eigen = OrganisationFactory(kvk_number="91000001", name="Eigen BV")
for name, role in [("anna", "administrator"), ("jan", "developer"), ("weg", "developer"),
                   ("onzeker", "developer"), ("staf", "developer")]:
    MembershipFactory(organisation=eigen, role=role, user__username=f"eigen-{name}",
                      user__name=name.title(), user__email=f"{name}@eigen.example")
vreemd = OrganisationFactory(kvk_number="91000002", name="Vreemde BV")
MembershipFactory(organisation=vreemd, user__username="eigen-vreemd",
                  user__email="vreemd@eigen.example")
UserFactory._meta.model.objects.filter(username="eigen-staf").update(is_staff=True)
"""
NONE = """
from organisations.models import Organisation, OwnLogin
OwnLogin.objects.all().delete()
"""
SET_UP = f"""{NONE}
eigen = Organisation.objects.get(kvk_number="91000001")
own = OwnLogin(organisation=eigen, code="eigen", issuer=%r, client_id=%r,
               domain="eigen.example", status=%r)
own.seal(%r)
own.save()
"""
CALLBACK = "/account/oidc/eigen/login/callback/"
PAGE = "/mijn/91000001/organisatie/inloggen/"


@pytest.fixture(scope="module")
def provider(site, tmp_path_factory):
    run_in_site(site, PEOPLE)
    provider = IdentityProvider.in_directory(tmp_path_factory.mktemp("provider"))
    for name in ("anna", "jan", "weg", "staf", "vreemd", "niemand"):
        provider.knows(name, f"{name}@eigen.example", mfa=name == "anna")
    provider.knows("onzeker", "onzeker@eigen.example", verified=False)
    provider.knows("elders", "jan@elders.example")
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def has_own_login(site, provider):
    provider.admits(f"{site.url}{CALLBACK}")

    def set_up(status="on"):
        run_in_site(site, SET_UP % (provider.issuer, CLIENT_ID, status, CLIENT_SECRET))

    set_up()
    return set_up


def finds_the_provider(somebody, email="jan@eigen.example"):
    somebody.opens("/inloggen/")
    somebody.follows("Inloggen via je organisatie")
    somebody.fills(email=email)
    somebody.presses("Verder")
    somebody.follows("Verder naar 127.0.0.1")


def signs_in_there(somebody, username):
    somebody.reads_heading("Inlogdienst van Voorbeeld")
    somebody.fills(username=username, password=identity_provider.PASSWORD)
    somebody.presses("Aanmelden")
    somebody.page.wait_for_url(f"{somebody.site.url}/**")


def confirms(somebody):
    if "/reauthenticate/" in somebody.page.url:
        somebody.fills(password=PASSWORD)
        somebody.presses("Bevestigen")


def test_an_administrator_sets_it_up_and_a_colleague_signs_in(person, site, provider):
    run_in_site(site, NONE)
    anna = person()
    anna.signs_in("eigen-anna")
    anna.opens(PAGE)
    anna.follows("Instellen")
    confirms(anna)
    anna.fills(
        issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET,
        domain="eigen.example",
    )  # fmt: skip
    anna.presses("Opslaan")
    anna.presses("Controleer het domein")
    anna.sees("We vinden het record niet")
    record = anna.page.locator("#record-name"), anna.page.locator("#record-text")
    name, text = (one.inner_text().strip() for one in record)
    site.name_server.records[name] = text
    anna.presses("Controleer het domein")
    anna.sees("Het maildomein is van jullie")
    provider.admits(anna.page.locator("#redirect-uri").inner_text().strip())
    anna.follows("Probeer het")
    signs_in_there(anna, "anna")
    anna.sees("Het werkt")
    anna.presses("Zet aan")
    anna.sees("kunnen nu inloggen")

    jan = person(java_script_enabled=False)
    finds_the_provider(jan)
    signs_in_there(jan, "jan")
    jan.is_at("/mijn/91000001/")


def test_a_member_signs_in_for_the_first_time_and_again(person, has_own_login):
    for _time in range(2):
        jan = person()
        finds_the_provider(jan)
        signs_in_there(jan, "jan")
        jan.is_at("/mijn/91000001/")


def test_who_has_no_business_here_is_told_so(person, site, has_own_login):
    run_in_site(
        site,
        "from organisations.models import Membership as M\n"
        "from organisations.services import members\n"
        "one = M.objects.filter(user__username='eigen-weg').first()\n"
        "one and members.remove_member(one, by=one.user)\n",
    )
    for username, words in {
        "niemand": "Je hoort in dit portaal niet bij Eigen BV",
        "vreemd": "Je hoort in dit portaal niet bij Eigen BV",
        "weg": "Je hoort in dit portaal niet bij Eigen BV",
        "onzeker": "niet dat je mailadres is gecontroleerd",
        "elders": "niet in eigen.example",
        "staf": "Medewerkers van",
    }.items():
        somebody = person()
        finds_the_provider(somebody)
        signs_in_there(somebody, username)
        somebody.sees(words)
        somebody.opens("/mijn/")
        somebody.is_at("/account/login/")


def test_where_it_is_enforced_a_password_leads_to_the_provider(person, has_own_login):
    has_own_login("enforced")
    jan = person()
    jan.opens("/inloggen/")
    jan.fills(login="eigen-jan", password=PASSWORD)
    jan.page.locator("main form button:not([type=button])").first.click()
    jan.sees("Eigen BV laat iedereen inloggen via de eigen inlogdienst")
    jan.follows("Verder naar 127.0.0.1")
    signs_in_there(jan, "jan")
    jan.is_at("/mijn/91000001/")

    jan.opens("/mijn/gegevens/gebruikersnaam/")  # asks that it is really them
    jan.follows("Via je organisatie")
    signs_in_there(jan, "jan")
    jan.is_at("/mijn/gegevens/gebruikersnaam/")


def test_a_code_that_was_made_for_another_client_is_worth_nothing(
    person, has_own_login, provider
):
    elsewhere = "http://127.0.0.1:9/elders"
    provider.admits(elsewhere, client_id="een-ander", secret="x")
    thief = person()
    question = {
        "client_id": "een-ander", "redirect_uri": elsewhere, "response_type": "code",
        "scope": "openid email", "code_challenge": "c" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    went = []
    thief.page.on("request", lambda request: went.append(request.url))
    thief.page.goto(f"{provider.issuer}/authorize/?{urlencode(question)}")
    thief.fills(username="jan", password=identity_provider.PASSWORD)
    thief.presses("Aanmelden")
    thief.page.wait_for_timeout(1000)
    [code] = parse_qs(urlsplit(went[-1]).query)["code"]

    start = thief.context.request.get(  # not followed: the state is still to be used
        "/inloggen/organisatie/eigen/start/", max_redirects=0
    )
    [state] = parse_qs(urlsplit(start.headers["location"]).query)["state"]
    thief.opens(f"{CALLBACK}?{urlencode({'code': code, 'state': state})}")

    thief.sees("geeft geen goed antwoord")
    thief.opens("/mijn/")
    thief.is_at("/account/login/")
    thief.complaints.clear()  # the visits that were cut off


def test_a_state_that_nobody_asked_for_is_refused(person, has_own_login):
    somebody = person()

    somebody.opens(f"{CALLBACK}?code=x&state=x")

    somebody.sees("Er ging iets mis op de weg terug")


def test_a_provider_that_is_down_is_a_clear_page(person, has_own_login, provider):
    jan = person()
    finds = person()
    provider.stop()
    try:
        finds_the_provider(jan)
        jan.sees("geeft geen goed antwoord")
        finds.opens("/inloggen/organisatie/eigen/start/")
        finds.sees("geeft geen goed antwoord")
    finally:
        provider.start()
        jan.complaints.clear()  # a browser also says that it got a 502
        finds.complaints.clear()

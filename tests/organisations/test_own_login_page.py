"""An administrator sets up signing in through the organisation."""

import time

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from audit.models import Event
from mail.models import Message
from organisations.models import OwnLogin, OwnLoginStatus
from organisations.own_login import domains
from organisations.own_login.forms import ProviderForm
from organisations.services import own_login as services
from organisations.views import own_login as views
from tests.factories import MembershipFactory, OrganisationFactory, OwnLoginFactory
from tests.name_server import NameServer
from tests.organisations.own_login import come_back, start
from tests.races import racing

pytestmark = pytest.mark.django_db
TYPED = {
    "issuer": "https://login.voorbeeld.example",
    "client_id": "portaal",
    "client_secret": "een geheim dat niemand ziet",
    "domain": "@Voorbeeld.example",
}


@pytest.fixture
def name_server(settings):
    server = NameServer()
    settings.OWN_LOGIN_RESOLVERS = [server.address]
    yield server
    server.stop()


@pytest.fixture
def anna():
    return MembershipFactory(user__name="Anna", user__email="anna@voorbeeld.example")


def sign_in(client, membership, *, confirmed=True):
    client.force_login(membership.user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "reauthenticated": confirmed}
    ]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(membership.user.pk)
    session.save()


def page(membership, name="own_login", *more):
    return reverse(f"organisations:{name}", args=[membership.organisation.slug, *more])


def press(client, membership, act):
    path = page(membership, "own_login_act", act)
    return client.post(path, follow=True)


def test_the_whole_way(client, anna, provider, name_server):
    sign_in(client, anna)
    bert = MembershipFactory(organisation=anna.organisation)
    typed = {**TYPED, "issuer": provider.url, "client_id": "client"}

    client.post(page(anna, "own_login_set_up"), typed)
    own = OwnLogin.objects.get()
    assert own.domain == "voorbeeld.example"

    assert "We vinden het record niet" in press(client, anna, "domein").text
    name_server.records["_portal-verificatie.voorbeeld.example"] = "iets anders"
    assert "We vinden het record niet" in press(client, anna, "domein").text
    text = domains.record_text(anna.organisation.pk, "voorbeeld.example")
    assert text in client.get(page(anna)).text
    name_server.records["_portal-verificatie.voorbeeld.example"] = text
    assert "Het maildomein is van jullie" in press(client, anna, "domein").text

    assert "net gewijzigd" in press(client, anna, "aanzetten").text  # not tried yet
    response = client.get(page(anna, "own_login_try"))
    question = dict(
        p.split("=", 1) for p in response["Location"].split("?")[1].split("&")
    )
    provider.claims = {
        "nonce": question["nonce"], "email": anna.user.email, "email_verified": True,
    }  # fmt: skip
    back = come_back(client, own, question["state"])
    assert "Het werkt" in client.get(back["Location"]).text
    assert "_auth_user_id" in client.session

    assert "kunnen nu inloggen" in press(client, anna, "aanzetten").text
    assert "Zet eerst zelf een tweede stap" in press(client, anna, "verplichten").text
    assert "staat uit" in press(client, anna, "uitzetten").text
    assert "is verwijderd" in press(client, anna, "verwijderen").text
    assert not OwnLogin.objects.exists()

    kinds = Event.objects.filter(kind__startswith="own_login.").order_by("pk")
    assert [event.kind.partition(".")[2] for event in kinds] == [
        "set_up", "verified", "tried", "on", "off", "removed",
    ]  # fmt: skip
    told = Message.objects.filter(template="organisations/emails/own_login")
    for somebody in (anna, bert):
        assert told.filter(to=somebody.user.email).count() == 2  # on and off
    activity = client.get(page(anna, "activity")).text
    assert "Inloggen via de organisatie is aangezet" in activity


def test_somebody_elses_account_at_the_provider_proves_nothing(client, own, provider):
    anna = MembershipFactory(
        organisation=own.organisation, user__email="anna@voorbeeld.example"
    )
    own.status = OwnLoginStatus.VERIFIED
    own.save()
    sign_in(client, anna)
    response = client.get(page(anna, "own_login_try"))
    question = dict(
        p.split("=", 1) for p in response["Location"].split("?")[1].split("&")
    )
    provider.claims = {
        "nonce": question["nonce"], "email": "x@voorbeeld.example", "email_verified": True,
    }  # fmt: skip

    back = come_back(client, own, question["state"])

    assert "met een ander mailadres" in back.text
    own.refresh_from_db()
    assert own.status == OwnLoginStatus.VERIFIED


def test_the_secret_is_readable_nowhere(client, anna, caplog):
    sign_in(client, anna)

    client.post(page(anna, "own_login_set_up"), TYPED)

    assert OwnLogin.objects.get().secret == TYPED["client_secret"]
    pages = [client.get(page(anna)), client.get(page(anna, "own_login_set_up"))]
    assert not [one for one in pages if TYPED["client_secret"] in one.text]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(o)::text FROM organisations_ownlogin o")
        [row] = cursor.fetchone()
        cursor.execute("SELECT string_agg(data::text, '') FROM audit_event")
        [events] = cursor.fetchone()
    assert TYPED["client_secret"] not in row + events + caplog.text
    assert TYPED["client_secret"].encode().hex() not in row


def test_changing_asks_to_confirm_first(client, anna):
    sign_in(client, anna, confirmed=False)
    OwnLoginFactory(organisation=anna.organisation)

    for path in (
        page(anna, "own_login_set_up"),
        page(anna, "own_login_act", "uitzetten"),
    ):
        assert "/account/reauthenticate/" in client.post(path, TYPED)["Location"]
    assert OwnLogin.objects.get().status == OwnLoginStatus.ON


def test_a_developer_is_told_whom_to_ask(client, anna):
    developer = MembershipFactory(organisation=anna.organisation, role="developer")
    sign_in(client, developer)

    assert client.get(page(anna)).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "http://login.voorbeeld.example"),
        ("issuer", "https://"),
        ("issuer", "https://login.voorbeeld.example/?a=b"),
        ("issuer", "https://a:b@login.voorbeeld.example"),
        ("issuer", "https://[login"),
        ("issuer", "javascript:alert(1)"),
        ("client_secret", ""),
        ("domain", "gmail.com"),
        ("domain", "Hotmail.com"),
        ("domain", "nl"),
        ("domain", "127.0.0.1"),
        ("domain", "voor beeld.nl"),
        ("domain", "voorbeeld.nl/x"),
    ],
)
def test_what_cannot_be_is_not_taken(field, value):
    form = ProviderForm({**TYPED, field: value}, own_login=None)

    assert list(form.errors) == [field]


def test_another_provider_needs_its_own_secret(own):
    """Else whoever may change the address has our secret sent to it."""
    same = {
        **TYPED,
        "issuer": own.issuer,
        "client_id": own.client_id,
        "client_secret": "",
    }

    assert ProviderForm(same, own_login=own).is_valid()
    for other in ({"issuer": "https://kwaad.example"}, {"client_id": "x"}):
        form = ProviderForm({**same, **other}, own_login=own)
        assert list(form.errors) == ["client_secret"]


# --- the mail domain ---


def test_the_record_is_of_one_organisation_and_one_domain():
    texts = {
        domains.record_text(1, "a.nl"),
        domains.record_text(2, "a.nl"),
        domains.record_text(1, "b.nl"),
    }

    assert len(texts) == 3


def test_a_domain_belongs_to_one_organisation(client, anna, name_server):
    OwnLoginFactory(domain="voorbeeld.example")
    own = OwnLoginFactory(organisation=anna.organisation, status="set_up")
    text = domains.record_text(anna.organisation.pk, own.domain)
    name_server.records["_portal-verificatie.voorbeeld.example"] = text
    sign_in(client, anna)

    assert "al van een andere organisatie" in press(client, anna, "domein").text
    own.refresh_from_db()
    assert own.status == OwnLoginStatus.SET_UP
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnLoginFactory(organisation=OrganisationFactory())


def test_a_silent_dns_proves_nothing_either_way(client, anna, name_server, monkeypatch):
    monkeypatch.setattr(domains, "SECONDS", 0.3)
    name_server.silent = True
    own = OwnLoginFactory(organisation=anna.organisation, status="set_up")
    sign_in(client, anna)

    assert "gaf geen antwoord" in press(client, anna, "domein").text
    own.status = OwnLoginStatus.ON
    own.save()
    services.recheck()
    own.refresh_from_db()
    assert own.record_missing_since is None


def test_administrators_are_told_once_that_the_record_is_gone_and_it_stays_on(
    anna, name_server
):
    own = OwnLoginFactory(organisation=anna.organisation)
    services.recheck()
    services.recheck()

    own.refresh_from_db()
    assert own.status == OwnLoginStatus.ON
    assert own.record_missing_since
    [message] = Message.objects.filter(template="organisations/emails/own_login")
    assert message.to == anna.user.email

    text = domains.record_text(anna.organisation.pk, own.domain)
    name_server.records["_portal-verificatie.voorbeeld.example"] = text
    services.recheck()
    own.refresh_from_db()
    assert own.record_missing_since is None


def test_a_question_after_all_is_off_is_a_page_of_ours(client, own):
    question = start(client, own)
    own.delete()

    assert come_back(client, own, question["state"]).status_code == 404


def test_a_button_for_what_was_removed_meanwhile_says_so(client, anna, monkeypatch):
    own = OwnLoginFactory(organisation=anna.organisation, status=OwnLoginStatus.ON)
    sign_in(client, anna)
    seen = OwnLogin.objects.get(pk=own.pk)
    monkeypatch.setattr(views, "_of", lambda _membership: seen)
    services.remove(own, by=anna.user)

    for act in ("uitzetten", "verwijderen", "verplichten"):
        answer = client.post(page(anna, "own_login_act", act))
        assert answer.status_code == 302, act


@pytest.mark.django_db(transaction=True)
def test_removing_it_while_another_switches_waits_for_nobody(anna, monkeypatch):
    monkeypatch.setattr(domains, "has_record", lambda *_: False)
    with racing(3) as race:
        for _ in range(40):
            own = OwnLoginFactory(
                organisation=anna.organisation, status=OwnLoginStatus.ON
            )
            mine, other = (OwnLogin.objects.get(pk=own.pk) for _ in range(2))

            race.run(
                lambda mine=mine: services.remove(mine, by=anna.user),
                lambda other=other: services.switch_off(other, by=anna.user),
                services.recheck,
                losing=services.WrongState,
            )

            assert not OwnLogin.objects.exists()

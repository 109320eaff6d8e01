"""The organisation's own data: changed at once by its administrators, some by staff only."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from mail.models import Message
from organisations.editing import Meanwhile
from organisations.models import Contact, ContactKind
from organisations.roles import Role
from organisations.services import details
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db

MOVED = {
    "street": "Dorpsstraat 2",
    "postcode": "4321 ZZ",
    "city": "Ergens",
    "postal_same": True,
    "postal_street": "",
    "postal_postcode": "",
    "postal_city": "",
}
KATRIJN = {
    "name": "Katrijn Inkoop",
    "function": "Inkoper",
    "email": "katrijn@bedrijf.example",
    "phone": "+31205551234",
}


@pytest.fixture
def alice(client):
    alice = MembershipFactory(user__name="Alice Admin")
    client.force_login(alice.user)
    return alice


@pytest.fixture
def bob(alice):
    """A second administrator, in a browser of his own."""
    bob = MembershipFactory(organisation=alice.organisation, user__name="Bob Beheer")
    bob.browser = Client()
    bob.browser.force_login(bob.user)
    return bob


def page(member, part=None):
    name = "change_details" if part else "details"
    args = [member.organisation.slug, *([part] if part else [])]
    return reverse(f"organisations:{name}", args=args)


def form(client, url):
    """What a browser would send back, untouched."""
    shown = client.get(url).context["form"]
    return {name: shown[name].value() or "" for name in shown.fields}


def test_address_is_changed_at_once_and_recorded(client, alice):
    client.post(page(alice, "adres"), {**form(client, page(alice, "adres")), **MOVED})

    alice.organisation.refresh_from_db()
    assert alice.organisation.street == "Dorpsstraat 2"
    event = Event.objects.latest("pk")
    assert (event.kind, event.by) == ("organisation.address_changed", alice.user)
    assert event.data == {"fields": ["street", "postcode", "city"]}


def test_address_is_held_to_the_checks_of_an_application(client, alice):
    answer = client.post(
        page(alice, "adres"), {**MOVED, "postcode": "1234 SS", "postal_same": ""}
    )

    assert set(answer.context["form"].errors) == {
        *["postcode", "postal_street", "postal_postcode", "postal_city"]
    }


def test_a_foreign_organisation_has_a_postcode_of_its_own_country(client):
    member = MembershipFactory(organisation__country="BE")
    client.force_login(member.user)

    client.post(page(member, "adres"), {**MOVED, "postcode": "1000"})
    sent = form(client, page(member, "adres")) | {"postcode": "1000"}
    client.post(page(member, "adres"), sent)

    member.organisation.refresh_from_db()
    assert member.organisation.postcode == "1000"


def test_htmx_gets_just_the_parts(client, alice):
    url, htmx = page(alice, "facturen"), {"HX-Request": "true"}

    opened = client.get(url, headers=htmx)
    sent = form(client, url) | {"purchase_reference": "PO 7"}
    saved = client.post(url, sent, headers=htmx)

    assert opened["Vary"].count("HX-Request") == 1
    for answer in (opened, saved):
        assert answer.text.strip().startswith('<div id="organisation-parts"')
        assert "<html" not in answer.text
    assert "hx-post" in opened.text
    assert "PO 7" in saved.text
    assert "Opgeslagen" in saved.text


def test_an_error_comes_back_to_htmx_with_what_was_typed(client, alice):
    answer = client.post(
        page(alice, "facturen"),
        {"invoice_email": "nee"},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    assert 'value="nee"' in answer.text


def test_a_contact_is_another_row_and_the_one_before_is_told(client, alice):
    organisation = alice.organisation
    details.set_contact(organisation, kind=ContactKind.CONTRACT, **KATRIJN)
    url = page(alice, "contact-overeenkomst")
    signed_in(alice.user, client)

    client.post(url, form(client, url) | {"email": "nieuw@bedrijf.example"})

    assert organisation.contacts.of_kind("contract").email == "nieuw@bedrijf.example"
    assert [message.to for message in Message.objects.all()] == [KATRIJN["email"]]
    assert details.to_be_told(organisation) == [
        ("nieuw@bedrijf.example", "Katrijn Inkoop"),
        ("katrijn@bedrijf.example", "Katrijn Inkoop"),
    ]


def test_who_was_a_contact_is_forgotten_in_time(alice, settings):
    settings.PREVIOUS_CONTACT_DAYS = 0
    for email in ("oud@b.example", "nu@b.example"):
        facts = {**KATRIJN, "email": email}
        details.set_contact(alice.organisation, kind=ContactKind.CONTRACT, **facts)

    details.forget_previous_contacts()

    assert [one.email for one in Contact.objects.all()] == ["nu@b.example"]


def test_the_database_keeps_one_contact_a_kind(alice):
    facts = {"organisation": alice.organisation, "kind": "technical", **KATRIJN}
    Contact.objects.create(**facts)

    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(**facts)


def test_the_second_who_saves_is_shown_what_changed_and_loses_nothing(
    client, alice, bob
):
    url = page(alice, "adres")
    seen_by_alice, seen_by_bob = form(client, url), form(bob.browser, url)
    client.post(
        url, seen_by_alice | {"street": "Straat van Alice 1", "city": "Alicestad"}
    )

    answer = bob.browser.post(url, seen_by_bob | {"street": "Straat van Bob 2"})

    errors = answer.context["form"].errors
    assert "“Straat van Alice 1” door Alice Admin" in errors["street"][0]
    assert "dan geldt wat jij invulde" in errors["street"][0]
    assert "“Alicestad” door Alice Admin" in errors["city"][0]
    again = answer.context["form"]
    assert again["street"].value() == "Straat van Bob 2"
    assert again["city"].value() == "Alicestad"  # Bob typed nothing here

    sent = {name: again[name].value() or "" for name in again.fields}
    bob.browser.post(url, sent)

    alice.organisation.refresh_from_db()
    assert alice.organisation.street == "Straat van Bob 2"
    assert alice.organisation.city == "Alicestad"


def test_two_who_change_different_parts_do_not_meet(client, alice, bob):
    address, invoices = page(alice, "adres"), page(alice, "facturen")
    seen = form(bob.browser, invoices)
    client.post(address, form(client, address) | {"street": "Straat 9"})

    answer = bob.browser.post(invoices, seen | {"purchase_reference": "PO 1"})

    assert answer.status_code == 302


def test_a_form_that_does_not_say_what_was_seen_saves_nothing(alice):
    organisation = alice.organisation

    with pytest.raises(Meanwhile):
        details.change_address(organisation, MOVED, seen={}, by=alice.user)

    organisation.refresh_from_db()
    assert organisation.street == "Voorbeeldstraat 1"


def test_what_was_seen_of_one_organisation_is_no_proof_for_another(client, alice):
    other = MembershipFactory(user=alice.user, organisation__street="Elders 1")
    seen = form(client, page(alice, "adres"))

    answer = client.post(page(other, "adres"), seen | {"street": "Nergens 3"})

    assert "street" in answer.context["form"].errors


def test_parts_that_do_not_exist_are_not_found(client, alice):
    assert client.get(page(alice, "rsin")).status_code == 404


def test_a_developer_is_told_whom_to_ask(client):
    developer = MembershipFactory(role=Role.DEVELOPER)
    MembershipFactory(organisation=developer.organisation)
    client.force_login(developer.user)

    assert client.get(page(developer)).status_code == 403


@pytest.fixture
def coen(client):
    coen = UserFactory(name="Coen Contract", is_staff=True)
    coen.groups.add(Group.objects.get(name="contracten"))
    client.force_login(coen)
    return coen


def identity(organisation, **changes):
    fields = {name: getattr(organisation, name) or "" for name in details.IDENTITY}
    return {
        **fields,
        "reason": "Fout in het uittreksel",
        **{
            f"{prefix}-{name}_FORMS": 0
            for prefix in ("memberships", "contacts")
            for name in ("TOTAL", "INITIAL")
        },
        **changes,
    }


def test_staff_correct_a_name_and_the_administrators_read_why(client, coen):
    alice = MembershipFactory(organisation__name="Tset BV")
    organisation = alice.organisation
    url = reverse("admin:organisations_organisation_change", args=[organisation.pk])

    client.post(url, identity(organisation, name="Test BV", street="Gehackt 1"))

    organisation.refresh_from_db()
    assert organisation.name == "Test BV"
    assert organisation.street == "Voorbeeldstraat 1"
    event = Event.objects.latest("pk")
    assert (event.kind, event.by) == ("organisation.corrected", coen)
    assert event.data == {"fields": ["name"], "reason": "Fout in het uittreksel"}
    message = Message.objects.get()
    assert message.to == alice.user.email
    assert message.context["changes"] == ["Naam: Tset BV wordt Test BV"]


def test_staff_need_a_reason(client, coen):
    organisation = OrganisationFactory()
    url = reverse("admin:organisations_organisation_change", args=[organisation.pk])

    answer = client.post(url, identity(organisation, name="Anders", reason=""))

    assert "Geef een reden" in answer.text
    organisation.refresh_from_db()
    assert organisation.name != "Anders"


def test_staff_do_not_correct_the_organisation_they_work_for(client, coen):
    mine = MembershipFactory(user=coen)
    url = reverse(
        "admin:organisations_organisation_change", args=[mine.organisation_id]
    )

    answer = client.post(url, identity(mine.organisation, name="Anders"))

    assert answer.status_code == 403


def test_what_was_seen_is_told_by_the_data_alone(client, alice, monkeypatch):
    """Not by the second: two who see the same get the same page."""
    first = form(client, page(alice, "adres"))["seen_before"]
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)

    assert form(client, page(alice, "adres"))["seen_before"] == first


def test_what_was_seen_is_believed_only_as_it_was_signed(client, alice):
    sent = {**form(client, page(alice, "adres")), **MOVED}

    client.post(page(alice, "adres"), {**sent, "seen_before": sent["seen_before"][:-1]})

    alice.organisation.refresh_from_db()
    assert alice.organisation.street != "Dorpsstraat 2"

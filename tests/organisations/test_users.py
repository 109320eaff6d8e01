"""The list of users with many of them, and what changes within it."""

import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from organisations.models import Invitation, Membership
from organisations.roles import Role
from organisations.services import inviting, members
from organisations.views.users import A_PAGE
from tests.factories import PASSWORD, MembershipFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PROMOTE = {"seen": "developer", "role": "administrator"}


@pytest.fixture
def alice(client):
    """The administrator, signed in, who gave her password a moment ago."""
    alice = MembershipFactory(user__name="Alice Admin")
    signed_in(alice.user, client)
    return alice


@pytest.fixture
def bob(alice):
    return MembershipFactory(
        organisation=alice.organisation, role=Role.DEVELOPER, user__name="Bob Bouwer"
    )


def page(name, member):
    return reverse(f"organisations:{name}", args=[member.organisation.slug, member.pk])


def users(member, **query):
    slug = member.organisation.slug
    return reverse("organisations:users", args=[slug], query=query or None)


def names(response):
    return [one.user.name for one in response.context["users"]]


def invite(alice, *addresses, role=Role.DEVELOPER, by=None):
    inviting.invite(
        alice.organisation,
        [*addresses],
        role=role,
        by=by or alice.user,
        language="nl",
    )
    return Invitation.objects.get(email=addresses[-1])


def a_hundred(alice, count=100):
    for number in range(count):
        MembershipFactory(
            organisation=alice.organisation,
            role=Role.DEVELOPER,
            user__name=f"Persoon {number:03}",
            user__password=None,
        )


def test_many_users_come_in_pages_and_none_is_lost(client, alice):
    a_hundred(alice)

    first = client.get(users(alice))
    others = [client.get(users(alice, bladzijde=number)) for number in (2, 3)]

    assert "Je ziet 1 tot en met 50 van 101." in first.text
    assert "Bladzijde 1 van 3" in first.text
    shown = [name for one in (first, *others) for name in names(one)]
    assert shown == ["Alice Admin", *(f"Persoon {n:03}" for n in range(100))]


def test_few_users_need_no_search_and_no_pages(client, alice, bob):
    html = client.get(users(alice)).text

    assert "Zoeken" not in html
    assert "Bladzijde" not in html


def test_a_page_keeps_what_was_asked(client, alice):
    a_hundred(alice)

    html = client.get(users(alice, q="persoon", sort="-name")).text

    assert "?q=persoon&amp;sort=-name&amp;bladzijde=2#gebruikers" in html


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", "Alice Admin"),
        ("-name", "Cas Code"),
        ("role", "Alice Admin"),
        ("-role", "Cas Code"),
        ("since", "Cas Code"),
        ("last_login", "Alice Admin"),
        ("-last_login", "Bob Bouwer"),
        ("-second_factor", "Cas Code"),
    ],
)
def test_a_heading_sorts_and_says_so(client, alice, bob, sort, first):
    cas = MembershipFactory(
        organisation=alice.organisation, role=Role.DEVELOPER, user__name="Cas Code"
    )
    Membership.objects.filter(pk=cas.pk).update(
        since=timezone.now() - datetime.timedelta(days=9)
    )
    type(bob.user).objects.exclude(pk=bob.user_id).update(last_login=None)
    type(bob.user).objects.filter(pk=bob.user_id).update(last_login=timezone.now())
    Authenticator.objects.create(user=cas.user, type="totp", data={})

    response = client.get(users(alice, sort=sort))

    assert names(response)[0] == first
    way = "descending" if sort.startswith("-") else "ascending"
    assert response.text.count("aria-sort=") == 1
    assert f'aria-sort="{way}"' in response.text


@pytest.mark.parametrize(("asked", "found"), [("on", ["Bob"]), ("off", ["Alice"])])
def test_users_can_be_found_by_second_factor(client, alice, bob, asked, found):
    Authenticator.objects.create(user=bob.user, type="totp", data={})

    response = client.get(users(alice, second_factor=asked))

    assert [name.split()[0] for name in names(response)] == found


def test_invitations_come_in_pages_too_and_are_found(client, alice):
    inviting.invite(
        alice.organisation,
        [f"{number}@b.nl" for number in range(A_PAGE + 2)],
        role=Role.DEVELOPER,
        by=alice.user,
        language="nl",
    )

    second = client.get(users(alice, uitnodigingen=2))
    found = client.get(users(alice, q="51@"))

    assert len(second.context["invitations"]) == 2
    assert [one.email for one in found.context["invitations"]] == ["51@b.nl"]


def test_the_list_takes_as_many_queries_for_a_hundred_as_for_one(client, alice):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(users(alice))
        return len(asked)

    invite(alice, "first@b.nl")
    client.get("/ondersteuning/")  # the first page of a session notes it
    few = queries()
    a_hundred(alice)
    invite(alice, *(f"{number}@b.nl" for number in range(60)))

    assert queries() == few


def test_role_changes_within_its_row(client, alice, bob):
    form = client.get(page("member", bob), headers=HTMX)
    row = client.post(page("member", bob), PROMOTE, headers=HTMX)

    for html in (form.text, row.text):
        assert html.strip().startswith(f'<tr id="user-row-{bob.pk}">')
        assert "<html" not in html
    assert 'name="seen" value="developer"' in form.text
    assert "Bob Bouwer is nu administrator." in row.text.partition('id="messages"')[2]
    assert 'hx-swap-oob="innerHTML"' in row.text
    assert 'id="user-count"' in row.text
    assert "autofocus" in row.text  # else the focus would be nowhere


def test_the_row_that_is_swapped_is_the_row_of_the_page(client, alice, bob):
    whole = client.get(users(alice)).text
    row = client.get(page("member", bob) + "?rij", headers=HTMX).text

    part = row[: row.index("</tr>")].replace(" autofocus", "").split()
    assert " ".join(part) in " ".join(whole.split())


def test_what_both_get_is_kept_by_nobody_and_told_apart(client, alice, bob):
    for headers in ({}, HTMX):
        response = client.get(page("member", bob), headers=headers)

        assert "HX-Request" in response["Vary"]
        assert "no-store" in response["Cache-Control"]


def test_removing_asks_within_the_row_and_then_says_so(client, alice, bob):
    asked = client.get(page("remove", bob), headers=HTMX).text
    done = client.post(page("remove", bob), headers=HTMX).text

    assert "wordt meteen overal uitgelogd" in asked
    assert asked.strip().startswith("<tr")
    assert "Bob Bouwer is verwijderd." in done.partition("</tr>")[0]
    assert not Membership.objects.filter(pk=bob.pk).exists()


def test_removing_who_invited_somebody_shows_the_whole_list_anew(client, alice, bob):
    members.change_role(bob, Role.ADMINISTRATOR, by=alice.user)
    invite(alice, "cas@b.nl", by=bob.user)

    asked = client.get(page("remove", bob), headers=HTMX).text
    done = client.post(page("remove", bob), headers=HTMX)

    assert "1 openstaande uitnodiging van Bob Bouwer wordt ingetrokken." in asked
    assert done["HX-Redirect"] == users(alice)


@pytest.mark.parametrize(
    ("act", "says"),
    [("resend", "krijgt een nieuwe link."), ("withdraw", "is ingetrokken.")],
)
def test_an_invitation_changes_within_its_row(client, alice, act, says):
    invitation = invite(alice, "bo@b.nl")
    url = reverse(f"organisations:{act}", args=[alice.organisation.slug, invitation.pk])

    html = client.post(url, headers=HTMX).text

    assert html.strip().startswith(f'<tr id="invitation-row-{invitation.pk}">')
    assert says in html
    assert "autofocus" in html
    count = 1 if act == "resend" else 0
    assert f"({count})" in html.partition('id="invitation-count"')[2]


def test_what_a_colleague_took_back_is_not_sent_again_unseen(client, alice, bob):
    invitation = invite(alice, "bo@b.nl")
    inviting.withdraw(invitation, by=alice.user)
    url = reverse("organisations:resend", args=[alice.organisation.slug, invitation.pk])

    whole = client.post(url, follow=True).text
    row = client.post(url, headers=HTMX).text

    for html in (whole, row):
        assert "is intussen ingetrokken. Er is niets gestuurd." in html
    invitation.refresh_from_db()
    assert invitation.withdrawn_at


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_who_comes_second_is_shown_what_changed_and_overwrites_nothing(
    client, alice, bob, headers
):
    cas = MembershipFactory(organisation=alice.organisation, user__name="Cas Code")
    members.change_role(bob, Role.ADMINISTRATOR, by=cas.user)

    response = client.post(page("member", bob), PROMOTE, headers=headers)

    assert "Er is niets opgeslagen" in response.text
    assert "Cas Code, " in response.text
    assert "Bob Bouwer is nu administrator en was ontwikkelaar." in response.text
    assert 'name="seen" value="administrator"' in response.text
    stepped_back = {"seen": "developer", "role": "developer"}
    client.post(page("member", bob), stepped_back, headers=headers)
    assert Membership.objects.get(pk=bob.pk).role == Role.ADMINISTRATOR


@pytest.mark.parametrize("act", ["member", "remove", "hand_over", "end_sessions"])
def test_who_was_removed_meanwhile_is_said_to_be_and_by_whom(client, alice, bob, act):
    cas = MembershipFactory(organisation=alice.organisation, user__name="Cas Code")
    url = page(act, bob)
    members.remove_member(bob, by=cas.user)

    whole = client.post(url, PROMOTE, follow=True).text
    row = client.post(url, PROMOTE, headers=HTMX).text

    for html in (whole, row):
        assert "Cas Code, " in html
        assert "Bob Bouwer hoort niet meer bij de organisatie." in html


def test_who_was_removed_elsewhere_is_not_found(client, alice):
    elsewhere = MembershipFactory()
    other = MembershipFactory(organisation=elsewhere.organisation, role=Role.DEVELOPER)
    url = reverse("organisations:member", args=[alice.organisation.slug, other.pk])
    members.remove_member(other, by=elsewhere.user)

    assert client.get(url).status_code == 404


def test_contact_data_change_in_place(client, alice):
    url = reverse("organisations:my_contact")
    typed = {"name": "Alice Anders", "phone": "", "language": "nl"}

    form = client.get(url, headers=HTMX).text
    wrong = client.post(url, typed | {"name": ""}, headers=HTMX).text
    done = client.post(url, typed, headers=HTMX).text

    for html in (form, wrong, done):
        assert html.strip().startswith('<div id="contact-data">')
    assert "Vul je naam in." in wrong
    assert "Alice Anders" in done
    assert "Je gegevens zijn gewijzigd." in done
    other = client.post(url, typed | {"language": "en"}, headers=HTMX)
    assert other["HX-Redirect"] == reverse("organisations:me")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    ("act", "typed"), [("member", PROMOTE), ("remove", {}), ("hand_over", {})]
)
def test_what_matters_asks_the_password_and_then_does_what_was_asked(
    client, alice, bob, act, typed, headers
):
    signed_in(alice.user, client, proven=False)

    assert client.get(page(act, bob)).status_code == 200  # looking needs none
    asked = client.post(page(act, bob), typed, headers=headers)
    there = asked.headers.get("HX-Redirect") or asked.headers.get("Location")
    assert there.startswith("/account/reauthenticate/?next=")
    assert Membership.objects.get(pk=bob.pk).role == Role.DEVELOPER
    done = client.post(there, {"password": PASSWORD}, follow=True)

    assert "<html" in done.text  # the page, not a fragment of it
    now = Membership.objects.filter(pk=bob.pk).first()
    assert now is None if act == "remove" else now.role == Role.ADMINISTRATOR


def test_inviting_an_administrator_asks_the_password_and_loses_no_line(client, alice):
    signed_in(alice.user, client, proven=False)
    url = reverse("organisations:invite", args=[alice.organisation.slug])
    typed = {"addresses": "bo@b.nl\ngeen adres", "role": "administrator"}

    asked = client.post(url, typed)
    assert not Invitation.objects.exists()
    done = client.post(asked["Location"], {"password": PASSWORD})

    assert Invitation.objects.get().role == Role.ADMINISTRATOR
    assert "Uitnodiging verstuurd aan bo@b.nl." in done.text
    assert "geen adres</textarea>" in done.text
    assert f'action="{url}"' in done.text


def test_inviting_a_developer_asks_nothing(client, alice):
    signed_in(alice.user, client, proven=False)
    url = reverse("organisations:invite", args=[alice.organisation.slug])

    client.post(url, {"addresses": "bo@b.nl", "role": "developer"})

    assert Invitation.objects.get().role == Role.DEVELOPER


def test_who_was_logged_out_is_led_to_the_login_and_not_into_a_row(client, alice, bob):
    client.logout()

    response = client.post(page("member", bob), PROMOTE, headers=HTMX)

    assert response.status_code == 200
    assert response["HX-Redirect"].startswith("/account/login/?next=")
    assert response.content == b""


@pytest.mark.parametrize("act", ["resend", "withdraw"])
def test_who_had_to_log_in_first_comes_back_to_the_list(client, alice, act):
    invitation = invite(alice, "bo@b.nl")
    url = reverse(f"organisations:{act}", args=[alice.organisation.slug, invitation.pk])

    assert client.get(url)["Location"] == users(alice)

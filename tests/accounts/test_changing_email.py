"""Another mail address: who may give it to whom, and while a link is being used."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import services
from accounts.models import User
from mail import private_links
from organisations.roles import Role
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from tests.races import racing

ROUNDS = 40


@pytest.fixture
def staff(client):
    staff = UserFactory(is_staff=True)
    rights = Permission.objects.filter(codename__in=["view_user", "change_user"])
    staff.user_permissions.set(rights)
    client.force_login(staff)
    return staff


def correct(client, user, email):
    url = reverse("admin:accounts_user_change", args=[user.pk])
    form = {"name": user.name, "email": email, "language": "nl", "is_active": "on"}
    return client.post(url, form)


@pytest.mark.django_db
@pytest.mark.parametrize("password", [PASSWORD, None], ids=["active", "new"])
def test_one_of_staff_does_not_lead_an_administrators_mail_elsewhere(
    client, staff, password
):
    user = MembershipFactory(user__password=password).user

    page = correct(client, user, "mallory@elders.example")

    user.refresh_from_db()
    assert user.email != "mallory@elders.example"
    assert "Dit is een administrator." in page.text
    with pytest.raises(services.AddressGuarded):
        services.change_email(user, "mallory@elders.example", by=staff)
    assert correct(client, user, user.email).status_code == 302  # the rest of it


@pytest.mark.django_db
def test_staff_correct_the_address_of_a_developer(client, staff):
    user = MembershipFactory(role=Role.DEVELOPER).user

    correct(client, user, "goed@voorbeeld.example")

    user.refresh_from_db()
    assert user.email == "goed@voorbeeld.example"


def activation(user, staff):
    link = services.start_activation(user, by=staff)
    token = private_links.token("activation", link.pk, link.link_version)
    return lambda: services.activate(token, password=PASSWORD)


def confirmation(user, staff):
    services.ask_email_change(user, f"{user.username}@anders.example")
    link = user.email_change
    token = private_links.token("email_change", link.pk, link.link_version)
    return lambda: services.confirm_email_change(token)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("use_of", [activation, confirmation])
def test_staff_and_who_uses_a_link_do_not_wait_for_each_other(use_of):
    staff = UserFactory(is_staff=True)
    with racing(2) as race:
        for _ in range(ROUNDS):
            user = UserFactory(password=None)
            use = use_of(user, staff)
            mine, email = User.objects.get(pk=user.pk), f"{user.username}@goed.example"

            _used, corrected = race.run(
                use,
                lambda mine=mine, email=email: services.change_email(
                    mine, email, by=staff
                ),
                losing=(services.ActivationUnknown, services.EmailChange.DoesNotExist),
            )

            user.refresh_from_db()
            known = EmailAddress.objects.filter(user=user).values_list(
                "email", flat=True
            )
            assert corrected
            assert [*known] in ([], [user.email])

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import services
from accounts.models import Activation, User, Username
from audit.models import Event
from mail import private_links
from mail.models import Message
from tests.factories import PASSWORD, UserFactory


def in_a_thread(act, *args):
    """What act() gives over a connection of the thread's own, which commits."""
    try:
        return act(*args)
    except (services.UsernameTaken, services.ActivationUsed):
        return None
    finally:
        connection.close()


@pytest.fixture
def threads(transactional_db):
    """Two threads whose work is committed."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_activate_lets_one_of_two_clicks_through(threads):
    barrier = Barrier(2)

    def invite(name):
        user = User.objects.create_user(name, "race@voorbeeld.example")
        return token_of(services.start_activation(user, by=user))

    def click(token, password):
        barrier.wait()
        return services.activate(token, password=password)

    for attempt in range(10):
        token = threads.submit(in_a_thread, invite, f"race-{attempt}").result()
        clicks = threads.map(
            in_a_thread, [click] * 2, [token] * 2, ["eerste", "tweede"]
        )
        assert sum(answer is not None for answer in clicks) == 1


def test_create_user_needs_no_transaction_around_it(threads):
    made = threads.submit(in_a_thread, User.objects.create_user, "race-1", "race@b.nl")

    assert made.result().username == "race-1"


@pytest.mark.django_db
def test_reserve_username_refuses_the_name_of_a_person():
    user = UserFactory()

    with pytest.raises(services.UsernameTaken):
        services.reserve_username(user.username)


@pytest.mark.django_db
def test_release_username_gives_back_a_name_that_nobody_held():
    services.release_username(services.reserve_username("jan"))

    assert services.reserve_username("jan")


@pytest.mark.django_db
def test_release_username_refuses_what_is_somebodys_for_ever():
    user = UserFactory()
    name = Username.objects.get(held_by=user)

    with pytest.raises(services.UsernameHeld):
        services.release_username(name)
    with pytest.raises(DatabaseError), transaction.atomic():
        name.delete()


@pytest.mark.django_db
def test_create_person_holds_the_reserved_name_and_has_no_password():
    reservation = services.reserve_username("jan")

    user = services.create_person(
        reservation, name="Jan", email="jan@voorbeeld.example", language="en"
    )

    assert not user.has_usable_password()
    assert Username.objects.get(name="jan").held_by == user
    with pytest.raises(services.UsernameHeld):
        services.create_person(reservation, name="Piet", email="p@b.nl", language="nl")


@pytest.mark.django_db
def test_a_person_without_a_reservation_is_refused_by_the_database():
    with pytest.raises(DatabaseError, match="is not held"):
        sneak_in("stiekem")


@transaction.atomic
def sneak_in(name):
    User.objects.bulk_create([User(username=name, email="s@b.nl")])
    connection.check_constraints()  # as the commit does


@pytest.fixture
def user(db):
    return services.create_person(
        services.reserve_username("jan"),
        name="Jan",
        email="jan@voorbeeld.example",
        language="nl",
    )


@pytest.fixture
def activation(user):
    return services.start_activation(user, by=UserFactory())


def token_of(activation):
    return private_links.token("activation", activation.pk, activation.link_version)


def test_activate_sets_the_password_and_keeps_that_it_did(activation, user):
    services.activate(token_of(activation), password=PASSWORD)

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert Event.objects.get(kind="account.activated").by == user


def test_activate_proves_the_address_that_the_link_went_to(activation, user):
    services.activate(token_of(activation), password=PASSWORD)

    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (
        user.email,
        True,
        True,
    )


def test_activate_works_once(activation, user):
    services.activate(token_of(activation), password=PASSWORD)

    with pytest.raises(services.ActivationUsed):
        services.activate(token_of(activation), password="een ander wachtwoord")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_activate_refuses_a_link_after_its_term(activation, user):
    Activation.objects.update(expires_at=timezone.now())

    with pytest.raises(services.ActivationExpired):
        services.activate(token_of(activation), password=PASSWORD)
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_activation_lasts_to_the_end_of_the_last_day_of_its_term(user, settings):
    settings.ACTIVATION_DAYS = 3

    activation = services.start_activation(user, by=user)

    last = timezone.localtime(activation.expires_at)
    assert last.date() == timezone.localdate() + datetime.timedelta(days=3)
    assert (last.hour, last.minute) == (23, 59)


@pytest.mark.parametrize("change", [lambda a: (a.pk + 1, 1), lambda a: (a.pk, 0)])
def test_activate_refuses_a_token_of_another_row_or_version(activation, change):
    with pytest.raises(services.ActivationUnknown):
        services.activate(
            private_links.token("activation", *change(activation)), password="x"
        )


def test_activate_refuses_a_token_made_for_something_else(activation):
    token = private_links.token("application", activation.pk, activation.link_version)

    with pytest.raises(services.ActivationUnknown):
        services.activate(token, password=PASSWORD)


def test_activate_refuses_a_guess_and_what_the_database_keeps(activation):
    token = token_of(activation)

    for guess in ["", "a" * 43, token[:-1], token + "a", activation.link_digest]:
        with pytest.raises(services.ActivationUnknown):
            services.activate(guess, password=PASSWORD)


def test_activate_refuses_a_person_who_was_disabled(activation, user):
    User.objects.filter(pk=user.pk).update(is_active=False)

    with pytest.raises(services.ActivationUnknown):
        services.activate(token_of(activation), password=PASSWORD)


def test_renew_activation_mails_a_new_link_and_ends_the_old(activation, user):
    old = token_of(activation)

    renewed = services.renew_activation(user, by=UserFactory())

    with pytest.raises(services.ActivationUnknown):
        services.activate(old, password=PASSWORD)
    message = Message.objects.get()
    assert message.links == {"activation_url": ["activation", renewed.pk, 2]}
    assert services.activate(token_of(renewed), password=PASSWORD) == user


def test_renew_activation_gives_an_expired_link_a_new_term(activation, user):
    Activation.objects.update(expires_at=timezone.now())

    renewed = services.renew_activation(user, by=UserFactory())

    assert services.open_activation(token_of(renewed)).user == user


def test_renew_activation_refuses_who_has_a_password(activation, user):
    services.activate(token_of(activation), password=PASSWORD)

    with pytest.raises(services.ActivationUsed):
        services.renew_activation(user, by=UserFactory())
    assert not Message.objects.exists()


def test_the_mail_of_a_renewed_link_holds_no_token_in_the_database(activation, user):
    renewed = services.renew_activation(user, by=UserFactory())

    assert token_of(renewed) not in str(Message.objects.values())

"""Names, persons, and the link by which a person sets a first password."""

import secrets

import psycopg
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.services import record
from mail import private_links
from mail.services import TooMuchMail, next_slot

from . import elsewhere, emails, known_devices, limits
from .models import Activation, EmailChange, User, Username

EMAIL_CHANGE_DAYS = 3


class UsernameTaken(Exception):
    """Somebody has this name, or had it."""


class UsernameHeld(Exception):
    """This name is somebody's account, and stays theirs for ever."""


class ActivationUnknown(Exception):
    """No link like this was ever made, or a newer one replaced it."""


class ActivationUsed(Exception):
    """This person has a password already."""


class ActivationExpired(Exception):
    """The link was not used in time."""


class AddressBound(Exception):
    """This person signs in through an organisation, with an address in its mail domain."""


class AddressGuarded(Exception):
    """Who reads this person's mail can take an organisation over: one does not decide it."""


def reserve_username(name: str) -> Username:
    """Take a name for somebody who will get an account; one of two askers gets it."""
    try:
        with transaction.atomic():
            return Username.objects.create(name=name)
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.UniqueViolation):
            raise UsernameTaken(name) from None
        raise


@transaction.atomic
def release_username(username: Username) -> None:
    """Give back a name that never became an account."""
    username.refresh_from_db(from_queryset=Username.objects.select_for_update())
    if username.held_by_id:
        raise UsernameHeld(username.name)
    username.delete()


@transaction.atomic
def create_person(
    reservation: Username, *, name: str, email: str, phone: str = "", language: str
) -> User:
    """Make the account for which the name was reserved; it has no password yet."""
    reservation.refresh_from_db(from_queryset=Username.objects.select_for_update())
    if reservation.held_by_id:
        raise UsernameHeld(reservation.name)
    return User.objects.create_user(
        reservation.name,
        email,
        reservation=reservation,
        name=name,
        phone=phone,
        language=language,
    )


@transaction.atomic
def start_activation(user: User, *, by: User) -> Activation:
    """Make a person's first link. The caller mails it: ["activation", pk, link_version]."""
    activation = Activation(
        user=user, link_digest=secrets.token_hex(32)
    )  # opens nothing
    _make_link(activation)
    record("activation.started", subject=user, by=by)
    return activation


@transaction.atomic
def renew_activation(user: User, *, by: User | None) -> Activation:
    """Mail a person a new link; the one before it is worth nothing from now on."""
    activation = Activation.objects.select_for_update().get(user=user)
    if activation.used_at or user.has_usable_password():
        raise ActivationUsed(user.username)
    _make_link(activation)
    emails.activation_renewed(activation)
    record("activation.renewed", subject=user, by=by, version=activation.link_version)
    return activation


def _make_link(activation: Activation) -> None:
    activation.expires_at = private_links.end_of_day_in(settings.ACTIVATION_DAYS)
    if activation.pk is None:
        activation.save(force_insert=True)  # the token is made of the row's id
    private_links.renew("activation", activation)
    activation.save()


@sensitive_variables("password")
@transaction.atomic
def set_password(user: User, *, password: str, device_token: str) -> None:
    """Give a person another password; every session but the asking one ends (Django).

    No browser is known any more but the one in hand: whoever knew the password before
    guesses as a stranger from now on.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    known_devices.forget(user, but=device_token)
    record("account.password_changed", subject=user, by=user)


@transaction.atomic
def second_factor_changed(user: User, *, what: str) -> None:
    """A factor was added or taken away, or the recovery codes are new: tell its person.

    `what` is allauth's name for it.
    """
    record("account.second_factor_changed", subject=user, by=user, what=what)
    emails.second_factor_changed(user)


@transaction.atomic
def change_contact(user: User, *, name: str, phone: str, language: str) -> None:
    """A person corrects what we call them by, and in which language we write."""
    user.name, user.phone, user.language = name, phone, language
    user.save(update_fields=["name", "phone", "language"])
    record(
        "person.changed", subject=user, by=user, fields=["name", "phone", "language"]
    )


def change_language(user: User, language: str) -> None:
    """Of the pages, and of the mail that the person gets."""
    user.language = language
    user.save(update_fields=["language"])


@transaction.atomic
def change_username(user: User, name: str) -> None:
    """Take another name to sign in with; the one before stays theirs, for nobody else.

    Raises UsernameTaken. A name that was one's own before may be taken up again.
    """
    if user.username == name:
        return
    if not user.usernames.filter(name=name).exists():
        reservation = reserve_username(name)
        reservation.held_by = user
        reservation.save(update_fields=["held_by"])
    user.username = name
    user.save(update_fields=["username"])
    record("person.username_changed", subject=user, by=user)


@transaction.atomic
def ask_email_change(user: User, email: str) -> None:
    """Mail the address that a person wants a link; until it is used nothing changes.

    Raises TooMuchMail when this address had its share this hour: nobody confirmed it. Or
    AddressBound, when with it they would slip out of their organisation's own login.
    """
    limits.take(limits.EMAIL_CHANGE, user.pk)
    if not elsewhere.may_have_address(user, email):
        raise AddressBound
    if next_slot(email, template=emails.CONFIRM):
        raise TooMuchMail
    change = EmailChange.objects.select_for_update().filter(user=user).first()
    if change is None:
        change = EmailChange(user=user, link_digest=secrets.token_hex(32))
    change.email = email
    change.expires_at = private_links.end_of_day_in(EMAIL_CHANGE_DAYS)
    change.save()  # the token is made of the row's id
    private_links.renew("email_change", change)
    change.save()
    record("person.email_change_asked", subject=user, by=user)
    emails.confirm_email(change)


@sensitive_variables("token")
def open_email_change(
    token: str, *, among: models.QuerySet[EmailChange] | None = None
) -> EmailChange:
    """The change that a link belongs to; raises EmailChange.DoesNotExist."""
    rows = EmailChange.objects.all() if among is None else among
    in_time = rows.select_related("user").filter(expires_at__gt=timezone.now())
    change = in_time.get(link_digest=private_links.digest(token), user__is_active=True)
    if not elsewhere.may_have_address(change.user, change.email):
        raise EmailChange.DoesNotExist  # since it was asked
    return change


@sensitive_variables("token")
@transaction.atomic
def confirm_email_change(token: str) -> User:
    """The reader of the new mailbox says so: from now on it is theirs, and the old is told."""
    rows = EmailChange.objects.select_for_update(of=("self",))
    change = open_email_change(token, among=rows)
    change_email(change.user, change.email, by=change.user)
    return change.user


@transaction.atomic
def change_email(user: User, email: str, *, by: User) -> None:
    """Write to another address from now on: who reads the old one has no way in any more.

    An unused activation goes to the new address, the old one is told, and when somebody
    else does this (staff correct an address) every session ends. Raises AddressGuarded
    when that would hand an organisation to whoever reads the new address.
    """
    if by != user and is_guarded(user):
        raise AddressGuarded(user.username)
    # The links before their person, as whoever uses a link locks them.
    list(EmailChange.objects.select_for_update().filter(user=user))
    list(Activation.objects.select_for_update().filter(user=user))
    user.refresh_from_db(fields=["password"])
    was, user.email = user.email, email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    EmailChange.objects.filter(user=user).delete()
    if by != user:
        end_sessions(user)
    record("person.email_changed", subject=user, by=by)
    emails.email_changed(user, was=was)
    if user.has_usable_password():
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    elif Activation.objects.filter(user=user, used_at=None).exists():
        renew_activation(user, by=by)


def is_guarded(user: User) -> bool:
    """Whether one member of staff may not change this address: its reader runs an organisation.

    Two of them can let somebody else run it, who then has an account of their own.
    """
    return user.memberships.administrators().exists()


def may_end(user: User) -> bool:
    """Whether this account can end, or the database keeps it as a last administrator."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            User.objects.filter(pk=user.pk).update(is_active=False)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True


def sessions(user: User) -> list[UserSession]:
    """Where a person is signed in now, what was used last first."""
    open_now = UserSession.objects.purge_and_list(user)
    return sorted(open_now, key=lambda session: session.last_seen_at, reverse=True)


@transaction.atomic
def end_session(user: User, session_id: int) -> None:
    """Sign out on one device; raises UserSession.DoesNotExist for somebody else's."""
    UserSession.objects.get(pk=session_id, user=user).end()
    record("account.session_ended", subject=user, by=user)


@transaction.atomic
def close(user: User) -> None:
    """End an account for good: nobody signs in with it, and we forget how to reach them.

    Its name stays, because what they did stays; the username stays theirs for ever.
    """
    end_sessions(user)
    EmailAddress.objects.filter(user=user).delete()
    EmailChange.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.is_active, user.email, user.phone = False, "", ""
    user.set_unusable_password()
    user.save(update_fields=["is_active", "email", "phone", "password"])
    record("account.closed", subject=user, by=user)


def forget_reauthentication(user: User) -> None:
    """Have a person prove anew who they are before what matters, on every device."""
    for session in UserSession.objects.filter(user=user):
        store = SessionStore(session.session_key)
        forget_reauthentication_in(store)
        if store.modified:
            store.save(must_create=False)


def forget_reauthentication_in(session: SessionBase) -> None:
    """The same for one session; how the person signed in stays known."""
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    kept = [one for one in records if not one.get("reauthenticated")]
    if kept != records:
        session[AUTHENTICATION_METHODS_SESSION_KEY] = kept


@transaction.atomic
def end_other_sessions(user: User, *, session_key: str, device_token: str) -> None:
    """Sign out everywhere but here; what is signed in again elsewhere is new, and mailed."""
    for session in UserSession.objects.filter(user=user).exclude(
        session_key=session_key
    ):
        session.end()
    known_devices.forget(user, but=device_token)
    record("account.other_sessions_ended", subject=user, by=user)


def end_sessions(user: User) -> None:
    """Sign a person out everywhere, at once."""
    for session in UserSession.objects.filter(user=user):
        session.end()
    known_devices.forget(user)


@sensitive_variables("token")
def open_activation(
    token: str, *, among: models.QuerySet[Activation] | None = None
) -> Activation:
    """The activation that a link belongs to, if it can still be used; changes nothing."""
    rows = Activation.objects.all() if among is None else among
    digest = private_links.digest(token)
    activation = rows.select_related("user").filter(link_digest=digest).first()
    if not activation or not activation.user.is_active:
        raise ActivationUnknown
    if activation.used_at or activation.user.has_usable_password():
        raise ActivationUsed
    if activation.expires_at <= timezone.now():
        raise ActivationExpired
    return activation


@sensitive_variables("token", "password")
@transaction.atomic
def activate(token: str, *, password: str) -> User:
    """Set a person's first password; the link works once, however often it is clicked."""
    rows = Activation.objects.select_for_update(of=("self",))
    activation = open_activation(token, among=rows)
    activation.used_at = timezone.now()
    activation.save(update_fields=["used_at"])
    begin(activation.user, password=password)
    return activation.user


@sensitive_variables("password")
@transaction.atomic
def begin(user: User, *, password: str) -> None:
    """Give a person their first password; a link in a mail proved their address."""
    user.set_password(password)
    user.save(update_fields=["password"])
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    record("account.activated", subject=user, by=user)


@transaction.atomic
def take_second_factor(user: User, *, by: User | None) -> None:
    """Take away the second factor that a person lost: the password alone lets them in.

    Every session ends, and the person is mailed: whoever asked for this may be another.
    """
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    record("account.second_factor_taken", subject=user, by=by)
    emails.second_factor_taken(user, by=by)

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.searching import by_letters

USERNAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{2,29}$"


class Username(models.Model):
    """One name that is taken, for ever: reserved by an application, then held by a person.

    Only a reservation that never became somebody's account can be given back.
    """

    name = models.CharField(primary_key=True, max_length=30)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="usernames"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="username_looks_like_no_other",
                condition=Q(name__regex=USERNAME_PATTERN),
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="held_for_ever",
                operation=pgtrigger.Delete | pgtrigger.Update,
                condition=pgtrigger.Q(old__held_by__isnull=False),
            )
        ]

    def __str__(self):
        return self.name


class UserManager(BaseUserManager["User"]):
    @transaction.atomic
    def create_user(
        self, username, email, password=None, *, reservation=None, **fields
    ):
        """Create a person under a name that nobody held, or under their own reservation."""
        reservation = reservation or Username.objects.create(name=username)
        user = self.model(
            username=reservation.name, email=self.normalize_email(email), **fields
        )
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        reservation.held_by = user
        reservation.save(update_fields=["held_by"])
        return user

    def create_superuser(self, username, email, password=None, **fields):
        return self.create_user(
            username, email, password, is_staff=True, is_superuser=True, **fields
        )


class User(AbstractBaseUser, PermissionsMixin):
    """One person who signs in: a member of organisations, or one of the operator's staff."""

    username = models.CharField(
        _("gebruikersnaam"),
        max_length=30,
        unique=True,
        validators=[RegexValidator(USERNAME_PATTERN)],
    )
    name = models.CharField(_("naam"), max_length=200)
    email = models.EmailField(_("e-mailadres"))
    phone = models.CharField(_("telefoonnummer"), max_length=20, blank=True)
    language = models.CharField(
        _("taal"),
        max_length=5,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
    )
    is_staff = models.BooleanField(_("medewerker"), default=False)
    is_active = models.BooleanField(_("actief"), default=True)
    date_joined = models.DateTimeField(_("sinds"), auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("persoon")
        verbose_name_plural = _("personen")
        indexes = [
            by_letters(column, name=f"user_by_{column}")
            for column in ("username", "name", "email")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="username_is_held_by_this_user",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("username"),
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (SELECT 1 FROM accounts_username
                                   WHERE name = NEW.username AND held_by_id = NEW.id) THEN
                        RAISE EXCEPTION 'username % is not held by user %',
                            NEW.username, NEW.id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self):
        return self.name or self.username

    def get_full_name(self):
        return self.name or self.username


class Activation(models.Model):
    """The link by which one person sets a first password; one row, renewed in place."""

    user = models.OneToOneField(User, models.CASCADE, related_name="activation")
    link_version = models.PositiveIntegerField(default=0)
    link_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_("geldig tot"))
    used_at = models.DateTimeField(_("gebruikt"), null=True)

    class Meta:
        verbose_name = _("activering")
        verbose_name_plural = _("activeringen")
        permissions = [("renew_activation", "Kan een activeringslink opnieuw sturen")]

    def __str__(self):
        return self.user.username


class EmailChange(models.Model):
    """The address that a person wants, until its mailbox was read; one row a person."""

    user = models.OneToOneField(User, models.CASCADE, related_name="email_change")
    email = models.EmailField(_("nieuw e-mailadres"))
    link_version = models.PositiveIntegerField(default=0)
    link_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_("geldig tot"))

    def __str__(self):
        return self.email


class KnownDevice(models.Model):
    """A browser by which one person is known; its cookie holds the token of the digest."""

    user = models.ForeignKey(User, models.CASCADE, related_name="known_devices")
    digest = models.CharField(max_length=64)
    user_agent = models.CharField(max_length=200)
    first_used_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)  # null: it has yet to sign in

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_row_a_person_and_browser", fields=["user", "digest"]
            )
        ]

    def __str__(self):
        return self.user_agent


class Tries(models.Model):
    """How often one thing was tried in its present span; only limits.py writes it."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    def __str__(self):
        return f"{self.count} until {self.until}"


class ResetRequest(models.Model):
    """The address that somebody typed who forgot a password, until the worker read it."""

    email = models.EmailField()
    asked_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return str(self.pk)


class RightsReview(models.Model):
    """What one of staff signed: who may what in `/beheer/`, as it stood that day."""

    quarter = models.DateField(_("kwartaal"))  # its first day
    seen = models.JSONField(  # as reviewing.Line says it
        _("wat er stond"), encoder=DjangoJSONEncoder
    )
    remark = models.TextField(_("opmerking"), blank=True)
    signed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("getekend door")
    )
    signed_at = models.DateTimeField(_("getekend"), auto_now_add=True)

    class Meta:
        verbose_name = _("controle van rechten")
        verbose_name_plural = _("controles van rechten")
        ordering = ["-signed_at"]
        permissions = [("review_rights", "Kan rechten controleren en afnemen")]
        constraints = [
            models.UniqueConstraint(
                name="one_review_a_person_and_quarter", fields=["quarter", "signed_by"]
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="signed_for_ever", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self):
        return f"{self.quarter:%Y}-{(self.quarter.month + 2) // 3}"

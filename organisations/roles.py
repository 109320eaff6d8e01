"""Who may do what within an organisation: the one table that pages and views ask."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    DEVELOPER = "developer", _("Ontwikkelaar")


class Permission(models.TextChoices):
    ORGANISATION_VIEW = "organisation_view"
    ORGANISATION_MANAGE = "organisation_manage"
    KEYS_REVEAL = "keys_reveal"
    KEYS_MANAGE = "keys_manage"


PERMISSIONS = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.DEVELOPER: frozenset({Permission.ORGANISATION_VIEW, Permission.KEYS_REVEAL}),
}

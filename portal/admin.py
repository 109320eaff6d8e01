from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(admin.AdminSite):
    """Where staff work; they sign in on the same page as everybody, with a second factor."""

    site_title = settings.OPERATOR_NAME
    site_header = _("Beheer van het portaal")
    index_title = _("Werk")

    login = secure_admin_login(admin.AdminSite.login)

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(admin.AdminSite):
    """Where staff work; they sign in on the same page as everybody, with a second factor."""

    site_title = settings.OPERATOR_NAME
    site_header = _("Beheer van het portaal")
    index_title = _("Werk")

    @method_decorator([login_not_required, secure_admin_login])
    def login(self, request, extra_context=None):
        """There is no form here: it would know no second factor, and count no guesses."""
        return redirect("admin:index")

    def index(self, request, extra_context=None):
        """What waits for this person, before the list of everything."""
        from .desk import desk  # models are there by the time that somebody looks

        context = {**desk(request.user), **(extra_context or {})}
        return super().index(request, extra_context=context)

    def password_change(self, request, extra_context=None):
        """On the page that everybody has, with its limits."""
        return redirect("account_change_password")

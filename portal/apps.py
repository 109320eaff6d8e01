from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self):
        from organisations import staff_page

        from . import organisation_page

        staff_page.makers.append(organisation_page.sections)


class PortalAdminConfig(AdminConfig):
    default_site = "portal.admin.PortalAdminSite"

    def ready(self):
        """Take back what nobody may edit by hand: addresses, second factors and links."""
        super().ready()
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
        from django.contrib import admin

        ours_to_keep = [
            EmailAddress,
            Authenticator,
            SocialAccount,
            SocialApp,
            SocialToken,
        ]
        admin.site.unregister(ours_to_keep)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Personen")

    def ready(self):
        from mail import private_links

        from . import resets

        private_links.MADE_ELSEWHERE["password_reset"] = resets.path

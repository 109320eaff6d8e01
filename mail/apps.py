from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = _("Mail")

    def ready(self):
        from anymail.signals import tracking

        from .bounces import heard

        tracking.connect(heard, dispatch_uid="mail.bounces")  # anymail has no other way

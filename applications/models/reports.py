"""What the operator's reports hang on in the admin: a right, and a place in its menu."""

from django.utils.translation import gettext_lazy as _

from .applications import Application


class Report(Application):
    """Figures about applications and use; it has no rows of its own (see reports.py)."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("rapport")
        verbose_name_plural = _("rapporten")

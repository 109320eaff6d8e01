from django import forms
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from .roles import Role


class FindUsersForm(forms.Form):
    """What an administrator looks for in a long list; anything odd means: all."""

    SORTS = {
        "name": ["user__name", "pk"],
        "since": ["-since", "pk"],
        "last_login": [F("user__last_login").desc(nulls_last=True), "pk"],
    }

    q = forms.CharField(
        label=_("Zoek op naam, gebruikersnaam of e-mailadres"),
        required=False,
        max_length=100,
    )
    role = forms.ChoiceField(
        label=_("Rol"), required=False, choices=[("", _("Alle rollen")), *Role.choices]
    )
    sort = forms.ChoiceField(
        label=_("Volgorde"),
        required=False,
        choices=[
            ("name", _("Naam")),
            ("since", _("Nieuwste eerst")),
            ("last_login", _("Laatst ingelogd eerst")),
        ],
    )

    def choose(self, memberships):
        """Those of `memberships` that were asked for, in the order that was asked for."""
        self.is_valid()
        asked = self.cleaned_data
        if asked.get("q"):
            memberships = memberships.found(asked["q"])
        if asked.get("role"):
            memberships = memberships.filter(role=asked["role"])
        return memberships.order_by(*self.SORTS[asked.get("sort") or "name"])


class RoleForm(forms.Form):
    use_required_attribute = False
    role = forms.ChoiceField(
        label=_("Rol"),
        choices=Role,
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies een rol.")},
    )

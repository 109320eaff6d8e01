"""What staff fill in to help an organisation that cannot help itself."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import EmailField
from accounts.models import User

from .models import Intervention
from .roles import Role
from .services import blocking, intervening
from .services.locking import OrganisationMerged

Kind = Intervention.Kind


class ProposeForm(forms.Form):
    """Why, and how we know: the same for each kind of help."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Reden"),
        help_text=_("Iedereen in de organisatie leest dit."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Leg uit waarom dit nodig is.")},
    )
    checked = forms.CharField(
        label=_("Hoe is nagegaan dat dit mag?"),
        help_text=_("Wie is gebeld, op welk nummer, welk stuk is gezien. Geen BSN."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Leg vast hoe dit is nagegaan.")},
    )

    def __init__(self, organisation, **options):
        super().__init__(**options)
        self.organisation = organisation

    def people(self, **which):
        """Members of this organisation and of no other, by name."""
        members = User.objects.filter(
            memberships__organisation=self.organisation, is_active=True
        )
        chosen = self.organisation.memberships.filter(**which).values("user")
        return members.filter(pk__in=chosen).distinct().order_by("name")


class AppointForm(ProposeForm):
    user = forms.ModelChoiceField(
        User.objects.none(), label=_("Wie wordt administrator?"), required=False,
        empty_label=_("Nog geen lid"),
    )  # fmt: skip
    email = EmailField(
        label=_("E-mailadres, als diegene nog geen lid is"), required=False
    )
    replaces = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Wie is geen administrator meer?"),
        help_text=_("Alleen als een lid het overneemt. Diegene wordt ontwikkelaar."),
        required=False,
        empty_label=_("Niemand"),
    )
    field_order = ["user", "email", "replaces"]

    def __init__(self, organisation, **options):
        super().__init__(organisation, **options)
        self.fields["user"].queryset = self.people(role=Role.DEVELOPER)
        self.fields["replaces"].queryset = self.people(role=Role.ADMINISTRATOR)

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        if bool(data["user"]) == bool(data["email"]):
            self.add_error("user", _("Kies een lid, of vul een e-mailadres in."))
        if data["email"] and data["replaces"]:
            text = _("Dat kan pas als de nieuwe administrator lid is.")
            self.add_error("replaces", text)
        if self.people(user__email__iexact=data["email"] or "-").exists():
            self.add_error("email", _("Dit is een lid. Kies het lid in de lijst."))
        return data


class EndSecondFactorForm(ProposeForm):
    user = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Van wie?"),
        error_messages={"required": _("Kies een lid.")},
    )
    field_order = ["user"]

    def __init__(self, organisation, **options):
        super().__init__(organisation, **options)
        self.fields["user"].queryset = self.people(
            user__authenticator__isnull=False, user__is_staff=False
        )


class LookForm(forms.Form):
    use_required_attribute = False

    role = forms.ChoiceField(
        label=_("Meekijken als"), choices=Role, initial=Role.ADMINISTRATOR
    )
    reason = forms.CharField(
        label=_("Reden"),
        help_text=_(
            "De administrators van de organisatie lezen dit in hun activiteit."
        ),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Leg uit waarom dit nodig is.")},
    )


class ReasonForm(forms.Form):
    """Why, in words that the organisation reads."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Reden"),
        help_text=_("De administrators van de organisatie krijgen dit te lezen."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Geef een reden.")},
    )


FORMS = {Kind.APPOINT: AppointForm, Kind.SECOND_FACTOR: EndSecondFactorForm}

EXPLANATION = _(
    "De organisatie krijgt hiervan meteen een mail. Een andere medewerker moet het"
    " goedkeuren. Daarna is er tijd om bezwaar te maken."
)
REFUSALS = {
    intervening.SamePerson: _(
        "Jij hebt dit voorgesteld. Een ander moet het goedkeuren."
    ),
    intervening.OwnInterest: _(
        "Je hoort bij deze organisatie, of het gaat over jezelf. Een ander moet dit doen."
    ),
    intervening.AlreadyProposed: _("Dit is al voorgesteld."),
    intervening.AlreadyApproved: _("Een ander heeft dit al goedgekeurd."),
    intervening.InterventionEnded: _("Dit is al afgelopen."),
    intervening.WithoutTerm: _("Een samenvoeging keur je goed op haar eigen pagina."),
    OrganisationMerged: _("Deze organisatie is samengevoegd met een andere."),
    blocking.AlreadyBlocked: _("Een collega heeft deze organisatie al geblokkeerd."),
    blocking.NotBlocked: _("Een collega heeft de blokkade al opgeheven."),
}

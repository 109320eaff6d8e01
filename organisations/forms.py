import re

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.db.models import F
from django.utils.translation import get_language_info, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    USERNAME_HELP,
    USERNAME_REQUIRED,
    EmailField,
    PersonNameField,
    UsernameField,
)
from accounts.models import User

from .activity import TOPICS
from .fields import PhoneField
from .roles import Role


class FindUsersForm(forms.Form):
    """What an administrator looks for in a long list; anything odd means: all."""

    searches = True

    SORTS = {  # as in the address; a minus turns it round
        "name": ["user__name"],
        "role": ["role"],
        "since": ["since"],
        "last_login": [F("user__last_login").asc(nulls_first=True)],
        "second_factor": ["has_second_factor"],
    }

    q = forms.CharField(
        label=_("Zoek op naam, gebruikersnaam of e-mailadres"),
        required=False,
        max_length=100,
    )
    role = forms.ChoiceField(
        label=_("Rol"), required=False, choices=[("", _("Alle rollen")), *Role.choices]
    )
    second_factor = forms.ChoiceField(
        label=_("Tweede stap"),
        required=False,
        choices=[
            ("", _("Aan of uit")),
            ("on", pgettext_lazy("switch", "Aan")),
            ("off", _("Uit")),
        ],
    )
    sort = forms.ChoiceField(
        required=False,
        choices=[(sign + name, name) for name in SORTS for sign in ("", "-")],
        widget=forms.HiddenInput,
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.is_valid()
        self.asked = self.cleaned_data
        self.order = self.asked.get("sort") or "name"

    def choose(self, memberships):
        """Those of `memberships` that were asked for, in the order that was asked for."""
        if self.asked.get("q"):
            memberships = memberships.found(self.asked["q"])
        if self.asked.get("role"):
            memberships = memberships.filter(role=self.asked["role"])
        if factor := self.asked.get("second_factor"):
            memberships = memberships.filter(has_second_factor=factor == "on")
        ordered = memberships.order_by(
            *self.SORTS[self.order.lstrip("-")], "user__name", "pk"
        )
        return ordered.reverse() if self.order.startswith("-") else ordered

    def choose_invitations(self, invitations):
        """The same for who was asked to join; a second factor they cannot have yet."""
        if self.asked.get("q"):
            invitations = invitations.found(self.asked["q"])
        if self.asked.get("role"):
            invitations = invitations.filter(role=self.asked["role"])
        return invitations


class RoleForm(forms.Form):
    """Carries the role that was seen, so that a colleague's change is not undone unseen."""

    use_required_attribute = False
    seen = forms.ChoiceField(choices=Role, widget=forms.HiddenInput)
    role = forms.ChoiceField(
        label=_("Rol"),
        choices=Role,
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies een rol.")},
    )


class SecondFactorForm(forms.Form):
    """From which day everybody needs a second factor; `seen` is the day that was shown."""

    use_required_attribute = False
    seen = forms.DateField(required=False, widget=forms.HiddenInput)
    day = forms.DateField(
        label=_("Verplicht vanaf"),
        help_text=_("Geef iedereen de tijd om het in te stellen."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": _("Kies een datum."),
            "invalid": _("Dit is geen datum. Zo wel: 31-12-2026."),
        },
    )


class InviteForm(forms.Form):
    """A pasted list: each line is judged on its own, and only the wrong ones stay."""

    MOST = 100  # addresses at once
    use_required_attribute = False

    addresses = forms.CharField(
        label=_("E-mailadressen"),
        help_text=_("Eén per regel. Plakken uit een lijst mag."),
        max_length=30_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        error_messages={"required": _("Vul minstens één e-mailadres in.")},
    )
    role = forms.ChoiceField(
        label=_("Rol"),
        choices=Role,
        initial=Role.DEVELOPER,
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies een rol.")},
    )

    def clean_addresses(self):
        """The good addresses, each once; `wrong` keeps the other lines."""
        good = {}
        self.wrong = []
        for line in re.split(r"[\n,;]+", self.cleaned_data["addresses"]):
            if not (typed := line.strip()):
                continue
            named = re.fullmatch(r"[^<>]*<([^<>]+)>", typed)  # Jan <jan@example.nl>
            try:
                address = EmailField().clean(named[1] if named else typed)
            except forms.ValidationError:
                self.wrong.append(typed)
            else:
                good.setdefault(address.lower(), address)
        if len(good) > self.MOST:
            most = _("Nodig er hoogstens %(most)s tegelijk uit.")
            raise forms.ValidationError(most, params={"most": self.MOST})
        if not good:
            raise forms.ValidationError([self._wrong(typed) for typed in self.wrong])
        return list(good.values())

    def rest(self):
        """The same form, with only the lines that are wrong."""
        form = InviteForm(
            {"addresses": "\n".join(self.wrong), "role": self.cleaned_data["role"]}
        )
        form.is_valid()
        return form

    @staticmethod
    def _wrong(typed):
        return forms.ValidationError(
            _("“%(typed)s” is geen e-mailadres. Zo wel: naam@organisatie.nl."),
            params={"typed": typed[:100]},
        )


class SecondAdministratorForm(forms.Form):
    """Whom a first administrator asks, so that the organisation never has just one."""

    use_required_attribute = False

    email = EmailField(
        label=_("E-mailadres van je collega"),
        error_messages={"required": _("Vul een e-mailadres in, of kies Later.")},
    )


class AskForm(forms.Form):
    """Why somebody wants to become administrator; every member reads it."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Waarom wil je administrator worden?"),
        help_text=_("Alle leden van je organisatie lezen dit."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Leg uit waarom je administrator wilt worden.")},
    )


class AnswerRequestForm(forms.Form):
    use_required_attribute = False

    decision = forms.ChoiceField(
        label=_("Wat vind je?"),
        choices=[
            ("grant", _("Akkoord: maak meteen administrator")),
            ("refuse", _("Bezwaar: dit gaat niet door")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies akkoord of bezwaar.")},
    )
    answer = forms.CharField(
        label=_("Uitleg bij je bezwaar"),
        help_text=_("Verplicht als je bezwaar maakt. De vrager leest dit."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self):
        data = super().clean()
        if data.get("decision") == "refuse" and not data.get("answer"):
            self.add_error("answer", _("Leg uit waarom je bezwaar maakt."))
        return data


class JoinForm(forms.Form):
    """A new account, to join an organisation with."""

    use_required_attribute = False

    name = PersonNameField(error_messages={"required": _("Vul je naam in.")})
    username = UsernameField(
        help_text=USERNAME_HELP, error_messages={"required": USERNAME_REQUIRED}
    )
    password = forms.CharField(
        label=_("Wachtwoord"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Kies een wachtwoord.")},
    )

    def __init__(self, *args, invitation, **options):
        super().__init__(*args, **options)
        self.invitation = invitation
        texts = password_validation.password_validators_help_texts()[:2]
        self.fields["password"].help_text = " ".join(texts)

    def clean(self):
        data = super().clean()
        if data.get("password"):
            names = f"{data.get('name', '')} {self.invitation.organisation.name}"
            somebody = User(
                username=data.get("username", ""),
                name=names,  # neither of the two may be the password
                email=self.invitation.email,
            )
            try:
                password_validation.validate_password(data["password"], somebody)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class ContactForm(forms.Form):
    """How we call a person, and in which language."""

    use_required_attribute = False

    name = PersonNameField(error_messages={"required": _("Vul je naam in.")})
    phone = PhoneField(label=_("Telefoonnummer"), required=False)
    language = forms.ChoiceField(
        label=_("Taal"),
        help_text=_("Van de pagina's en van de mails die je krijgt."),
        choices=[  # each by its own name: who cannot read this page has to find it
            (code, get_language_info(code)["name_local"].capitalize())
            for code, _name in settings.LANGUAGES
        ],
        widget=forms.RadioSelect,
    )


class UsernameForm(forms.Form):
    use_required_attribute = False

    username = UsernameField(
        help_text=USERNAME_HELP, error_messages={"required": USERNAME_REQUIRED}
    )


class EmailChangeForm(forms.Form):
    use_required_attribute = False

    email = EmailField(
        label=_("Nieuw e-mailadres"),
        help_text=_("Hier sturen we een link heen waarmee je het adres bevestigt."),
        error_messages={"required": _("Vul een e-mailadres in.")},
    )


class FindActivityForm(forms.Form):
    """What an administrator looks for in what happened; anything odd means: all."""

    searches = True

    topic = forms.ChoiceField(
        label=_("Waarover"), required=False, choices=[("", _("Alles")), *TOPICS]
    )
    person = forms.ChoiceField(label=_("Wie"), required=False)

    def __init__(self, *args, people, **options):
        super().__init__(*args, **options)
        named = [(str(person.pk), str(person)) for person in people]
        self.fields["person"].choices = [("", _("Iedereen")), *named]

    def chosen(self):
        """What activity.events() takes."""
        self.is_valid()
        person = self.cleaned_data.get("person")
        return {
            "topic": self.cleaned_data.get("topic") or "",
            "person": int(person) if person else None,
        }

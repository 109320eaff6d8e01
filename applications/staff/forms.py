"""What each act needs to know."""

from django import forms
from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.fields import EmailField, LineField
from accounts.models import User
from organisations.fields import KvkNumberField
from organisations.models import Organisation

from ..forms import SignedFileForm
from ..models import Application, Ground, ReplyTemplate
from ..services import checking, checklists, colleagues, correcting, handling
from ..steps import steps_of
from ..summary import answer, question


class ActForm(forms.Form):
    """What an act needs to know; without fields it only asks for confirmation."""

    use_required_attribute = False
    existing: Organisation | None = None  # the customer that it may be joined to

    def __init__(self, application, **options):
        self.application = application
        super().__init__(**options)


class Replies(ActForm):
    """With a reason, for which a text that is written often can be taken."""

    use: ReplyTemplate.Use

    def __init__(self, application, **options):
        super().__init__(application, **options)
        offered = ReplyTemplate.objects.filter(use=self.use, in_use=True)
        self.fields["reply"] = forms.ModelChoiceField(
            offered, label=_("Standaardantwoord"), required=False
        )
        if not offered:
            del self.fields["reply"]
        else:
            self.order_fields([n for n in self.fields if n not in ("reply", "reason")])
            self.order_fields([*list(self.fields)[:-2], "reply", "reason"])

    @classmethod
    def with_reply(cls, application, post):
        """The form as it was being filled in, with the chosen text below the reason."""
        form = cls(application)
        chosen = form.fields["reply"].queryset.filter(pk=_number(post.get("reply")))
        texts = [post.get("reason", "").strip()]
        texts += [reply.filled_in(application) for reply in chosen]
        return cls(
            application,
            initial={
                **{name: post.get(name) for name in form.fields},
                "fields_asked": post.getlist("fields_asked"),
                "reason": "\n\n".join(text for text in texts if text),
            },
        )


def _number(text):
    return int(text) if str(text).isdecimal() and len(text) < 10 else None


class RequestChangesForm(Replies):
    use = ReplyTemplate.Use.CHANGES

    fields_asked = forms.MultipleChoiceField(
        label=_("Wat moet de aanvrager aanvullen?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Kies minstens één gegeven.")},
    )
    reason = forms.CharField(
        label=_("Waarom?"),
        help_text=_("De aanvrager leest dit in de mail en op de eigen pagina."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Leg uit wat er moet gebeuren.")},
    )

    def __init__(self, application, **options):
        super().__init__(application, **options)
        self.fields["fields_asked"].choices = [
            (
                step.title,
                [(name, as_answered(application, name)) for name in step.names()],
            )
            for step in steps_of(application)
        ]


def as_answered(application, name):
    """“Bezoekadres: Plaats (nu: Lollum)”."""
    answered = answer(name, application.answers)
    now = _(" (nu: %(answer)s)") % {"answer": answered} if answered else ""
    return f"{question(name)}{now}"


class ReasonForm(Replies):
    reason = forms.CharField(
        label=_("Reden"),
        help_text=_("De aanvrager leest dit in de mail en op de eigen pagina."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("Geef een reden: de aanvrager krijgt die te lezen.")
        },
    )


class RejectForm(ReasonForm):
    use = ReplyTemplate.Use.REJECT

    def __init__(self, application, **options):
        super().__init__(application, **options)
        if "reply" in self.fields:
            self.fields["reply"].help_text = _(
                "Onder deze naam telt het rapport de afwijzing. Kies niets als je zelf een"
                " andere reden geeft."
            )


class SignAgainForm(ReasonForm):
    use = ReplyTemplate.Use.AGAIN


class RegisterReturnForm(ActForm, SignedFileForm):
    contract = forms.FileField(
        label=_("Scan van de ondertekende overeenkomst (pdf)"), required=False
    )

    def clean_contract(self):
        if not self.cleaned_data["contract"]:
            return None
        return self.inspected("contract")


class ApproveForm(ActForm):
    def __init__(self, application, **options):
        super().__init__(application, **options)
        self.existing = handling.existing_organisation(application)
        if self.existing and not application.customer:
            self.fields["join"] = forms.BooleanField(
                label=_(
                    "Voeg de aanvraag toe aan de bestaande klant %(name)s (%(code)s)"
                )
                % {"name": self.existing, "code": self.existing.slug},
                help_text=_(
                    "De nieuwe administrator kan dan alles van deze klant zien en"
                    " wijzigen. De administrators van nu krijgen er een mail over."
                ),
                error_messages={
                    "required": _(
                        "Er is al een klant met dit KVK-nummer. Kies die, of vraag intake"
                        " de aanvraag af te wijzen."
                    )
                },
            )


class AssignForm(ActForm):
    colleague = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Collega"),
        error_messages={"required": _("Kies een collega.")},
    )

    def __init__(self, application, **options):
        super().__init__(application, **options)
        self.fields["colleague"].queryset = colleagues.may("assign")
        self.fields["colleague"].label_from_instance = _by_name


def _by_name(person):
    return f"{person.name} ({person.username})"


class NoteForm(ActForm):
    text = forms.CharField(
        label=_("Notitie"),
        help_text=_(
            "Met @gebruikersnaam krijgt een collega een mail. Schrijf niets op wat de"
            " aanvrager niet mag weten: wie erom vraagt, krijgt inzage."
        ),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Schrijf een notitie.")},
    )


class SigningForm(ActForm):
    ground = forms.ChoiceField(
        label=_("Waarom mag deze persoon tekenen?"),
        choices=Ground,
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies waarom.")},
    )
    explanation = forms.CharField(
        label=_("Toelichting"),
        help_text=_("Welk stuk je zag, en van welke datum. Geen BSN."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, application, **options):
        super().__init__(application, **options)
        names = _(" en ").join(checking.signatories(application))
        asked = _("Waarom mag %(who)s tekenen?") % {"who": names}
        self.fields["ground"].label = asked

    def clean(self):
        data = super().clean()
        if data.get("ground") == Ground.POWER and not data.get("explanation"):
            self.add_error("explanation", _("Schrijf op welke volmacht je zag."))
        return data


class CorrectForm(ActForm):
    field = forms.ChoiceField(
        label=_("Wat is verkeerd getypt?"),
        error_messages={"required": _("Kies een gegeven.")},
    )
    value = forms.CharField(
        label=_("Wat moet er staan?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Vul in wat er moet staan.")},
    )
    reason = forms.CharField(
        label=_("Waarom?"),
        help_text=_("De aanvrager leest dit in de mail."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Leg uit waarom je dit verbetert.")},
    )

    def __init__(self, application, **options):
        super().__init__(application, **options)
        groups = [
            (step.title, [(name, as_answered(application, name)) for name in names])
            for step, names in correcting.correctable(application)
            if names
        ]
        self.fields["field"].choices = [("", _("Kies een gegeven")), *groups]

    def clean(self):
        data = super().clean()
        if not self.errors:
            try:
                correcting.checked(self.application, data["field"], data["value"])
            except correcting.NotACorrection as refused:
                self.add_error("value", refused.messages)
        return data


class ChecklistForm(ActForm):
    items = forms.TypedMultipleChoiceField(
        label=_("Wat heb je nagekeken?"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, application, **options):
        super().__init__(application, **options)
        lines = checklists.checklist(application)
        self.fields["items"].choices = [(one.item.pk, _line(one)) for one in lines]
        ticked = [one.item.pk for one in lines if one.tick]
        self.initial = {"items": ticked, "seen": ",".join(map(str, ticked))}

    def clean_seen(self):
        numbers = self.cleaned_data["seen"].split(",")
        return [int(one) for one in numbers if one.isdecimal() and len(one) < 19]


def _line(line):
    """“Het adres klopt (Inge Intake, 5 mei 2026 12.00)”."""
    if not line.tick:
        return str(line.item)
    at = date_format(localtime(line.tick.at), "DATETIME_FORMAT")
    return f"{line.item} ({line.tick.by.name}, {at})"


class BeginForm(forms.Form):
    """What a caller says; the rest is the applicant's."""

    use_required_attribute = False

    name = LineField(
        label=_("Naam van de organisatie"),
        error_messages={"required": _("Vul de naam van de organisatie in.")},
    )
    kvk_number = KvkNumberField(label=_("KVK-nummer"))
    email = EmailField(
        label=_("E-mailadres van de beller"),
        help_text=_("Hier gaat de link heen waarmee de beller de aanvraag afmaakt."),
        error_messages={"required": _("Vul een e-mailadres in.")},
    )
    language = forms.ChoiceField(
        label=_("Taal van de mail"), choices=settings.LANGUAGES, initial="nl"
    )
    anyway = forms.BooleanField(
        label=_("Ook beginnen als er al een aanvraag loopt"), required=False
    )

    def clean(self):
        data = super().clean()
        number = data.get("kvk_number")
        if number and not data.get("anyway"):
            running = Application.objects.running().filter(kvk_number=number)
            if found := [one.reference for one in running[:5]]:
                said = _("Voor dit KVK-nummer loopt al: %s.") % ", ".join(found)
                self.add_error("kvk_number", said)
        return data

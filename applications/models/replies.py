import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from .applications import Application

BLANK = re.compile(r"{([^{}]*)}")
FILLED = {  # what a text may ask for, and where that stands
    "contactpersoon": "contact_name",
    "organisatie": "organisation_name",
    "kenmerk": "reference",
    "kvk_nummer": "kvk_number",
}


def only_known_blanks(text: str) -> None:
    """A blank that we cannot fill would reach the applicant."""
    unknown = [name for name in BLANK.findall(text) if name not in FILLED]
    if unknown or "{" in BLANK.sub("", text) or "}" in BLANK.sub("", text):
        known = ", ".join("{" + name + "}" for name in FILLED)
        raise ValidationError(_("Tussen accolades kan alleen: %s.") % known)


class ReplyTemplate(models.Model):
    """A text that staff write often, for the reason of one act."""

    class Use(models.TextChoices):
        CHANGES = "aanvulling-vragen", _("Aanvulling vragen")
        AGAIN = "opnieuw-laten-ondertekenen", _("Opnieuw laten ondertekenen")
        REJECT = "afwijzen", _("Afwijzen")

    name = models.CharField(_("naam"), max_length=80)
    use = models.CharField(_("waarvoor"), max_length=40, choices=Use)
    text_nl = models.TextField(
        _("tekst in het Nederlands"),
        max_length=2000,
        validators=[only_known_blanks],
        help_text=_(
            "Wordt ingevuld: {contactpersoon}, {organisatie}, {kenmerk}, {kvk_nummer}."
        ),
    )
    text_en = models.TextField(
        _("tekst in het Engels"), max_length=2000, validators=[only_known_blanks]
    )
    in_use = models.BooleanField(_("in gebruik"), default=True)

    class Meta:
        verbose_name = _("standaardantwoord")
        verbose_name_plural = _("standaardantwoorden")
        ordering = ["use", "name"]
        constraints = [
            models.UniqueConstraint(name="reply_name_is_one", fields=["use", "name"])
        ]

    def __str__(self):
        return self.name

    def filled_in(self, application: Application) -> str:
        """The text in the applicant's language; what is filled in is text and no more."""
        text = self.text_en if application.language == "en" else self.text_nl
        return BLANK.sub(
            lambda blank: str(
                getattr(application, FILLED.get(blank[1], ""), "") or "—"
            ),
            text,
        )

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

from apikeys import words

register = template.Library()
register.filter("euro", words.euro)

CLASSES = {  # by Widget.input_type; what is not named here needs no class
    "textarea": "utrecht-textarea utrecht-textarea--html-textarea",
    "select": "utrecht-select utrecht-select--html-select",
    "checkbox": "",
    "radio": "",
    "file": "",
}
TEXTBOX = "utrecht-textbox utrecht-textbox--html-input"


def _kind(field: BoundField) -> str:
    return getattr(field.field.widget, "input_type", field.widget_type)


@register.filter
def kind(field: BoundField) -> str:
    """Which control a field is: text, email, textarea, select, radio, checkbox, file, …"""
    return _kind(field)


@register.filter
def is_optional(field: BoundField) -> bool:
    """Whether the label says so. A question that only some people see is aria-required.

    It goes without saying where all is optional, as in a search, or where leaving it is
    an answer too.
    """
    searches = getattr(field.form, "searches", False)
    if searches or getattr(field.field, "empty_is_an_answer", False):
        return False
    return not field.field.required and "aria-required" not in field.field.widget.attrs


@register.filter
def first_control(field: BoundField) -> str:
    """The id to which the error summary links: of a group, its first option."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The field's widget in our look, with the attributes that its form gave it."""
    look = CLASSES.get(_kind(field), TEXTBOX)
    if field.errors and look:
        look += f" {look.split()[0]}--invalid"
    given = field.field.widget.attrs
    attrs = {"class": f"{look} {given.get('class', '')}".strip() or False}
    if given.get("placeholder") == field.label:
        attrs["placeholder"] = False  # says nothing that the label does not
    return field.as_widget(attrs=attrs)

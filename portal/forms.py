from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Renders every form, field and error list with the components of our own look."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

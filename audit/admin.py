from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from .models import Event


class StaffAdmin(admin.ModelAdmin):
    """Filters by what is offered and nothing else: an address that asks whether a field
    begins with some letter would spell out a password's digest.
    """

    def lookup_allowed(self, lookup, value, request):
        offered = {
            each[0]
            if isinstance(each, tuple)
            else getattr(each, "parameter_name", each)
            for each in self.get_list_filter(request)
        }
        return lookup.partition("__")[0] in offered


class ReadOnlyAdmin(StaffAdmin):
    """Looking is allowed by the view permission; nothing is added, changed or deleted."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened, to read back; the database refuses every change."""

    list_display = ["at", "kind", "who", "subject", "organisation"]
    list_filter = ["kind", "at"]
    list_select_related = ["by", "organisation"]
    search_fields = ["=subject_id", "by__username", "organisation__name"]
    search_help_text = _(
        "Zoek op nummer van het onderwerp, gebruikersnaam of organisatie."
    )
    list_per_page = 50
    fields = [
        "at",
        "kind",
        "who",
        "subject",
        "organisation",
        "data",
        "previous_hash",
        "hash",
    ]

    @admin.display(description=_("wie"), ordering="by")
    def who(self, event):
        return event.by or _("niemand van ons, of het portaal zelf")

    @admin.display(description=_("onderwerp"))
    def subject(self, event):
        return f"{event.subject_type} {event.subject_id}"

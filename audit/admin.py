from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from .models import Event


def needs(permission: str) -> Callable[[Callable], Callable]:
    """Admit staff holding `permission` to a page that Django's admin does not have."""

    def decorate(page: Callable) -> Callable:
        @wraps(page)
        def guarded(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return page(self, request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


class AtMost(Paginator):
    """Counts no further than anybody turns pages: the rest is for a filter or a search."""

    MOST = 1_000
    FOUND = 250  # by a search: another word is quicker; and more than one page may show

    most = MOST

    @cached_property
    def count(self):
        return self.object_list.order_by()[: self.most].count()

    def counted(self):
        """The count in words, which say so where there may be more."""
        if self.count == self.most:
            return _("%s of meer") % self.most
        return str(self.count)


class StaffAdmin(admin.ModelAdmin):
    """Filters by what is offered and nothing else: an address that asks whether a field
    begins with some letter would spell out a password's digest. No list counts all.
    What a row leads to is a link for who may open that, and its name for others.
    """

    list_per_page = 50
    list_max_show_all = 200  # fewer than AtMost counts to
    paginator = AtMost
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count of everything for each choice

    def get_paginator(self, request, *args, **kwargs):
        pages = super().get_paginator(request, *args, **kwargs)
        if request.GET.get(SEARCH_VAR):
            pages.most = AtMost.FOUND
        return pages

    def also_found(self, words):
        """Rows of which something elsewhere has these words in it, as keys; None: nothing."""
        return

    def get_search_results(self, request, queryset, search_term):
        """By a union of keys: a join would repeat rows, and read all that it joins."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        others = self.also_found(search_term) if search_term else None
        if others is None:
            return found, may_repeat
        keys = found.order_by().values("pk").union(others)
        return queryset.filter(pk__in=keys), False

    def lookup_allowed(self, lookup, value, request):
        offered = {
            each[0]
            if isinstance(each, tuple)
            else getattr(each, "parameter_name", each)
            for each in self.get_list_filter(request)
        }
        return lookup.partition("__")[0] in offered

    def get_readonly_fields(self, request, obj=None):
        return self._named(request, super().get_readonly_fields(request, obj))

    def get_fieldsets(self, request, obj=None):
        shown = self.get_readonly_fields(request, obj)
        if obj and not self.has_change_permission(request, obj):
            shown = None  # all of them
        sets = super().get_fieldsets(request, obj)
        return [
            (title, {**one, "fields": self._named(request, one["fields"], of=shown)})
            for title, one in sets
        ]

    def _named(self, request, names, of=None):
        """What leads to a row that this person may not open is named, and is no link."""
        closed = {
            each.name: _in_words(each)
            for each in self.opts.fields
            if each.many_to_one and not self._may_open(request, each.related_model)
        }

        def shown(name):
            if isinstance(name, (list, tuple)):
                return tuple(map(shown, name))
            named = closed.get(name, name)
            return named if of is None or named in of else name

        return tuple(map(shown, names))

    def _may_open(self, request, model):
        if not self.admin_site.is_registered(model):
            return True  # there is no page, and Django makes no link
        pages = self.admin_site.get_model_admin(model)
        return pages.has_view_or_change_permission(request)

    def history_view(self, request, object_id, extra_context=None):
        """Django tells everybody who works here which rows there are not."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)


class KindFilter(admin.AllValuesFieldListFilter):
    """The kinds that there are, without reading all events for them."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.lookup_choices = Event.objects.kinds()


class HappenedFilter(admin.EmptyFieldListFilter):
    """Of the moment of an act: whether it was done."""

    def choices(self, changelist):
        words = [_("Alle"), _("Nog niet"), _("Wel")]
        for word, choice in zip(words, super().choices(changelist), strict=True):
            yield {**choice, "display": word}


class ReadOnlyAdmin(StaffAdmin):
    """Looking is allowed by the view permission; nothing is added, changed or deleted."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@cache
def _in_words(field: Any) -> Callable[[Any], Any]:
    """A column that names the row it leads to."""

    @admin.display(description=field.verbose_name)
    def named(row: Any) -> Any:
        found = getattr(row, field.name)
        return "-" if found is None else found

    named.__name__ = field.name
    return named


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened, to read back; the database refuses every change."""

    list_display = ["at", "kind", "who", "subject", "organisation"]
    list_filter = [("kind", KindFilter), "at"]
    list_select_related = ["by", "organisation"]
    search_fields = ["=subject_id", "by__username", "organisation__name"]
    search_help_text = _(
        "Zoek op nummer van het onderwerp, gebruikersnaam of organisatie."
    )
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

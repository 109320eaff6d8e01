"""Narrowing a list of staff to one organisation, for who comes from its page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .models import Organisation


class OfOrganisation(admin.SimpleListFilter):
    """Not shown until one is chosen: there are too many to choose from in a margin."""

    title = _("organisatie")
    parameter_name = "organisation"
    path = "organisation"

    def lookups(self, request, model_admin):
        chosen = request.GET.get(self.parameter_name, "")
        if not (chosen.isdecimal() and len(chosen) < 19):
            return []
        names = Organisation.objects.filter(pk=chosen).values_list("name", flat=True)
        return [(chosen, name) for name in names]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        return self.narrowed(queryset, self.value())

    def narrowed(self, queryset: QuerySet, pk: str) -> QuerySet:
        return queryset.filter(**{self.path: pk})


def of_organisation(path: str) -> type[OfOrganisation]:
    """The same, where the way to the organisation is this."""
    return type("OfOrganisation", (OfOrganisation,), {"path": path})


class ToMembers(OfOrganisation):
    """Mails to who belongs to the organisation now."""

    def narrowed(self, queryset, pk):
        return to_members(queryset, pk)


def to_members(mails: QuerySet, organisation: Any) -> QuerySet:
    """Of these mails those to a member of this organisation, by the index on addresses."""
    people = User.objects.filter(memberships__organisation=organisation)
    return mails.annotate(address=Upper("to")).filter(
        address__in=people.values(address=Upper("email"))
    )

"""The questions that staff put to the list of applications."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Status


class Queue(admin.SimpleListFilter):
    """Whose turn it is, with what waits for staff as the answer to no choice at all."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return [
            ("overdue", _("Wacht te lang op ons")),
            ("applicant", _("Wacht op de aanvrager")),
            ("confirmed", _("Ingediend en bevestigd")),
            ("unconfirmed", _("E-mailadres niet bevestigd")),
            ("all", _("Alle")),
            *[s for s in Status.choices if s[0] != Status.DRAFT],
        ]

    def choices(self, changelist):
        waiting, *others = super().choices(changelist)
        return [{**waiting, "display": _("Wacht op ons")}, *others]

    def queryset(self, request, queryset):
        match self.value():
            case "all":
                return queryset
            case "overdue":
                return queryset.overdue()
            case "confirmed":
                return queryset.confirmed()
            case "unconfirmed":
                return queryset.unconfirmed()
            case "applicant":
                return queryset.waiting_for_applicant()
            case None if request.GET.get("q"):
                return queryset  # a search without a choice looks everywhere
            case None:
                return queryset.waiting_for_us()
        return queryset.filter(status=self.value())


class Assignee(admin.SimpleListFilter):
    title = _("behandelaar")
    parameter_name = "assignee"

    def lookups(self, request, model_admin):
        return [("me", _("Ik")), ("nobody", _("Niemand"))]

    def queryset(self, request, queryset):
        match self.value():
            case "me":
                return queryset.filter(assignee=request.user)
            case "nobody":
                return queryset.of_nobody()
        return queryset


class Customer(admin.SimpleListFilter):
    title = _("KVK-nummer")
    parameter_name = "customer"

    def lookups(self, request, model_admin):
        return [("new", _("Nieuw")), ("known", _("Van een klant"))]

    def queryset(self, request, queryset):
        match self.value():
            case "new":
                return queryset.of_newcomers()
            case "known":
                return queryset.of_customers()
        return queryset


class Payment(admin.SimpleListFilter):
    title = _("betaling")
    parameter_name = "payment"

    def lookups(self, request, model_admin):
        return [("direct_debit", _("Incasso")), ("invoice", _("Factuur"))]

    def queryset(self, request, queryset):
        if self.value():
            return queryset.filter(answers__payment_method=self.value())
        return queryset


class Since(admin.SimpleListFilter):
    title = _("dag")
    parameter_name = "since"

    def lookups(self, request, model_admin):
        return [("today", _("Vandaag"))]

    def queryset(self, request, queryset):
        if self.value() == "today":
            return queryset.filter(status_since__gte=today())
        return queryset


def today():
    """The moment at which this day began here."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)

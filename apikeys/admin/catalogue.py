"""What is offered, and what it costs."""

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit.admin import StaffAdmin
from audit.services import record

from ..models import Api, Price, Product
from ..services import pricing

FIXED = ["product", "api", "unit", "amount", "valid_from"]


def said(refusal: Exception) -> str:
    """Why a price cannot be set so, to who sets it."""
    if isinstance(refusal, pricing.Overlaps):
        other = refusal.other
        text = _("Voor deze dagen is er al een prijs: %(price)s, vanaf %(day)s.")
        return text % {"price": other, "day": date_format(other.valid_from)}
    text = _("Een maand die voorbij is verandert niet. Kies een dag vanaf %(day)s.")
    return text % {"day": date_format(pricing.open_from())}


class CatalogueAdmin(StaffAdmin):
    """What somebody may have subscribed to stays; gateways know it by its code."""

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"slug": ["name"]}

    def has_delete_permission(self, request, obj=None):
        return False

    def save_related(self, request, form, formsets, change):
        """Recorded when all of it is saved, its APIs too."""
        super().save_related(request, form, formsets, change)
        kind = f"{self.opts.model_name}.{'changed' if change else 'added'}"
        of = form.instance
        record(kind, subject=of, by=request.user, fields=form.changed_data)


@admin.register(Api)
class ApiAdmin(CatalogueAdmin):
    list_display = ["name", "version", "path"]
    search_fields = ["name", "slug"]


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    list_display = [
        "name", "on_offer", "calls_per_month", "calls_per_second", "position",
    ]  # fmt: skip
    search_fields = ["name", "slug"]
    formfield_overrides = {
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}
    }
    fields = [
        "name", "slug", "summary", "summary_en", "apis", "on_offer", "position",
        "calls_per_month", "calls_per_second", "prices",
    ]  # fmt: skip

    @admin.display(description=_("prijzen"))
    def prices(self, product):
        if not product.pk:
            return "–"
        url = reverse("admin:apikeys_price_changelist")
        url += f"?product__id__exact={product.pk}"
        return format_html('<a href="{}">{}</a>', url, _("Bekijk de prijzen"))

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "prices"]


class PriceForm(forms.ModelForm):
    """A price is refused beside the field that makes it impossible."""

    ends_before = forms.BooleanField(
        label=_("De prijs die nu geldt, eindigt de dag ervoor"),
        required=False,
        initial=True,
    )

    class Meta:
        model = Price
        fields = [*FIXED, "valid_until"]

    def clean(self):
        data = super().clean()
        product, api = (data.get(name) for name in ("product", "api"))
        if product and api and not product.apis.filter(pk=api.pk).exists():
            self.add_error("api", _("Deze API hoort niet bij dit abonnement."))
        first = data.get("valid_from") or self.instance.valid_from
        last = data.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("Deze dag ligt voor de eerste dag."))
        if not self.errors:
            self._ask_service(data)
        return data

    def _ask_service(self, data) -> None:
        """Say beside the field why it would not be done."""
        adds = self.instance.pk is None
        try:
            if adds:
                price = Price(**{name: data[name] for name in [*FIXED, "valid_until"]})
                pricing.check(price, ends_before=data["ends_before"])
            else:
                pricing.check_end(self.instance, data["valid_until"])
        except (pricing.AlreadyApplied, pricing.Overlaps) as refusal:
            self.add_error("valid_from" if adds else "valid_until", said(refusal))

    def _get_validation_exclusions(self):
        """Not what the database asks of a price: what runs now has not ended yet."""
        return {*super()._get_validation_exclusions(), "unit"}


@admin.register(Price)
class PriceAdmin(StaffAdmin):
    """A price is added or ended; what was charged is never changed."""

    form = PriceForm
    list_display = ["product", "api", "unit", "amount", "valid_from", "valid_until"]
    list_filter = ["product", "unit"]
    list_select_related = ["product", "api"]
    search_fields = ["product__name", "api__name"]
    ordering = ["-valid_from", "product", "unit"]
    actions = None

    def get_fields(self, request, obj=None):
        return [*FIXED, "valid_until", *([] if obj else ["ends_before"])]

    def get_readonly_fields(self, request, obj=None):
        return FIXED if obj else []

    def change_view(self, request, object_id, form_url="", extra_context=None):
        charged = self._was_charged(request, object_id)
        context = {**(extra_context or {}), "show_delete": not charged}
        return super().change_view(request, object_id, form_url, context)

    def delete_view(self, request, object_id, extra_context=None):
        """What was charged stays, and the page says so."""
        may = self.has_delete_permission(request)
        if may and self._was_charged(request, object_id):
            messages.error(request, said(pricing.AlreadyApplied()))
            return redirect("admin:apikeys_price_change", object_id)
        return super().delete_view(request, object_id, extra_context)

    def _was_charged(self, request, object_id):
        price = self.get_object(request, object_id)
        return price is not None and price.valid_from < pricing.open_from()

    def save_model(self, request, obj, form, change):
        try:
            if change:
                pricing.end_price(obj, obj.valid_until, by=request.user)
            else:
                ends_before = form.cleaned_data["ends_before"]
                pricing.add_price(obj, ends_before=ends_before, by=request.user)
        except (pricing.AlreadyApplied, pricing.Overlaps) as refusal:
            request.refused = said(refusal)  # a colleague was first

    def delete_model(self, request, obj):
        pricing.remove_price(obj, by=request.user)

    def response_add(self, request, obj, post_url_continue=None):
        return self._refusal(request) or super().response_add(request, obj)

    def response_change(self, request, obj):
        return self._refusal(request) or super().response_change(request, obj)

    def _refusal(self, request):
        if refused := getattr(request, "refused", None):
            messages.error(request, refused)
            return HttpResponseRedirect(request.path)
        return None

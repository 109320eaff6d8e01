"""Where staff see keys, decide on requests for them, and set gateways up."""

import datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.template.response import TemplateResponse
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from audit.admin import StaffAdmin
from organisations.filters import OfOrganisation

from .. import gateways, services
from ..models import ApiKey, Gateway, KeyRequest, KeyRequestStatus


class BlockForm(forms.ModelForm):
    """Staff choose to block a key or to lift that; they edit nothing of it."""

    decision = forms.ChoiceField(label=_("Wat wil je doen?"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reden"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("Verplicht bij blokkeren. De organisatie leest dit."),
    )

    class Meta:
        model = ApiKey
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        lift = [("unblock", _("Blokkade opheffen"))]
        stop = [("block", _("Blokkeren"))]
        self.fields["decision"].choices = lift if self.instance.blocked_at else stop

    def clean(self):
        data = super().clean()
        if data.get("decision") == "block" and not data.get("reason"):
            self.add_error("reason", ValidationError(_("Vul in waarom je blokkeert.")))
        return data


@admin.register(ApiKey)
class ApiKeyAdmin(StaffAdmin):
    form = BlockForm
    list_display = [
        "name", "organisation", "masked", "environment", "created_at", "blocked_at",
    ]  # fmt: skip
    list_filter = [
        ("blocked_at", admin.EmptyFieldListFilter),
        "environment",
        OfOrganisation,
    ]
    search_fields = [
        "name",
        "organisation__name",
        "organisation__slug",
        "secrets__public_id",
    ]
    readonly_fields = [
        "organisation", "name", "masked", "environment", "opens", "created_at", "blocked_at", "blocked_reason",
    ]  # fmt: skip

    def get_queryset(self, request):
        return (
            super().get_queryset(request).with_details().select_related("organisation")
        )

    @admin.display(description=_("API-key"))
    def masked(self, key):
        return key.masked

    @admin.display(description=_("API's"))
    def opens(self, key):
        return ", ".join(str(api) for api in key.apis)

    def get_fields(self, request, obj=None):
        asked = (
            ["decision", "reason"] if self.has_change_permission(request, obj) else []
        )
        return [*self.readonly_fields, *asked]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return request.user.has_perm("apikeys.block_apikey")

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        try:
            if form.cleaned_data["decision"] == "block":
                services.block(obj, by=request.user, reason=form.cleaned_data["reason"])
            else:
                services.unblock(obj, by=request.user)
        except (services.KeyBlocked, services.KeyNotBlocked):
            self.message_user(request, _("Iemand anders was je voor."), "warning")


class KeyRequestForm(forms.ModelForm):
    """Staff give the key or say why not; they edit nothing of the request."""

    decision = forms.ChoiceField(
        label=_("Wat besluit je?"),
        choices=[("grant", _("Geef de key")), ("refuse", _("Geef de key niet"))],
        widget=forms.RadioSelect,
    )
    why_not = forms.CharField(
        label=_("Reden"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("Verplicht bij niet geven. Wie vroeg, leest dit."),
    )

    class Meta:
        model = KeyRequest
        fields: list[str] = []

    def clean(self):
        data = super().clean()
        if data.get("decision") == "refuse" and not data.get("why_not"):
            self.add_error("why_not", ValidationError(_("Vul in waarom niet.")))
        return data


@admin.register(KeyRequest)
class KeyRequestAdmin(StaffAdmin):
    form = KeyRequestForm
    list_display = [
        "name", "organisation", "product", "environment", "asked_at", "status",
    ]  # fmt: skip
    list_filter = ["status", "environment", OfOrganisation]
    list_select_related = ["organisation", "product"]
    search_fields = ["name", "organisation__name", "organisation__slug"]
    asked = [
        "organisation", "product", "environment", "name", "purpose", "asked_at", "asked_by", "status",
    ]  # fmt: skip
    decided = ["reason", "api_key", "decided_at", "decided_by"]
    readonly_fields = [*asked, *decided]

    def get_fields(self, request, obj=None):
        if obj and obj.status != KeyRequestStatus.OPEN:
            return self.readonly_fields
        decides = self.has_change_permission(request, obj)
        return [*self.asked, *(["decision", "why_not"] if decides else [])]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {**(extra_context or {}), "show_save_and_continue": False}
        return super().change_view(request, object_id, form_url, context)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        may = request.user.has_perm("apikeys.decide_keyrequest")
        return may and (obj is None or obj.status == KeyRequestStatus.OPEN)

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        reason = form.cleaned_data["why_not"]
        try:
            if form.cleaned_data["decision"] == "grant":
                services.grant_key(obj, by=request.user)
            else:
                services.refuse_key(obj, reason=reason, by=request.user)
        except services.AlreadyDecided:
            self.message_user(request, _("Iemand anders was je voor."), "warning")
        except services.NotCovered:
            text = _("Er loopt geen overeenkomst meer voor dit abonnement.")
            self.message_user(request, text, "warning")
        except services.OwnRequest:
            text = _("Je hoort bij deze organisatie. Laat een collega beslissen.")
            self.message_user(request, text, "warning")


@admin.register(Gateway)
class GatewayAdmin(StaffAdmin):
    """A gateway's token is shown in the answer that makes it, and never again."""

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["name", "guards", "seen", "lag", "state", "probed"]
    list_filter = [("stopped_at", admin.EmptyFieldListFilter)]
    search_fields = ["name"]
    filter_horizontal = ["apis"]
    readonly_fields = ["created_at", "last_seen_at", "reported_until", "stopped_at"]
    change_form_template = "admin/apikeys/gateway/page.html"

    @admin.display(description=_("API's"))
    def guards(self, gateway):
        return ", ".join(str(api) for api in gateway.apis.all()) or _("alle")

    @admin.display(description=_("laatst gezien"), ordering="last_seen_at")
    def seen(self, gateway):
        if gateway.last_seen_at is None:
            return _("nog nooit")
        return _("%(time)s geleden") % {"time": timesince(gateway.last_seen_at)}

    @admin.display(description=_("achterstand"), ordering="reported_until")
    def lag(self, gateway):
        """A report tells of an hour: less than two is none."""
        if gateway.lag is None:
            return _("nog niets gemeld")
        late = gateway.lag >= datetime.timedelta(hours=2)
        return timesince(gateway.reported_until) if late else _("geen")

    @admin.display(description=_("na blokkade geprobeerd"), boolean=True)
    def probed(self, gateway):
        return bool(gateway.probe_address)

    @admin.display(description=_("staat"), ordering="stopped_at")
    def state(self, gateway):
        return _("gestopt") if gateway.stopped_at else _("open")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("apis")

    def has_delete_permission(self, request, obj=None):
        return False  # what it reported stays; stopping it closes the portal to it

    def save_model(self, request, obj, form, change):
        if change:
            obj.save()
        else:
            request.new_token = gateways.renew_token(obj, by=request.user)

    def response_add(self, request, obj, post_url_continue=None):
        return self._shown_once(request, obj)

    def response_change(self, request, obj):
        if "_renew" in request.POST:
            request.new_token = gateways.renew_token(obj, by=request.user)
            return self._shown_once(request, obj)
        if "_stop" in request.POST:
            gateways.stop(obj, by=request.user)
        return super().response_change(request, obj)

    def _shown_once(self, request, gateway):
        """In this very answer: a message would lie readable in the session until read."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "gateway": gateway,
            "token": request.new_token,
            "title": _("Token van %(name)s") % {"name": gateway.name},
        }
        return TemplateResponse(request, "admin/apikeys/gateway/token.html", context)

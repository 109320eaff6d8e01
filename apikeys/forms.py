"""What people type about keys."""

import datetime
import ipaddress
import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import LineField
from organisations.editing import EditingForm

from .models import Api, Environment, KeyState, OnLeak, Product

OVERLAPS = [
    ("0", _("Nu meteen")),
    ("1", _("Over 1 dag")),
    ("7", _("Over 7 dagen")),
    ("30", _("Over 30 dagen")),
]


class FindKeysForm(forms.Form):
    """What a member looks for in a long list; anything odd means: all."""

    searches = True

    SORTS = {  # as in the address; a minus turns it round
        "name": ["name"],
        "created": ["created_at"],
        "last_used": [F("last_used_at").asc(nulls_first=True)],
        "calls": [],  # sums from elsewhere, see choose
    }

    q = forms.CharField(
        label=_("Zoek op naam of begin van de key"), required=False, max_length=100
    )
    state = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("Alle")),
            *KeyState.choices,
            ("unused", _("90 dagen niet gebruikt")),
        ],
    )
    sort = forms.ChoiceField(
        required=False,
        choices=[(sign + name, name) for name in SORTS for sign in ("", "-")],
        widget=forms.HiddenInput,
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.is_valid()
        self.asked = self.cleaned_data
        self.order = self.asked.get("sort") or "name"

    def choose(self, keys, calls):
        """Those of `keys` that were asked for, in the order that was asked for."""
        if words := self.asked.get("q"):
            public_id = re.sub(r"^\w+_(live|test)_|_.*$", "", words)
            named = Q(name__icontains=words)
            keys = keys.filter(named | Q(secrets__public_id=public_id)).distinct()
        if (state := self.asked.get("state")) == "unused":
            keys = keys.unused()
        elif state:
            keys = keys.in_state(state)
        name, turned = self.order.lstrip("-"), self.order.startswith("-")
        ordered = keys.order_by(*self.SORTS[name], "name", "pk")
        chosen = list(ordered.reverse() if turned else ordered)
        if name == "calls":
            chosen.sort(key=lambda key: calls.get(key.pk, 0), reverse=turned)
        return chosen


class NameForm(forms.Form):
    use_required_attribute = False
    name = LineField(
        label=_("Naam"),
        max_length=60,
        help_text=_("Zo vind je de key terug, bijvoorbeeld Webwinkel."),
        error_messages={"required": _("Vul een naam in.")},
    )


class ProductField(forms.ModelChoiceField):
    """Says of each subscription whether a contract covers it."""

    covered: frozenset[int] = frozenset()

    def label_from_instance(self, product):
        if product.pk in self.covered:
            return str(product)
        words = gettext("%(product)s (hiervoor komt een nieuwe overeenkomst)")
        return words % {"product": product}


class AskForKeyForm(NameForm):
    """One more key: for which subscription, and why."""

    product = ProductField(
        label=_("Abonnement"),
        queryset=Product.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies een abonnement.")},
    )
    environment = forms.ChoiceField(
        label=_("Omgeving"),
        choices=Environment,
        initial=Environment.LIVE,
        help_text=_(
            "Met een key voor de test krijg je gegevens van verzonnen organisaties. Die"
            " kost niets."
        ),
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies een omgeving.")},
    )
    purpose = LineField(
        label=_("Waarvoor gebruik je deze key?"),
        max_length=300,
        error_messages={"required": _("Vul in waarvoor je de key gebruikt.")},
    )
    field_order = ["product", "environment", "name", "purpose"]

    def __init__(self, *args, products, covered, **kwargs):
        super().__init__(*args, **kwargs)
        product = self.fields["product"]
        product.covered = frozenset(covered.values_list("pk", flat=True))
        product.queryset = products
        product.initial = covered.first() or products.first()


class RotateForm(forms.Form):
    """Carries the secret that was seen, so that a second click does not rotate again."""

    use_required_attribute = False
    seen = forms.CharField(max_length=8, required=False, widget=forms.HiddenInput)
    overlap = forms.ChoiceField(
        label=_("Wanneer stopt de oude waarde?"),
        choices=OVERLAPS,
        initial="7",
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies wanneer de oude waarde stopt.")},
    )

    def clean_overlap(self):
        return datetime.timedelta(days=int(self.cleaned_data["overlap"]))


class ExtendForm(RotateForm):
    seen = None  # type: ignore[assignment]  # a form without the field
    overlap = forms.ChoiceField(
        label=_("Laat de oude waarde langer werken"), choices=OVERLAPS[1:]
    )


class StopForm(EditingForm):
    """The last day; stored as the text of a date, so that it can be signed."""

    day = forms.DateField(
        label=_("Laatste dag"),
        required=False,
        help_text=_("Leeg: de key blijft werken zolang de overeenkomst loopt."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Dit is geen datum. Zo wel: 31-12-2026.")},
    )

    def values(self):
        return {"day": str(self.cleaned_data.get("day") or "")}

    def _shown(self, name, value):
        if not value:
            return gettext("geen einddatum")
        return date_format(datetime.date.fromisoformat(value), "j F Y")


class RestrictForm(EditingForm):
    """Networks line by line, each judged on its own; and APIs, all of them or some."""

    MOST = 100

    networks = forms.CharField(
        label=_("Netwerken"),
        required=False,
        max_length=10_000,
        help_text=_(
            "Eén adres of netwerk per regel, bijvoorbeeld 192.0.2.0/24 of 2001:db8::/48."
            " Leeg: de key werkt overal vandaan."
        ),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    apis = forms.ModelMultipleChoiceField(
        label=_("API's"),
        queryset=Api.objects.none(),
        required=False,
        help_text=_("Niets aangevinkt: alle API's van het abonnement."),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data=None, *, stored, about):
        super().__init__(data, stored=stored, about=about)
        opens = [api.pk for api in about.could_open]
        self.fields["apis"].queryset = Api.objects.filter(pk__in=opens)

    def values(self):
        return {
            "networks": "\n".join(self.cleaned_data["networks"]),
            "apis": sorted(api.pk for api in self.cleaned_data["apis"]),
        }

    def _fill(self, name, value):
        if name == "apis":
            self.data.setlist(name, value)
        else:
            super()._fill(name, value)

    def _shown(self, name, value):
        if name == "networks":
            return ", ".join(value.splitlines()) or gettext("overal vandaan")
        names = Api.objects.filter(pk__in=value).order_by("name")
        return ", ".join(f"{api}" for api in names) or gettext("alle API's")

    def clean_networks(self):
        good, wrong = {}, []
        for number, line in enumerate(self.cleaned_data["networks"].splitlines(), 1):
            if not (typed := line.strip()):
                continue
            try:
                good[str(ipaddress.ip_network(typed, strict=True))] = None
            except ValueError:
                wrong.append(ValidationError(self._fault(number, typed)))
        if len(good) > self.MOST:
            text = gettext("Vul hoogstens %(most)s netwerken in.") % {"most": self.MOST}
            wrong.append(ValidationError(text))
        if wrong:
            raise ValidationError(wrong)
        return list(good)

    def _fault(self, number, typed):
        shown = {"number": number, "typed": typed[:60]}
        try:
            meant = ipaddress.ip_network(typed, strict=False)
        except ValueError:
            text = gettext("Regel %(number)s: “%(typed)s” is geen adres of netwerk.")
            return text % shown
        text = gettext(
            "Regel %(number)s: “%(typed)s” wijst naar één adres in een netwerk. Bedoel je"
            " %(meant)s?"
        )
        return text % {**shown, "meant": meant}


class LeakPolicyForm(forms.Form):
    use_required_attribute = False
    on_leak = forms.ChoiceField(
        label=_("Wat doen we als een key van jullie ergens openbaar staat?"),
        choices=OnLeak,
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies wat we dan doen.")},
    )

"""The forms, pages and headers that every other page builds on."""

import datetime
from decimal import Decimal

import pgtrigger
import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.urls import reverse

from apikeys.models import PriceUnit, Product
from apikeys.words import euro
from tests.factories import UserFactory


class Questions(forms.Form):
    name = forms.CharField(label="Naam", help_text="Zoals in het register.")
    note = forms.CharField(label="Opmerking", required=False)
    iban = forms.CharField(
        label="IBAN",
        required=False,
        widget=forms.TextInput(attrs={"aria-required": "true"}),
    )
    ways = forms.ChoiceField(
        label="Hoe?", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )


def test_form_ties_hint_and_error_to_the_field():
    html = str(Questions({}))

    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert html.count('aria-invalid="true"') == 3


def test_error_summary_links_to_the_field_and_to_a_groups_first_option():
    html = str(Questions({}))

    for target in ("id_name", "id_ways_0"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html


def test_label_says_which_field_is_not_required():
    html = str(Questions())

    assert html.count("(niet verplicht)") == 1
    assert html.index("Opmerking") < html.index("(niet verplicht)") < html.index("IBAN")


def test_group_is_a_fieldset_with_its_question_as_legend():
    html = str(Questions())

    assert '<fieldset id="id_ways"' in html
    assert '<legend class="utrecht-form-fieldset__legend">Hoe?</legend>' in html


def test_steps_mark_the_current_one_and_link_what_is_done():
    steps = [
        {"title": "Een", "url": "/een/", "state": "done"},
        {"title": "Twee", "url": "/twee/", "state": "current"},
        {"title": "Drie", "url": "/drie/", "state": "todo"},
    ]

    html = render_to_string("components/steps.html", {"steps": steps})

    assert "Stap 2 van 3" in html
    assert 'href="/een/"' in html
    assert "/twee/" not in html
    assert "/drie/" not in html
    assert html.count('aria-current="step"') == 1


@pytest.mark.parametrize(
    ("amount", "text"),
    [("6.4000", "€\xa06,40"), ("0.0160", "€\xa00,016"), ("1279", "€\xa01.279,00")],
)
def test_euro_shows_the_decimals_that_count(amount, text):
    assert euro(Decimal(amount)) == text


@pytest.mark.django_db
def test_home_shows_the_price_of_today_only(client):
    product = Product.objects.create(slug="proef", name="Proefabonnement")
    today = datetime.date.today()
    yesterday, tomorrow = (today + datetime.timedelta(days=days) for days in (-1, 1))
    price = {"product": product, "unit": PriceUnit.YEAR}
    with pgtrigger.ignore("apikeys.Price:stays_what_it_was"):  # on the first of a month
        product.prices.create(
            **price, amount=11, valid_from=yesterday, valid_until=yesterday
        )
    product.prices.create(**price, amount=22, valid_from=today, valid_until=today)
    product.prices.create(**price, amount=33, valid_from=tomorrow)

    html = client.get(reverse("home")).text

    assert "€\xa022,00" in html
    assert "€\xa011,00" not in html
    assert "€\xa033,00" not in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["home", "support", "account_login", "account_reset_password"]
)
def test_public_page_opens_without_signing_in(client, name):
    html = client.get(reverse(name)).text

    assert '<html lang="nl">' in html
    assert html.count("<h1") == 1
    assert 'href="#inhoud"' in html


@pytest.mark.django_db
def test_support_names_both_contacts(client, settings):
    settings.SALES_EMAIL, settings.SUPPORT_EMAIL = (
        "verkoop@voorbeeld.nl",
        "api@voorbeeld.nl",
    )

    html = client.get(reverse("support")).text

    assert "mailto:verkoop@voorbeeld.nl" in html
    assert "mailto:api@voorbeeld.nl" in html


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_error_page_needs_neither_context_nor_database(name):
    assert "<h1" in render_to_string(name)


@pytest.mark.django_db
def test_admin_keeps_its_own_forms(client):
    staff = get_user_model().objects.create_superuser("staf", "staf@voorbeeld.nl")
    client.force_login(staff)

    html = client.get(reverse("admin:auth_group_add")).text

    assert 'class="form-row' in html
    assert "portal-field" not in html
    assert "admin-theme.css" in html


@pytest.mark.django_db
def test_what_other_packages_say_is_as_informal_as_the_rest(client):
    client.force_login(UserFactory())

    page = client.get(reverse("account_change_password"), follow=True).text

    assert "Uw " not in page

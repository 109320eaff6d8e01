"""What the lists of staff cost does not grow with what is in them."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.text import capfirst

from applications.models import Application, BillingMonth
from audit.admin import AtMost, StaffAdmin
from audit.models import Event
from organisations.models import Organisation
from portal.management.crowd import Crowd
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
MOST = 12
SAME_IN_DUTCH = {"status", "postcode", "hash", "previous_hash"}
OF_MONTH = ["change", "csv"]
LISTS = sorted(
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for model in admin.site._registry
)


def asked(client, url):
    """The pages of a list are looked at, what is taken along is posted."""
    ask = client.post if url.endswith("/csv/") else client.get
    with CaptureQueriesContext(connection) as captured:
        answer = ask(url)
        answer.getvalue()
    assert answer.status_code == 200, url
    return answer, [query["sql"] for query in captured]


def test_a_list_asks_as_much_for_sixty_rows_as_for_five():
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    crowd = Crowd()
    crowd.grow(3, 21)
    few, many, shown = {}, {}, {}
    for counted in (few, many):
        for name in LISTS:
            client.get(reverse(name))  # content types are asked once for a process
            answer, queries = asked(client, reverse(name))
            counted[name] = queries
            if hasattr(answer, "context_data") and "cl" in answer.context_data:
                shown[name] = len(answer.context_data["cl"].result_list)
        crowd.grow(60, 500)
    assert_asked_as_much(few, many)
    rights = 2  # what a superuser is not asked, who alone sees the queue of the worker
    most = {n: MOST - (0 if "procrastinate" in n else rights) for n in LISTS}
    assert {n: len(q) for n, q in many.items() if len(q) > most[n]} == {}
    assert sum(rows >= 40 for rows in shown.values()) >= 10


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_list_is_called_after_what_is_in_it(language):
    """Django has the reader select something to look at, where there is nothing to select."""
    client = Client(headers={"accept-language": language})
    client.force_login(UserFactory(is_staff=True, is_superuser=True, language=language))

    with translation.override(language):
        for model in admin.site._registry:
            name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
            text = client.get(reverse(f"admin:{name}")).text
            plural = capfirst(model._meta.verbose_name_plural)
            assert f"<h1>{escape(plural)}</h1>" in text, name


def test_what_staff_read_of_a_row_has_a_name_in_words():
    """Django names a field after its name in the code, which is English."""
    unnamed = {
        f"{model._meta.label}.{each.name}"
        for model, pages in admin.site._registry.items()
        if isinstance(pages, StaffAdmin)
        for each in model._meta.fields
        if each.name in {*flatten(pages.list_display), *flatten(pages.fields or [])}
        and each.verbose_name == each.name.replace("_", " ")
        and each.name not in SAME_IN_DUTCH
    }

    assert unnamed == set()


def test_a_month_of_billing_asks_as_much_for_sixty_contracts_as_for_five():
    """Its page, and the lines that are taken along."""
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    crowd = Crowd()
    crowd.grow(3, 0)
    pk = BillingMonth.objects.get().pk
    pages = [
        reverse(f"admin:applications_billingmonth_{n}", args=[pk]) for n in OF_MONTH
    ]
    few, many, sizes = {}, {}, []
    for counted in (few, many):
        for url in pages:
            asked(client, url)
            answer, counted[url] = asked(client, url)
        sizes.append(answer.getvalue().count(b"\n"))
        crowd.grow(60, 0)

    assert sizes[1] - sizes[0] >= 60
    assert_asked_as_much(few, many)


def assert_asked_as_much(few, many):
    grown = {
        name: (
            len(few[name]),
            len(many[name]),
            [q for q in many[name] if q not in few[name]],
        )
        for name in few
        if len(few[name]) != len(many[name])
    }
    assert {name: one[:2] for name, one in grown.items()} == {}, grown


def test_no_list_counts_all_that_there_is():
    lists = list(admin.site._registry.values())

    assert [one for one in lists if isinstance(one, StaffAdmin)]
    for pages in lists:
        if isinstance(pages, StaffAdmin):
            assert pages.paginator is AtMost
            assert not pages.show_full_result_count
            assert (
                pages.list_max_show_all < AtMost.FOUND
            )  # "all" would be no end of them


def test_a_count_that_stopped_says_so(client, monkeypatch):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    UserFactory.create_batch(4, name="Gezochte")
    users = reverse("admin:accounts_user_changelist")
    assert "4 gevonden" in client.get(users, {"q": "gezocht"}).text

    assert "0 gevonden" in client.get(users, {"q": "niemand"}).text

    monkeypatch.setattr(AtMost, "FOUND", 3)
    shown = client.get(users, {"q": "gezocht"}).text

    assert "3 of meer gevonden" in shown
    assert "3 of meer personen" in shown


def test_no_act_takes_more_rows_than_are_shown(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    UserFactory.create_batch(60)

    shown = client.get(reverse("admin:accounts_user_changelist")).text

    assert "0 van de 50 geselecteerd" in shown
    assert 'class="question' not in shown


def test_persons_are_found_by_their_organisation_and_the_other_way(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    member = MembershipFactory(
        user__name="Wim Wever", organisation__name="Weverij Oost"
    )
    MembershipFactory(user=member.user, organisation__name="Weverij West")

    for name, words, found in [
        ("accounts_user", "weverij", 1), ("accounts_user", "wever", 1),
        ("organisations_organisation", "wim wever", 2),
        ("organisations_organisation", "oost", 1),
    ]:  # fmt: skip
        shown = client.get(reverse(f"admin:{name}_changelist"), {"q": words})
        assert shown.context_data["cl"].result_count == found, (name, words)


def test_the_audit_log_is_filtered_by_the_kinds_that_there_are(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    Crowd().grow(1, 3)

    kinds = Event.objects.kinds()

    assert kinds == sorted({one.kind for one in Event.objects.all()})
    assert len(kinds) > 5
    shown = client.get(reverse("admin:audit_event_changelist")).text
    assert all(f"?kind={kind}" in shown for kind in kinds)


def test_the_command_makes_them_once_and_not_in_production(settings):
    call_command("crowd", organisations=2, applications=20, stdout=None)

    assert Organisation.objects.filter(slug__startswith="m").count() == 2
    assert Application.objects.filter(reference__startswith="M").count() == 20
    with pytest.raises(CommandError):
        call_command("crowd")
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError):
        call_command("crowd")

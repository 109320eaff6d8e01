"""How one of the staff gets from one application to the next, all day."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from applications.models import Application, ChecklistItem, DocumentKind, Stage, Status
from applications.services import colleagues, handling
from applications.staff import turns
from tests.applications.test_admin import act, page, text_of
from tests.factories import ApplicationFactory, UserFactory, aged

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:applications_application_changelist")
KEPT = {"_changelist_filters": "status=contract_sent&assignee=me"}
BACK = "_changelist_filters=status%3Dcontract_sent%26assignee%3Dme"


def colleague(group="intake"):
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def compare(document):
    name = "admin:applications_application_compare"
    return reverse(name, args=[document.application_id, document.pk])


def test_an_act_leads_back_to_the_list_as_it_was_filtered(client):
    application = ApplicationFactory()
    client.force_login(colleague())

    shown = client.get(page(application), KEPT).text
    form = client.get(act(application, "oppakken"), KEPT).text
    done = client.post(f"{act(application, 'oppakken')}?{BACK}")
    late = client.post(f"{act(application, 'overeenkomst-ontvangen')}?{BACK}")

    assert f"{act(application, 'oppakken')}?{BACK}" in shown
    assert f"{page(application)}?{BACK}" in form
    for html in (shown, form):
        assert f"{QUEUE}?status=contract_sent&amp;assignee=me" in html
    assert done.url == late.url == f"{page(application)}?{BACK}"


def test_looking_at_what_came_back_leads_there_too_and_says_which_is_the_last(client):
    application, inge = ApplicationFactory(status=Status.CONTRACT_SENT), colleague()
    for content in (b"one", b"two"):
        handling.register_return(application, by=inge, content=content)
        handling.ask_again(application, reason="Eén pagina ontbreekt.", by=inge)
    client.force_login(inge)
    first, last = application.documents.filter(kind=DocumentKind.SIGNED_CONTRACT)

    shown = client.get(page(application), KEPT).text
    beside = client.get(f"{compare(last)}?{BACK}").text

    assert f"{compare(last)}?{BACK}" in shown
    assert f"{page(application)}?{BACK}" in beside
    assert f"?pagina=2&amp;{BACK}" in beside
    assert text_of(shown).count("daarna kwam er een nieuwe") == 1
    newer, _, older = shown.partition("daarna kwam er een nieuwe")
    assert compare(last) in newer
    assert compare(first) in older


def test_the_page_tells_what_waits_next(client):
    first, following, taken = aged(5), aged(4), aged(3)
    colleagues.take(aged(9), by=colleague())
    aged(9, confirmed=False)
    aged(9, status=Status.CONTRACT_SENT)
    aged(9, status=Status.CONTRACT_RETURNED)
    inge = colleague()
    colleagues.take(taken, by=inge)
    client.force_login(inge)

    shown = text_of(client.get(page(first)).text)

    assert f"Wacht ook op jou: {following.reference}" in shown
    assert turns.next_for(inge, following) == first
    Application.objects.exclude(pk=taken.pk).update(status=Status.CHANGES_REQUESTED)
    assert turns.next_for(inge, first) == taken
    assert "Wacht ook op jou" not in client.get(page(taken)).text


def test_a_contract_that_i_registered_is_for_another(client):
    application, coen = (
        ApplicationFactory(status=Status.CONTRACT_SENT),
        colleague("contracten"),
    )
    client.force_login(coen)
    handling.register_return(application, by=coen)

    html = client.get(page(application)).text

    assert act(application, "goedkeuren") not in html
    assert "Een ander keurt haar goed." in html
    assert not turns.queue(coen).exists()
    assert list(turns.queue(colleague("contracten"))) == [application]


def test_a_checklist_that_is_done_leads_to_its_step(client):
    for text in ("Naam", "Adres"):
        ChecklistItem.objects.create(stage=Stage.SEND, text=text)
    items = ChecklistItem.objects.values_list("pk", flat=True)
    application = ApplicationFactory()
    client.force_login(colleague())
    ticking = act(application, "nagekeken-voor-versturen")
    step = act(application, "overeenkomst-versturen")

    before = client.get(step, KEPT).text
    some = client.post(f"{ticking}?{BACK}", {"items": [items[0]], "seen": ""})
    all_of_them = client.post(f"{ticking}?{BACK}", {"items": list(items), "seen": ""})

    assert f"{ticking}?{BACK}" in before
    assert some.url == f"{page(application)}?{BACK}"
    assert all_of_them.url == f"{step}?{BACK}"
    assert ticking not in client.get(step).text


def test_who_may_tick_but_not_approve_is_led_nowhere_new(client):
    item = ChecklistItem.objects.create(stage=Stage.APPROVE, text="Getekend")
    application, coen = (
        ApplicationFactory(status=Status.CONTRACT_SENT),
        colleague("contracten"),
    )
    client.force_login(coen)
    handling.register_return(application, by=coen)

    ticked = client.post(
        act(application, "nagekeken-voor-goedkeuren"), {"items": [item.pk], "seen": ""}
    )

    assert ticked.url == page(application)


def test_what_was_not_confirmed_waits_for_the_applicant(client):
    unconfirmed, confirmed = aged(9, confirmed=False), aged(9)
    client.force_login(colleague())

    waits = client.get(QUEUE).text
    late = client.get(QUEUE, {"status": "overdue"}).text
    sent_in = client.get(QUEUE, {"status": "confirmed"}).text

    for html in (waits, late, sent_in):
        assert confirmed.reference in html
        assert unconfirmed.reference not in html
    assert not unconfirmed.is_overdue
    assert unconfirmed.reference in client.get(QUEUE, {"status": "unconfirmed"}).text


def test_the_start_page_searches_everywhere(client):
    ended = ApplicationFactory(status=Status.REJECTED)
    client.force_login(colleague())

    form = client.get(reverse("admin:index")).text

    assert f'role="search" action="{QUEUE}"' in form
    assert ended.reference in client.get(QUEUE, {"q": ended.reference}).text

"""What has to be looked at before a step, and by whom it was."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from applications.models import (
    Application,
    ChecklistItem,
    Stage,
    Status,
    Tick,
    WrongState,
)
from applications.services import checklists, correcting, following, handling
from applications.services.checklists import NotAllTicked, SenderTicks
from audit.models import Event
from tests.applications.test_admin import act, page, text_of
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db


def asks(text, stage=Stage.SEND, **fields):
    return ChecklistItem.objects.create(text=text, stage=stage, **fields)


def colleague(group="intake", **fields):
    user = UserFactory(is_staff=True, **fields)
    user.groups.add(Group.objects.get(name=group))
    return user


def ticks(application, *items, stage=Stage.SEND, seen=(), by=None):
    chosen, saw = ([item.pk for item in some] for some in (items, seen))
    checklists.tick(application, stage, items=chosen, seen=saw, by=by or UserFactory())


def test_the_contract_is_not_sent_before_all_was_looked_at():
    first, second = asks("Adres"), asks("Naam")
    asks("Oud", in_use=False)
    application = ApplicationFactory()
    ticks(application, first)

    with pytest.raises(NotAllTicked):
        handling.send_contract(application, by=UserFactory())
    ticks(application, first, second, seen=[first])
    handling.send_contract(application, by=UserFactory())

    assert application.status == Status.CONTRACT_SENT


def test_nothing_is_approved_before_all_was_looked_at():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    item = asks("Handtekening", Stage.APPROVE)

    with pytest.raises(NotAllTicked):
        handling.approve(application, by=UserFactory())
    ticks(application, item, stage=Stage.APPROVE)
    handling.approve(application, by=UserFactory())

    assert application.status == Status.APPROVED


def test_who_sent_the_contract_does_not_tick_what_came_back():
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    item = asks("Handtekening", Stage.APPROVE)

    with pytest.raises(SenderTicks):
        ticks(application, item, stage=Stage.APPROVE, by=application.contract_sent_by)


def test_what_a_colleague_ticked_meanwhile_stays():
    mine, theirs = asks("Adres"), asks("Naam")
    application, anna = ApplicationFactory(), UserFactory()
    ticks(application, theirs, by=anna)

    ticks(application, mine, seen=[])  # from a page on which nothing was ticked

    found = {line.item: line.tick for line in checklists.checklist(application)}
    assert found[theirs].by == anna
    assert found[mine]


def test_a_tick_that_is_taken_back_stays_to_be_read():
    item, application = asks("Adres"), ApplicationFactory()
    ticks(application, item)

    ticks(application, seen=[item])

    assert not application.ticks.standing().exists()
    assert application.ticks.get().withdrawn_at
    event = Event.objects.filter(kind="application.ticked").last()
    assert event.data == {"ticked": [], "taken_back": [item.pk]}
    with pytest.raises(DatabaseError), transaction.atomic():
        Tick.objects.update(withdrawn_at=None)


def test_an_item_that_says_something_else_now_is_looked_at_again():
    item, application = asks("Adres"), ApplicationFactory()
    ticks(application, item)
    ChecklistItem.objects.update(text="Adres en naam")

    assert checklists.checklist(application)[0].tick is None
    ticks(application, item)

    assert checklists.checklist(application)[0].tick.text == "Adres en naam"


def correction(application):
    correcting.correct(
        application, field="city", value="Lollum", reason="x", by=UserFactory()
    )


def completion(application):
    handling.request_changes(application, fields=["city"], reason="x", by=UserFactory())
    following.answer_changes(application, {"city": "Lollum"})


@pytest.mark.parametrize("changes", [correction, completion])
def test_what_was_changed_is_looked_at_again(changes):
    item, application = asks("Adres"), ApplicationFactory()
    ticks(application, item)

    changes(application)

    with pytest.raises(NotAllTicked):
        handling.send_contract(application, by=UserFactory())


def test_what_was_signed_again_is_looked_at_again():
    item = asks("Handtekening", Stage.APPROVE)
    application = ApplicationFactory(status=Status.CONTRACT_RETURNED)
    ticks(application, item, stage=Stage.APPROVE)
    handling.ask_again(application, reason="x", by=UserFactory())
    handling.register_return(application, by=UserFactory())

    with pytest.raises(NotAllTicked):
        handling.approve(application, by=UserFactory())


def test_nothing_is_ticked_at_another_moment():
    item, application = asks("Adres"), ApplicationFactory(status=Status.REJECTED)

    with pytest.raises(WrongState):
        ticks(application, item)


def test_a_tick_taken_back_while_the_contract_is_sent_is_never_passed_over(committed):
    item = asks("Adres")
    for _ in range(3):
        application, inge = ApplicationFactory(), UserFactory()
        ticks(application, item)
        ready, outcomes = threading.Barrier(2), []
        acts = [
            lambda own, by=inge: handling.send_contract(own, by=by),
            lambda own, by=inge: ticks(own, seen=[item], by=by),
        ]

        def does(an_act, pk=application.pk, ready=ready, outcomes=outcomes):
            own = Application.objects.get(pk=pk)
            ready.wait()
            try:
                an_act(own)
                outcomes.append("done")
            except (NotAllTicked, WrongState):
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=does, args=[one]) for one in acts]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        application.refresh_from_db()
        sent = application.status == Status.CONTRACT_SENT
        assert sent == application.ticks.standing().exists()
        assert sorted(outcomes) == ["done", "refused"]


def test_staff_tick_on_a_page_and_see_who_did_and_when(client):
    item = asks("Het adres klopt")
    application, inge = ApplicationFactory(), colleague(name="Inge Intake")
    client.force_login(inge)
    address = act(application, "nagekeken-voor-versturen")

    before = text_of(client.get(page(application)).text)
    refused = client.post(act(application, "overeenkomst-versturen")).text
    client.post(address, {"items": [item.pk], "seen": ""})

    assert "Het adres klopt nog niet" in before
    assert "Nog niet alles van de controlelijst is afgevinkt." in refused
    assert "Het adres klopt Inge Intake," in text_of(client.get(page(application)).text)
    form = client.get(address).text
    assert "checked" in form
    assert f'name="seen" value="{item.pk}"' in form


@pytest.mark.parametrize(
    ("group", "stage", "may"),
    [
        ("intake", Stage.SEND, True),
        ("contracten", Stage.SEND, False),
        ("support", Stage.SEND, False),
        ("intake", Stage.APPROVE, False),
        ("contracten", Stage.APPROVE, True),
    ],
)
def test_each_group_ticks_for_its_own_step(client, group, stage, may):
    item = asks("Nagekeken", stage)
    slug = {
        Stage.SEND: "nagekeken-voor-versturen",
        Stage.APPROVE: "nagekeken-voor-goedkeuren",
    }[stage]
    ChecklistItem.objects.update(in_use=False)
    application = ApplicationFactory(status=Status(stage))
    ChecklistItem.objects.update(in_use=True)
    client.force_login(colleague(group))

    response = client.post(act(application, slug), {"items": [item.pk]})

    assert response.status_code == (302 if may else 403)
    assert application.ticks.exists() == may


@pytest.mark.parametrize(
    ("group", "status"), [("contracten", 302), ("intake", 403), ("support", 403)]
)
def test_contract_management_says_what_is_looked_at(client, group, status):
    client.force_login(colleague(group))
    sent = {"stage": "submitted", "text": "Adres", "position": 1, "in_use": "on"}

    response = client.post(reverse("admin:applications_checklistitem_add"), sent)

    assert response.status_code == status
    saved = Event.objects.filter(kind="checklist.item_saved")
    assert saved.exists() == (status == 302)

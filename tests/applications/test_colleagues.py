"""Whose an application is, and what colleagues write to each other about it."""

import datetime
import threading

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Mention, Note, Status, WrongState
from applications.services import colleagues, erasing
from audit.models import Event
from mail import private_links
from mail.models import Message
from tests.applications.test_admin import act, page
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:applications_application_changelist")


def colleague(group="intake", **fields):
    user = UserFactory(is_staff=True, **fields)
    user.groups.add(Group.objects.get(name=group))
    return user


def test_take_makes_it_mine_and_leaves_what_is_anothers():
    application, inge, anna = ApplicationFactory(), colleague(), colleague()
    colleagues.take(application, by=inge)

    with pytest.raises(colleagues.TakenByAnother):
        colleagues.take(application, by=anna)

    assert application.assignee == inge
    assert Event.objects.filter(kind="application.taken", by=inge).count() == 1


def test_take_passes_over_a_colleague_who_left():
    application, left = ApplicationFactory(), colleague()
    colleagues.take(application, by=left)
    left.is_active = False
    left.save()

    colleagues.take(application, by=(anna := colleague()))

    assert application.assignee == anna


def test_give_back_is_for_whose_it_is():
    application, inge = ApplicationFactory(), colleague()
    colleagues.take(application, by=inge)

    with pytest.raises(colleagues.TakenByAnother):
        colleagues.give_back(application, by=colleague())
    colleagues.give_back(application, by=inge)

    assert application.assignee is None


@pytest.mark.parametrize(
    "nobody",
    [
        lambda: UserFactory(),
        lambda: colleague("support"),
        lambda: colleague(is_active=False),
    ],
)
def test_assign_refuses_who_does_not_handle_applications(nobody):
    application = ApplicationFactory()

    with pytest.raises(colleagues.NotAColleague):
        colleagues.assign(application, to=nobody(), by=colleague())

    assert Application.objects.get().assignee is None


def test_what_ended_is_assigned_to_nobody():
    application = ApplicationFactory(status=Status.REJECTED)

    with pytest.raises(WrongState):
        colleagues.take(application, by=colleague())


def test_two_who_take_at_once_are_one(committed):
    application = ApplicationFactory()
    people, taken = [UserFactory(is_staff=True) for _ in range(4)], []
    ready = threading.Barrier(len(people))

    def takes(person):
        own = Application.objects.get(pk=application.pk)
        ready.wait()
        try:
            colleagues.take(own, by=person)
            taken.append(person)
        except colleagues.TakenByAnother:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=takes, args=[one]) for one in people]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(taken) == 1
    assert Application.objects.get().assignee == taken[0]


def test_a_note_calls_a_colleague_by_mail_and_until_it_was_read():
    application = ApplicationFactory()
    inge, coen = colleague(), colleague("contracten", username="coen.c")

    note = colleagues.write_note(
        application, "Kijk jij even, @Coen.C? Mail: x@coen.c.nl", by=inge
    )

    assert [mention.person for mention in note.mentions.all()] == [coen]
    mail = Message.objects.get(template="applications/emails/mentioned")
    assert (mail.to, mail.context["by"]) == (coen.email, inge.name)
    assert page(application) in mail.context["page_url"]
    assert "Kijk jij" not in str(mail.context)
    colleagues.mark_read(application, by=coen)
    assert not Mention.objects.unread_by(coen).exists()


@pytest.mark.parametrize("name", ["nobody-here", "klant"])
def test_a_note_calls_nobody_who_does_not_read_notes(client, name):
    UserFactory(username="klant")
    application, inge = ApplicationFactory(), colleague()
    client.force_login(inge)

    html = client.post(act(application, "notitie"), {"text": f"Zie @{name}."}).text

    assert "Er is geen collega met die gebruikersnaam." in html
    assert f"Zie @{name}." in html
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    "change",
    [lambda notes: notes.update(text="Anders"), lambda notes: notes.delete()],
)
def test_the_database_keeps_a_note_as_it_was_written(change):
    application = ApplicationFactory()
    colleagues.write_note(application, "Zo was het.", by=colleague())

    with pytest.raises(DatabaseError), transaction.atomic():
        change(Note.objects.all())

    assert Note.objects.get().text == "Zo was het."


def test_an_applicant_sees_no_note_and_no_name_of_who_handles_it(client):
    application = ApplicationFactory()
    inge = colleague(name="Inge Intern")
    colleagues.take(application, by=inge)
    colleagues.write_note(application, "Lijkt op fraude.", by=inge)

    html = client.get(private_links.address(*application.link)).text

    assert application.reference in html
    assert "Lijkt op fraude." not in html
    assert "Inge Intern" not in html


def test_notes_go_with_an_application_that_is_erased(settings):
    settings.ERASE_DAYS = 1
    application = ApplicationFactory(status=Status.REJECTED)
    inge = colleague()
    colleagues.write_note(application, f"Bel @{inge.username}", by=inge)
    long_ago = timezone.now() - datetime.timedelta(days=2)
    Application.objects.update(status_since=long_ago)

    erasing.erase_all()

    assert not Note.objects.exists()


def test_the_page_shows_whose_it_is_and_what_was_noted(client):
    application, inge = ApplicationFactory(), colleague(name="Inge Intake")
    client.force_login(inge)

    client.post(act(application, "oppakken"))
    client.post(act(application, "notitie"), {"text": f"Voor @{inge.username} <b>"})

    html = client.get(page(application)).text
    assert "Inge Intake behandelt deze aanvraag." in html
    assert f"Voor @{inge.username} &lt;b&gt;" in html
    assert act(application, "gelezen") in html
    assert act(application, "oppakken") not in html
    client.post(act(application, "gelezen"))
    assert act(application, "gelezen") not in client.get(page(application)).text


def test_from_the_list_one_takes_what_is_nobodys(client):
    mine, anothers, ended = (ApplicationFactory() for _ in range(3))
    colleagues.take(anothers, by=(anna := colleague()))
    Application.objects.filter(pk=ended.pk).update(status=Status.WITHDRAWN)
    client.force_login(inge := colleague())
    chosen = [mine.pk, anothers.pk, ended.pk]

    html = client.post(
        f"{QUEUE}?status=all",
        {"action": "take", "_selected_action": chosen},
        follow=True,
    ).text

    assert "Je behandelt nu 1 aanvraag." in html
    assert "2 aanvragen zijn van een collega of zijn afgerond." in html
    assignees = Application.objects.in_bulk(chosen)
    assert [assignees[pk].assignee for pk in chosen] == [inge, anna, None]


def test_support_takes_nothing_from_the_list(client):
    application = ApplicationFactory()
    client.force_login(colleague("support"))

    client.post(QUEUE, {"action": "take", "_selected_action": [application.pk]})

    assert Application.objects.get().assignee is None

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from audit.services import first_broken, head, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return User.objects.create_user("support", "support@portal.example", is_staff=True)


@pytest.fixture
def chain(person):
    return [record("test.done", subject=person, by=person, step=n) for n in range(5)]


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def as_the_owner_who_forges(statement, *values):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("ALTER TABLE audit_event DISABLE TRIGGER ALL")
    sql(statement, *values)


def test_record_makes_a_chain_that_holds(chain):
    assert [event.previous_hash for event in chain[1:]] == [
        event.hash for event in chain[:-1]
    ]
    assert first_broken() is None
    assert head() == chain[-1].hash


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'test.undone'",
        "at = at + interval '1 microsecond'",
        "by_id = NULL",
        "subject_id = '0'",
        "subject_type = 'mail.message'",
        "data = '{\"step\": 9}'",
        "previous_hash = ''",
    ],
)
def test_first_broken_finds_a_changed_event(chain, change):
    as_the_owner_who_forges(
        f"UPDATE audit_event SET {change} WHERE id = %s", chain[2].pk
    )

    assert first_broken() == chain[2]


def test_first_broken_finds_the_gap_of_a_removed_event(chain):
    as_the_owner_who_forges("DELETE FROM audit_event WHERE id = %s", chain[2].pk)

    assert first_broken() == chain[3]


def test_verify_finds_a_tail_that_was_cut_off(chain, capsys):
    call_command("audit_verify", head=True)
    kept = capsys.readouterr().out.strip()
    call_command("audit_verify", expect=kept)

    as_the_owner_who_forges("DELETE FROM audit_event WHERE id = %s", chain[4].pk)

    assert first_broken() is None
    with pytest.raises(CommandError, match="cut off"):
        call_command("audit_verify", expect=kept)


def test_verify_tells_the_first_broken_event(chain, capsys):
    call_command("audit_verify")
    assert capsys.readouterr().out == f"whole: 5 events, head {chain[4].hash}\n"

    as_the_owner_who_forges("UPDATE audit_event SET by_id = NULL")

    with pytest.raises(CommandError, match=f"broken at event {chain[0].pk}"):
        call_command("audit_verify")


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET kind = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE accounts_user CASCADE",
    ],
)
def test_the_database_refuses_to_rewrite(chain, statement, role):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(f"SET LOCAL session_replication_role = {role}")

    with (
        pytest.raises(DatabaseError, match=r"append-only|Cannot update or delete"),
        transaction.atomic(),
    ):
        sql(statement)

    assert Event.objects.count() == 5


def test_record_leaves_nothing_when_its_cause_is_rolled_back(person):
    with transaction.atomic():
        record("test.done", subject=person, by=person)
        transaction.set_rollback(True)

    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_keep_one_chain(person):
    def write(_):
        try:
            for _ in range(10):
                record("test.done", subject=person, by=person)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    assert Event.objects.count() == 40
    assert first_broken() is None


def test_staff_read_events_and_change_none(client, chain, person):
    person.is_superuser = True
    person.save()
    client.force_login(person)

    listed = client.get(reverse("admin:audit_event_changelist"))
    event = reverse("admin:audit_event_change", args=[chain[0].pk])

    assert f"accounts.user {person.pk}" in listed.text
    assert client.get(event).status_code == 200
    assert client.post(event, {"kind": "x"}).status_code == 403

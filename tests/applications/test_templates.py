"""Legal texts: a draft is tried out by its example, and somebody else publishes it."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import Error, IntegrityError
from django.urls import reverse
from django.utils import timezone

from applications.models import DocumentKind, DocumentTemplate
from applications.services import templates
from audit.models import Event
from tests.factories import UserFactory
from tests.races import racing

pytestmark = pytest.mark.django_db


def draft(by, **changes):
    first = DocumentTemplate.objects.get(kind=DocumentKind.TERMS, version="1.0")
    made = DocumentTemplate(
        **{
            "kind": DocumentKind.TERMS,
            "title": first.title,
            "version": "2.0",
            "valid_from": timezone.localdate(),
            "source": first.source,
            **changes,
        }
    )
    templates.write(made, by=by)
    return made


def staff():
    person = UserFactory(is_staff=True)
    rights = Permission.objects.filter(codename__endswith="documenttemplate")
    person.user_permissions.add(*rights.exclude(codename__startswith="delete"))
    return person


def page(name, template):
    return reverse(f"admin:applications_documenttemplate_{name}", args=[template.pk])


def in_force():
    return DocumentTemplate.objects.in_force(DocumentKind.TERMS, timezone.localdate())


def test_a_draft_is_used_for_nothing(client):
    made = draft(staff())

    assert in_force().version == "1.0"
    assert client.get(f"/aanvragen/voorwaarden/{made.pk}/").status_code == 404


def test_another_publishes_what_they_saw_and_it_is_used(client):
    writer, other = staff(), staff()
    made = draft(writer)
    client.force_login(other)

    example = client.get(page("example", made))
    shown = client.get(page("publish", made)).text
    client.post(page("publish", made), {"seen": made.digest})

    assert example.content.startswith(b"%PDF-")
    assert made.digest in shown
    assert in_force() == made
    event = Event.objects.get(kind="document_template.published")
    assert (event.by, event.data["digest"]) == (other, made.digest)


def test_who_wrote_it_cannot_publish_it(client):
    writer = staff()
    made = draft(writer)
    client.force_login(writer)

    said = client.post(page("publish", made), {"seen": made.digest}, follow=True).text

    assert "Een ander moet haar publiceren" in said
    assert in_force().version == "1.0"
    with pytest.raises(IntegrityError, match="published_by_another"):
        DocumentTemplate.objects.filter(pk=made.pk).update(
            published_at=timezone.now(), published_by=writer
        )


def test_what_was_changed_since_it_was_shown_is_not_published(client):
    writer, other = staff(), staff()
    made = draft(writer)
    seen = made.digest
    made.title = "Andere voorwaarden"
    templates.write(made, by=writer)

    with pytest.raises(templates.ChangedMeanwhile):
        templates.publish(made, seen=seen, by=other)


def test_a_day_that_is_over_is_refused():
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    made = draft(staff(), valid_from=yesterday)

    with pytest.raises(templates.InThePast):
        templates.publish(made, seen=made.digest, by=staff())


def test_what_was_published_is_never_changed(client):
    made = draft(staff())
    templates.publish(made, seen=made.digest, by=(other := staff()))
    made.refresh_from_db()
    client.force_login(other)

    with pytest.raises(templates.AlreadyPublished):
        templates.write(made, by=other)
    assert "_save" not in client.get(page("change", made)).text
    with pytest.raises(Error, match="Cannot update or delete"):
        DocumentTemplate.objects.filter(pk=made.pk).update(title="Anders")


def test_a_draft_can_be_changed_by_its_page(client):
    made = draft(staff())
    client.force_login(other := staff())
    answers = {"kind": made.kind, "title": "Beter", "version": "2.0", "language": "nl"}
    answers |= {"valid_from": made.valid_from.isoformat(), "source": made.source}

    client.post(page("change", made), answers)

    made.refresh_from_db()
    assert (made.title, made.written_by) == ("Beter", other)


@pytest.mark.django_db(transaction=True)
def test_a_text_that_is_changed_while_it_is_published_is_never_published_unseen(
    committed,
):
    writer, other = staff(), staff()
    late = (templates.AlreadyPublished, templates.ChangedMeanwhile)
    with racing(2) as race:
        for number in range(20):
            made = draft(writer, version=f"3.{number}")
            seen, again = made.digest, DocumentTemplate.objects.get(pk=made.pk)
            again.title = "Anders"

            race.run(
                lambda again=again: templates.write(again, by=writer),
                lambda made=made, seen=seen: templates.publish(
                    made, seen=seen, by=other
                ),
                losing=late,
            )

            made.refresh_from_db()
            assert not made.published_at or made.digest == seen

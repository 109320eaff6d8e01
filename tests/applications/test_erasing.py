"""What is left of an application that came to nothing, once its term is over."""

import datetime

import pytest
from django.db import Error, connection
from django.utils import timezone

from applications.models import Application, Document, Status
from applications.services import erasing, following, handling
from mail import private_links
from tests.applications.filling import TYPED
from tests.applications.test_following import application_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PERSONAL = {
    str(value)
    for step in ("organisatie", "contactpersonen", "account", "betaling")
    for name, value in TYPED[step].items()
    if name.endswith(("name", "email", "phone", "iban", "street", "username"))
    and len(str(value)) > 4
}


def ended_long_ago(application, days=181):
    past = timezone.now() - datetime.timedelta(days=days)
    Application.objects.filter(pk=application.pk).update(status_since=past)
    erasing.erase_all()
    application.refresh_from_db()


def whole_database():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from (row for (row,) in cursor)


def found(words):
    rows = "\n".join(whole_database())
    return {word for word in words if word in rows}


@pytest.mark.parametrize("end", [Status.WITHDRAWN, Status.REJECTED])
def test_nothing_of_anybody_is_left(end, client):
    application = application_in(Status.CONTRACT_SENT)
    if end == Status.WITHDRAWN:
        following.withdraw(application)
    else:
        handling.reject(application, reason="Piet tekent niet.", by=UserFactory())
    assert len(found(PERSONAL)) > 5

    ended_long_ago(application)

    assert found(PERSONAL | {"Piet tekent niet"}) == set()
    assert (application.status, application.reference[:3]) == (end, "AV-")
    assert not Document.objects.exists()
    link = private_links.token("application", application.pk, application.link_version)
    assert client.get(f"/aanvraag/{link}/").status_code == 404


def test_staff_see_that_it_was_erased(admin_client):
    application = application_in(Status.WITHDRAWN)
    ended_long_ago(application)

    page = admin_client.get(
        f"/beheer/applications/application/{application.pk}/change/"
    )

    assert "De gegevens, documenten en mails zijn gewist op" in page.text


def test_within_its_term_and_with_a_contract_everything_stays():
    withdrawn, approved = (
        application_in(Status.WITHDRAWN),
        application_in(Status.APPROVED, kvk_number="69599084", username="tweede.naam"),
    )

    ended_long_ago(withdrawn, days=179)
    ended_long_ago(approved, days=5000)

    assert withdrawn.answers
    assert approved.answers
    assert not withdrawn.erased_at
    assert not approved.erased_at


def test_the_database_erases_no_application_that_goes_on():
    application = application_in(Status.CONTRACT_SENT)

    with pytest.raises(Error, match="application_erased_holds_nothing"):
        Application.objects.filter(pk=application.pk).update(erased_at=timezone.now())

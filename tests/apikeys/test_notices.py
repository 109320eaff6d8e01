"""Notices: for who really calls, mailed once, read by an organisation, and who is not ready."""

import csv
import datetime
import io
import re

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys import notices
from apikeys.models import Api, Notice, NoticeKind, NoticeMail, NoticeReader, Product
from audit.models import Event
from mail.models import Message
from organisations.roles import Role
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory
from tests.races import racing

TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)


@pytest.fixture
def api(db):
    found, _ = Api.objects.get_or_create(slug="zoeken")
    product, _ = Product.objects.get_or_create(slug="api-abonnement")
    product.apis.add(found)  # a test that commits begins without a catalogue
    return found


@pytest.fixture
def member(api):
    return MembershipFactory()


@pytest.fixture
def key(member, api):
    product = Product.objects.get(slug="api-abonnement")
    return ApiKeyFactory(organisation=member.organisation, products=[product])


def notice(**fields):
    texts = {"title": "Zoeken v1 stopt", "title_en": "Zoeken v1 ends"}
    texts |= {"text": "Ga over op v2.", "text_en": "Move to v2."}
    made = Notice(**{"kind": NoticeKind.DEPRECATION, **texts, **fields})
    notices.save(made, by=of_group("catalogus"))
    return made


def of_group(name):
    user = UserFactory(is_staff=True)
    user.groups.set(Group.objects.filter(name=name))
    return user


def aimed(made):
    notices.tell_all()
    return {one.organisation for one in NoticeReader.objects.filter(notice=made)}


def test_it_is_aimed_at_who_called_in_the_last_days(member, key, api):
    other = MembershipFactory().organisation
    made = notice(api=api)
    count(key, TODAY - 31 * DAY, api=api)
    assert aimed(made) == set()
    assert aimed(notice()) == {member.organisation, other}

    count(key, TODAY - 29 * DAY, api=api)

    assert aimed(made) == {member.organisation}


def test_what_is_not_visible_is_told_to_nobody(member):
    now = timezone.now()
    later = notice(visible_from=now + DAY)
    over = notice(visible_from=now - 2 * DAY, visible_until=now - DAY)

    assert aimed(later) == aimed(over) == set()


def test_it_is_mailed_to_everybody_of_them_once(member, key, api):
    developer = MembershipFactory(organisation=member.organisation, role=Role.DEVELOPER)
    both = MembershipFactory(user=developer.user).organisation
    gone = MembershipFactory(organisation=member.organisation).user
    gone.is_active = False
    gone.save()
    for of in (key, ApiKeyFactory(organisation=both, products=Product.objects.all())):
        count(of, TODAY, api=api)
    MembershipFactory()

    notice(api=api, mails=True)
    notices.tell_all()
    notices.tell_all()

    sent = sorted(Message.objects.values_list("to", flat=True))
    assert sent == sorted([member.user.email, developer.user.email])


def test_it_is_mailed_in_the_language_of_who_reads(member):
    member.user.language = "en"
    member.user.save()

    notice(mails=True)
    notices.tell_all()

    message = Message.objects.get()
    assert message.subject_line == "End of an API: Zoeken v1 ends"
    assert message.context["texts"] == ["Move to v2."]


def test_a_notice_that_is_not_mailed_is_not_mailed(member):
    assert aimed(notice()) == {member.organisation}
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_mail_once(member):
    """Also somebody of two organisations, whom two workers write to."""
    other = MembershipFactory(user=member.user).organisation

    with racing(4) as race:
        for _round in range(15):
            made = notice(kind="incident", mails=True)
            of = [member.organisation, other] * 2
            acts = [lambda made=made, one=one: notices.tell(made, one) for one in of]
            assert race.run(*acts, losing=IntegrityError) == [True] * 4

    assert Message.objects.count() == NoticeMail.objects.count() == 15
    assert NoticeReader.objects.count() == 30


def test_the_dashboard_tells_it_and_a_member_says_that_it_was_read(client, member):
    made = notice()
    notices.tell_all()
    developer = MembershipFactory(organisation=member.organisation, role=Role.DEVELOPER)
    client.force_login(developer.user)
    dashboard = reverse("organisations:dashboard", args=[member.organisation.slug])
    page = client.get(dashboard).text
    assert "Einde van een API: Zoeken v1 stopt" in page
    act = re.search(r'action="([^"]+/gelezen/)"', page)[1]

    client.post(act)
    client.force_login(member.user)
    client.post(act)

    reader = NoticeReader.objects.get()
    assert reader.read_by == developer.user
    assert f"Gelezen door {developer.user.name}" in client.get(dashboard).text
    event = Event.objects.get(kind="notice.read")
    assert (event.by, event.organisation) == (developer.user, member.organisation)
    assert event.subject_id == str(made.pk)


def test_another_organisation_reads_nothing_for_us(client, member):
    notice()
    notices.tell(Notice.objects.get(), member.organisation)
    stranger = MembershipFactory()
    reader = NoticeReader.objects.get()
    client.force_login(stranger.user)

    for slug in (stranger.organisation.slug, member.organisation.slug):
        url = reverse("apikeys:acknowledge_notice", args=[slug, reader.pk])
        assert client.post(url).status_code == 404
    reader.refresh_from_db()
    assert reader.read_at is None


@pytest.mark.parametrize(
    ("language", "texts"),
    [("nl", ["Zoeken v1 stopt", "Voorbij"]), ("en", ["Zoeken v1 ends", "Past"])],
)
def test_anybody_reads_the_status(client, db, language, texts):
    now = timezone.now()
    notice()
    notice(title="Weg", visible_from=now - 50 * DAY, visible_until=now - 40 * DAY)
    notice(visible_from=now - 2 * DAY, visible_until=now - DAY)
    notice(title="Straks", title_en="Straks", visible_from=now + DAY)

    page = client.get(reverse("apikeys:status"), headers={"Accept-Language": language})

    assert all(text in page.text for text in texts)
    assert "Weg" not in page.text
    assert "Straks" not in page.text


@pytest.fixture
def staff(client, db):
    user = of_group("support")
    client.force_login(user)
    return user


def test_staff_see_who_is_not_ready_and_who_still_calls(
    client, staff, member, key, api
):
    count(key, TODAY - 3 * DAY, 12, api=api)
    made = notice(api=api)
    notices.tell_all()
    page = reverse("admin:apikeys_notice_readers", args=[made.pk])
    assert "nog niet" in client.get(page).text

    notices.acknowledge(NoticeReader.objects.get(), by=member.user)

    (one,) = notices.readiness(made, notices.not_ready(made))
    assert (one.calls, one.last, one.ready) == (12, TODAY - 3 * DAY, False)
    shown = client.get(page).text
    assert member.user.name in shown
    assert ">12<" in shown
    assert "en de API niet meer aanroept" in shown


def test_who_read_and_calls_it_no_more_is_ready(client, staff, member, key, api):
    made = notice(api=api)
    notices.tell(made, member.organisation)
    notices.acknowledge(NoticeReader.objects.get(), by=member.user)

    page = client.get(reverse("admin:apikeys_notice_readers", args=[made.pk]))

    assert "Iedereen voor wie dit is, is klaar" in page.text


def test_the_list_as_csv_has_no_formula(client, staff, member):
    member.organisation.name = "=HYPERLINK(1)"
    member.organisation.save()
    made = notice()
    notices.tell_all()

    response = client.get(reverse("admin:apikeys_notice_csv", args=[made.pk]))

    header, row = csv.reader(io.StringIO(response.getvalue().decode()))
    cells = dict(zip(header, row, strict=True))
    assert cells["name"] == "'=HYPERLINK(1)"
    assert (cells["ready"], cells["calls"]) == ("no", "0")
    assert Event.objects.filter(kind="notice.exported", by=staff).exists()


def typed(**fields):
    return {
        "kind": "maintenance", "title": "Onderhoud", "title_en": "Maintenance",
        "text": "Zaterdag.", "text_en": "Saturday.", "api": "", "days": "30", "everybody": "on",
        "visible_from": f"{TODAY}T08:00", "visible_until": "", **fields,
    }  # fmt: skip


def test_staff_make_a_notice_and_end_it(client, staff):
    client.post(reverse("admin:apikeys_notice_add"), typed(mails="on"))
    made = Notice.objects.get()
    ends = {"visible_until": f"{TODAY}T09:00"}
    page = reverse("admin:apikeys_notice_change", args=[made.pk])

    client.post(page, typed(**ends, title="Anders"))

    made.refresh_from_db()
    assert (made.title, made.mails) == ("Anders", True)
    assert made.visible_until
    kinds = Event.objects.filter(by=staff).values_list("kind", flat=True)
    assert [*kinds] == ["notice.added", "notice.changed"]


def test_a_notice_does_not_end_before_it_begins(client, staff):
    ends = {"visible_until": f"{TODAY}T07:00"}

    response = client.post(reverse("admin:apikeys_notice_add"), typed(**ends))

    assert "Dit moment ligt voor het begin" in response.text
    assert 'id="id_visible_until_error"' in response.text


def test_the_list_of_who_is_not_ready_costs_no_query_an_organisation(
    client, staff, api, django_assert_max_num_queries
):
    made = notice(api=api)
    for _ in range(8):
        notices.tell(made, MembershipFactory().organisation)
    page = reverse("admin:apikeys_notice_readers", args=[made.pk])
    client.get(page)

    with django_assert_max_num_queries(12):
        client.get(page)


def test_what_was_told_stays_what_was_told(client, staff, member):
    client.post(reverse("admin:apikeys_notice_add"), typed())
    made = Notice.objects.get()
    page = reverse("admin:apikeys_notice_change", args=[made.pk])
    assert 'name="text"' in client.get(page).text
    notices.tell_all()

    assert 'name="text"' not in client.get(page).text
    answer = client.post(page, typed(text="Er was niets."))
    assert "staat vast" in answer.text
    assert "Er was niets." in answer.text  # what was typed is not lost
    with pytest.raises(ProgrammingError), transaction.atomic():
        Notice.objects.update(text="Er was niets.")

    until = f"{TODAY + DAY}T09:00"
    client.post(page, {"visible_from": f"{TODAY}T08:00", "visible_until": until})
    made.refresh_from_db()
    assert (made.text, made.visible_until is not None) == ("Zaterdag.", True)


@pytest.mark.django_db(transaction=True)
def test_a_text_that_is_changed_while_it_is_told_is_told_as_it_reads(member):
    with racing(2) as race:
        for _round in range(20):
            made = notice(kind="incident", mails=True)
            row = Notice.objects.get(pk=made.pk)
            row.text = "Toch niet."
            by = of_group("catalogus")
            race.run(
                lambda made=made: notices.tell(made, member.organisation),
                lambda row=row, by=by: notices.save(row, by=by),
                losing=ProgrammingError,
            )
            made.refresh_from_db()
            mail = Message.objects.get(about_id=made.pk)
            assert mail.context["texts"] == [made.text]


def test_everybody_is_told_only_when_that_was_meant(client, staff, api):
    add = reverse("admin:apikeys_notice_add")

    assert "vink aan dat het voor alle" in client.post(add, typed(everybody="")).text
    answer = client.post(add, typed(api=api.pk))
    assert "of voor alle organisaties" in answer.text
    assert not Notice.objects.exists()


@pytest.mark.parametrize("kind", ["deprecation", "price"])
def test_support_tells_no_prices_and_ends_nothing(client, staff, kind):
    add = reverse("admin:apikeys_notice_add")

    assert f'value="{kind}"' not in client.get(add).text
    client.post(add, typed(kind=kind))
    assert not Notice.objects.exists()
    made = notice(kind=kind)
    with pytest.raises(PermissionDenied):
        notices.save(made, by=staff)
    page = reverse("admin:apikeys_notice_change", args=[made.pk])
    assert client.post(page, typed(kind=kind)).status_code == 403
    client.force_login(of_group("catalogus"))
    client.post(add, typed(kind=kind, title="Van catalogus"))
    assert Notice.objects.filter(title="Van catalogus").exists()


def test_a_notice_that_nobody_was_told_makes_nobody_ready(client, staff):
    made = notice(visible_from=timezone.now() + DAY)

    page = client.get(reverse("admin:apikeys_notice_readers", args=[made.pk]))

    assert "Nog aan geen organisatie verteld" in page.text
    assert "is klaar" not in page.text

"""A month that is over: one report for whom was chosen, a statement that adds up."""

import base64
import csv
import datetime
import io
import json
from decimal import Decimal

import pgtrigger
import pikepdf
import pytest
from cryptography.exceptions import InvalidSignature
from django.db import Error, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apikeys import jwk, monthly, statements
from apikeys.models import (
    Api,
    ApiKey,
    MonthlyReport,
    Price,
    Product,
    StatementBatch,
    UsageMail,
)
from apikeys.reading import costs
from mail import rendering
from mail.models import Message
from organisations.roles import Role
from organisations.services import members
from tests.apikeys.counted import count
from tests.factories import ApiKeyFactory, MembershipFactory
from tests.races import racing

MONTH = datetime.date(2026, 3, 1)


@pytest.fixture
def member(db):
    return MembershipFactory()


@pytest.fixture
def key(member):
    api, _ = Api.objects.get_or_create(slug="basisprofiel")
    product, _ = Product.objects.get_or_create(slug="api-abonnement")
    product.apis.add(api)  # a test that commits begins without a catalogue
    key = ApiKeyFactory(organisation=member.organisation, products=[product])
    long_ago = timezone.make_aware(datetime.datetime(2025, 1, 1))
    ApiKey.objects.filter(pk=key.pk).update(created_at=long_ago)
    return key


@pytest.fixture
def basis():
    return Api.objects.get(slug="basisprofiel")


@pytest.fixture
def readers(member):
    chosen = UsageMail.objects.create(organisation=member.organisation)
    chosen.report_to.add(member.user)
    return chosen


def put_right(api):
    """What only somebody at the database can do."""
    with pgtrigger.ignore("apikeys.Price:stays_what_it_was"):
        Price.objects.filter(api=api).update(amount=Decimal("0.01"))


def text_of(content):
    with pikepdf.open(io.BytesIO(bytes(content))) as pdf:
        return pdf.docinfo["/Title"], len(pdf.pages)


def test_the_report_goes_to_whom_was_chosen_once(key, member, readers):
    MembershipFactory(organisation=member.organisation)
    count(key, MONTH.replace(day=9), 500)

    monthly.send(member.organisation, MONTH)
    monthly.send(member.organisation, MONTH)

    message = Message.objects.get()
    assert message.to == member.user.email
    name, content, media_type = rendering.email(message).attachments[0]
    assert (name, media_type) == ("verbruik-2026-03.pdf", "application/pdf")
    assert content == bytes(MonthlyReport.objects.get(language="nl").content)


def test_who_reads_english_gets_the_report_in_english(client, key, member, readers):
    count(key, MONTH.replace(day=9), 12500)
    member.user.language = "en"
    member.user.save()

    monthly.send(member.organisation, MONTH)

    name, content, _type = rendering.email(Message.objects.get()).attachments[0]
    title, _pages = text_of(content)
    assert (name, str(title)[:19]) == ("usage-2026-03.pdf", "Usage in March 2026")
    client.force_login(member.user)
    slug = member.organisation.slug
    mine = client.get(reverse("apikeys:monthly_report", args=[slug, "2026-03"]))
    assert mine.content == content


def test_the_report_is_archivable_and_says_what_was_used(key, member, basis):
    count(key, MONTH.replace(day=9), 12500, api=basis)

    content = monthly.draw_up(member.organisation, MONTH, "nl")

    assert content.startswith(b"%PDF-")
    assert b"pdfuaid" in content
    assert b"pdfaid" in content
    title, _pages = text_of(content)
    assert str(title).startswith("Verbruik in maart 2026")
    shown = monthly.data(member.organisation, MONTH)
    assert ["Bevragingen", "12.500"] in shown["facts"]
    assert ["Kosten", "€\u00a0256,40"] in shown["facts"]
    assert ["9 maart", "12.500"] in shown["days"]


def test_a_name_is_no_source(key, member):
    member.organisation.name = '#panic("x") $x$ = kop \u202e'
    ApiKey.objects.filter(pk=key.pk).update(name="#include ../x")
    count(key, MONTH, 1)

    assert monthly.draw_up(member.organisation, MONTH, "nl").startswith(b"%PDF-")


def test_a_month_without_use_has_a_report(key, member):
    assert monthly.draw_up(member.organisation, MONTH, "nl").startswith(b"%PDF-")


def test_who_left_gets_no_report(key, member, readers):
    other = MembershipFactory(organisation=member.organisation)
    readers.report_to.add(other.user)
    members.remove_member(other, by=member.user)
    Message.objects.all().delete()

    monthly.send(member.organisation, MONTH)

    assert [*Message.objects.values_list("to", flat=True)] == [member.user.email]


@pytest.mark.django_db(transaction=True)
def test_workers_that_send_at_once_send_one_report(key, member, readers):
    count(key, MONTH, 500)

    with racing(3) as race:
        for number in range(1, 11):
            month = datetime.date(2026, number, 1)
            tries = [lambda month=month: monthly.send(member.organisation, month)] * 3
            assert race.run(*tries, losing=IntegrityError) == [True] * 3

    assert MonthlyReport.objects.count() == 20
    assert Message.objects.count() == 10


@pytest.mark.parametrize(("day", "closed"), [((4, 2), 0), ((4, 3), 1), ((5, 12), 0)])
def test_a_month_closes_on_the_third_day(key, member, day, closed):
    monthly.end_months(datetime.date(2026, *day))

    assert StatementBatch.objects.filter(month=MONTH).count() == closed


def test_closing_again_adds_nothing(key, member, basis):
    count(key, MONTH, 100, api=basis)

    assert statements.close(member.organisation, MONTH).number == 1
    assert statements.close(member.organisation, MONTH) is None


def test_what_comes_late_is_a_correction_and_the_sum_is_what_it_costs(
    key, member, basis
):
    count(key, MONTH, 100, api=basis)
    statements.close(member.organisation, MONTH)
    count(key, MONTH, 11, api=basis)

    batch = statements.close(member.organisation, MONTH)

    assert [(one["count"], one["amount"]) for one in batch.lines] == [(11, "0.22")]
    batches = list(statements.of_month(member.organisation, MONTH))
    last = MONTH.replace(day=31)
    assert statements.amount(batches) == costs.so_far(member.organisation, last).amount
    assert batch.previous == batches[0].sha256


def test_a_price_put_right_is_a_correction_down(key, member, basis):
    count(key, MONTH, 100, api=basis)
    statements.close(member.organisation, MONTH)
    put_right(basis)

    batch = statements.close(member.organisation, MONTH)

    assert {one["count"] for one in batch.lines} == {100, -100}
    batches = list(statements.of_month(member.organisation, MONTH))
    assert statements.amount(batches) == Decimal("7.40")


def test_what_was_stated_cannot_be_changed(key, member):
    statements.close(member.organisation, MONTH)

    for act in (
        lambda: StatementBatch.objects.update(lines=[]),
        lambda: StatementBatch.objects.all().delete(),
    ):
        with pytest.raises(Error, match="Cannot"), transaction.atomic():
            act()


@pytest.fixture
def take(client, member):
    client.force_login(member.user)

    def get(name, month="2026-03"):
        url = reverse(f"apikeys:{name}", args=[member.organisation.slug, month])
        return client.get(url)

    return get


def test_the_signed_statement_can_be_checked_as_documented(
    key, member, basis, take, check
):
    count(key, MONTH, 100, api=basis)
    statements.close(member.organisation, MONTH)
    count(key, MONTH, 1, api=basis)
    statements.close(member.organisation, MONTH)

    text = take("statement_json").text

    check(text)
    assert json.loads(text)["statement"]["amount"] == "8.42"


def test_a_statement_that_somebody_else_signed_is_found_out(
    key, member, take, check, settings
):
    statements.close(member.organisation, MONTH)
    ours = jwk.public(settings.STATEMENT_KEY)["kid"]
    settings.STATEMENT_KEY = b"f" * 32
    forged = json.loads(take("statement_json").text)

    with pytest.raises(KeyError):
        check(json.dumps(forged))
    forged["signature"]["keyId"] = ours
    with pytest.raises(InvalidSignature):
        check(json.dumps(forged))


def test_the_published_key_is_that_of_statements_and_no_other(client, settings):
    settings.SNAPSHOT_KEY = b"s" * 32
    found = {
        name: client.get(reverse(f"apikeys:{name}_keys")).json()["keys"]
        for name in ("statement", "snapshot")
    }

    assert found["statement"] == [jwk.public(settings.STATEMENT_KEY)]
    assert found["snapshot"] == [jwk.public(settings.SNAPSHOT_KEY)]
    assert found["statement"] != found["snapshot"]


def test_the_page_leads_to_the_key_of_statements(client, member):
    client.force_login(member.user)

    page = client.get(reverse("apikeys:months", args=[member.organisation.slug]))

    assert reverse("apikeys:statement_keys") in page.text


@pytest.mark.parametrize("fault", ["count", "batch", "signature"])
def test_a_statement_that_was_tampered_with_is_found_out(
    key, member, take, check, fault
):
    statements.close(member.organisation, MONTH)
    signed = json.loads(take("statement_json").text)
    if fault == "count":
        signed["statement"]["batches"][0]["lines"][0]["count"] = 9
    elif fault == "batch":
        signed["statement"]["batches"] = []
    else:
        signed["signature"]["value"] = base64.b64encode(b"x" * 64).decode()

    with pytest.raises(InvalidSignature):
        check(json.dumps(signed))


def test_the_csv_has_every_line_of_every_batch(key, member, basis, take):
    count(key, MONTH, 100, api=basis)
    statements.close(member.organisation, MONTH)
    put_right(basis)
    statements.close(member.organisation, MONTH)

    content = b"".join(take("statement_csv").streaming_content).decode()
    header, *rows = csv.reader(io.StringIO(content))

    of_lines = [row for row in rows if row[header.index("kind")] == "line"]
    amounts = [Decimal(row[header.index("amount")]) for row in of_lines]
    assert sum(amounts) == Decimal("7.40")
    assert min(amounts) == -2


@pytest.mark.parametrize("month", ["2026-04", "2026-13", "maart"])
def test_a_month_that_is_not_there_is_not_found(key, member, take, month):
    for name in ("statement_csv", "statement_json", "monthly_report"):
        assert take(name, month).status_code == 404


def test_a_developer_reads_the_months_and_takes_the_report(
    client, key, member, readers
):
    monthly.send(member.organisation, MONTH)
    statements.close(member.organisation, MONTH)
    developer = MembershipFactory(organisation=member.organisation, role=Role.DEVELOPER)
    client.force_login(developer.user)
    slug = member.organisation.slug

    html = client.get(reverse("apikeys:months", args=[slug])).text
    pdf = client.get(reverse("apikeys:monthly_report", args=[slug, "2026-03"]))

    assert "maart 2026" in html
    assert "€\u00a06,40" in html
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content == bytes(MonthlyReport.objects.get(language="nl").content)

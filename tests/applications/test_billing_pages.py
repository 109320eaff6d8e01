"""The pages on which a month goes to billing, and a line is put right by two."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.formats import date_format

from applications.models import (
    BillingCorrection,
    BillingLine,
    BillingMonth,
    DirectDebit,
    Status,
)
from applications.services import billing, collecting
from applications.staff.billing import UNITS
from tests.applications.test_billing import DEBIT, MONTH, member, page, runs
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return runs(ApplicationFactory(status=Status.APPROVED, **DEBIT).contract)


@pytest.fixture
def biller(client):
    return member(client)


@pytest.fixture
def line(contract):
    billing.make(MONTH)
    return BillingLine.objects.get()  # € 6,40


def proposed(line, amount, by=None, reason="Storing"):
    by = by or UserFactory()
    return billing.propose(line, amount=Decimal(amount), reason=reason, by=by)


def approve(correction, by=None):
    seen = correction.line.stands_at()
    billing.approve(correction, seen=seen, by=by or UserFactory())


def decided_on(client, correction):
    return client.get(page("billingcorrection_change", correction.pk)).text


def test_who_approves_sees_what_it_is_about(client, biller, line, contract):
    approve(proposed(line, "-1.40", reason="Eerder al teruggegeven"))

    shown = decided_on(client, proposed(line, "-2.00"))

    for text in (
        contract.number,
        contract.organisation.name,
        "€\u00a06,40",  # what was billed
        "€\u00a05,00",  # what it comes to now
        "€\u00a03,00",  # and then
        "Eerder al teruggegeven",
        "Goedkeuren",
    ):
        assert text in shown, text


@pytest.mark.parametrize(
    ("amount", "warned"),
    [
        ("-1.00", []),
        ("6.40", []),
        ("6.50", ["Het verschil is groter dan de regel zelf."]),
        ("-6.50", ["groter dan de regel", "Daarna staat de regel onder nul."]),
        ("64.10", ["meer dan tien keer de regel"]),
    ],
)
def test_who_decides_is_warned_of_a_difference_that_is_odd(
    client, biller, line, amount, warned
):
    shown = decided_on(client, proposed(line, amount))

    assert ("Let op" in shown) == bool(warned)
    for text in warned:
        assert text in shown, text


def test_a_second_proposal_for_one_line_is_seen(client, biller, line):
    proposed(line, "-1.00", reason="Dubbel geteld")

    shown = decided_on(client, proposed(line, "-1.00"))

    assert "Er is nog een voorstel voor deze regel." in shown
    assert "Dubbel geteld" in shown


def test_who_proposed_is_offered_to_take_it_back_and_no_more(client, biller, line):
    mine = proposed(line, "-1.00", by=biller)

    shown = decided_on(client, mine)

    assert 'name="approve"' not in shown
    assert "Je hebt dit zelf voorgesteld. Een collega beslist." in shown
    client.post(page("billingcorrection_decide", mine.pk), {"refuse": "1"})
    mine.refresh_from_db()
    assert mine.approved is False
    assert 'name="refuse"' not in decided_on(client, mine)


def test_nothing_is_approved_that_changed_since_it_was_looked_at(client, biller, line):
    first, second = proposed(line, "-1.00"), proposed(line, "-1.00")
    seen = {"approve": "1", "seen": "6.40"}
    approve(first)

    said = client.post(
        page("billingcorrection_decide", second.pk), seen, follow=True
    ).text

    second.refresh_from_db()
    assert second.approved is None
    assert "intussen gewijzigd" in said
    for odd in ("", "x", "NaN", "sNaN", "9" * 400):
        client.post(page("billingcorrection_decide", second.pk), {**seen, "seen": odd})
        second.refresh_from_db()
        assert second.approved is None
    client.post(page("billingcorrection_decide", second.pk), {**seen, "seen": "5.40"})
    second.refresh_from_db()
    assert second.approved


def test_a_difference_that_was_decided_on_is_not_counted_again(client, biller, line):
    agreed = proposed(line, "-1.40")
    assert "€\u00a05,00" in decided_on(client, agreed)  # what it would come to

    said = client.post(
        page("billingcorrection_decide", agreed.pk),
        {"approve": "1", "seen": "6.40"},
        follow=True,
    ).text

    assert "Goedgekeurd: het staat op de afrekening" in said
    assert "€\u00a05,00" in said
    assert "Daarna" not in said
    assert "€\u00a03,60" not in said


@pytest.mark.parametrize(
    ("mine", "answer"),
    [
        (True, "Je voorstel is teruggenomen. Er verandert niets."),
        (False, "Niet gedaan. Er verandert niets."),
    ],
)
def test_who_does_not_do_it_reads_that_nothing_changes(
    client, biller, line, mine, answer
):
    correction = proposed(line, "-1.00", by=biller if mine else None)
    assert "nog niet beslist" in decided_on(client, correction)

    decide = page("billingcorrection_decide", correction.pk)
    said = client.post(decide, {"refuse": "1"}, follow=True).text

    assert answer in said
    assert "niet gedaan" in said
    assert "niet gedaan" in client.get(page("billingcorrection_changelist")).text


def test_a_list_of_lines_is_read_in_words(client, biller, line):
    shown = client.get(page("billingline_changelist")).text

    for text in (str(UNITS[line.unit]), "€\u00a06,40", date_format(MONTH, "F Y")):
        assert text in shown, text
    assert f">{line.unit}<" not in shown


def test_an_odd_difference_is_proposed_when_it_is_said_to_be_right(
    client, biller, line
):
    correct = page("billingline_correct", line.pk)
    typed = {"amount": "-64.00", "reason": "Hele jaar terug"}
    assert "anyway" not in client.get(correct).text

    warned = client.post(correct, typed).text

    assert "Daarna staat de regel onder nul." in warned
    assert "-64.00" in warned
    assert "Hele jaar terug" in warned
    assert not BillingCorrection.objects.exists()
    client.post(correct, {**typed, "anyway": "on"})
    assert BillingCorrection.objects.get().amount == Decimal("-64.00")


def test_a_line_shows_what_was_put_right(client, biller, line, contract):
    approve(proposed(line, "-1.40", reason="Eerder al teruggegeven"))

    shown = client.get(page("billingline_change", line.pk)).text

    for text in (contract.number, "Eerder al teruggegeven", "€\u00a05,00"):
        assert text in shown, text
    assert page("billingline_correct", line.pk) in shown


@pytest.mark.parametrize("typed", ["", "31-02-2027", "volgende week", "2020-01-01"])
def test_a_wrong_day_is_told_beside_the_field_and_stays_typed(
    client, biller, line, typed
):
    ask = page("billingmonth_incasso", line.billing_id)

    shown = client.post(ask, {"collect_on": typed}).text

    assert 'aria-invalid="true"' in shown
    assert f'value="{typed}"' in shown or not typed
    assert "Er is iets niet goed ingevuld" in shown
    assert not DirectDebit.objects.exists()


def test_a_day_that_is_years_away_is_not_taken_for_what_was_meant(client, biller, line):
    far = collecting.latest() + datetime.timedelta(days=1)
    ask = page("billingmonth_incasso", line.billing_id)

    assert 'aria-invalid="true"' in client.post(ask, {"collect_on": far}).text
    with pytest.raises(collecting.TooFar):
        collecting.make(line.billing, collect_on=far, by=biller)


def test_a_day_that_a_colleague_was_before_is_not_passed_over(client, biller, line):
    day = collecting.earliest()
    collecting.make(line.billing, collect_on=day, by=UserFactory())
    ask = page("billingmonth_incasso", line.billing_id)
    mine = {"collect_on": day + datetime.timedelta(days=3)}

    assert "Een collega heeft het bestand al gemaakt" in client.post(ask, mine).text
    assert client.get(ask).status_code == 302
    assert DirectDebit.objects.get().collect_on == day


def test_who_makes_the_file_reads_what_is_collected(client, biller, line):
    shown = client.get(page("billingmonth_incasso", line.billing_id)).text

    assert "1 overeenkomst" in shown
    assert "€\u00a06,40" in shown
    assert "één keer gemaakt" in shown


def test_a_month_is_handed_over_when_that_is_confirmed(client, biller, line):
    done = page("billingmonth_overgedragen", line.billing_id)

    shown = client.get(done).text

    assert "1 regel" in shown
    assert "€\u00a06,40" in shown
    assert "nog geen incassobestand" in shown
    assert BillingMonth.objects.get().handed_over_at is None
    client.post(done)
    assert BillingMonth.objects.get().handed_over_by == biller
    assert client.get(done).status_code == 302
    assert "Iemand anders was je voor." in client.post(done).text


def test_there_is_no_file_before_it_is_made(client, biller, line):
    url = page("billingmonth_bestand", line.billing_id)

    assert client.post(url).status_code == 404


def test_no_page_of_billing_links_to_what_billing_may_not_open(
    client, biller, line, contract
):
    correction = proposed(line, "-1.00")
    billing.hand_over(line.billing, by=biller)

    for url in (
        page("billingline_change", line.pk),
        page("billingline_correct", line.pk),
        page("billingmonth_change", line.billing_id),
        page("billingcorrection_change", correction.pk),
    ):
        shown = client.get(url).text
        assert contract.organisation.name in shown or "billingmonth" in url
        links = {part.split('"')[0] for part in shown.split('href="')[1:]}
        for link in links:
            if link.startswith("/beheer/"):
                assert client.get(link).status_code != 403, (url, link)


def test_who_may_open_it_has_the_link(client, line, contract):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    there = reverse(
        "admin:organisations_organisation_change", args=[line.organisation_id]
    )

    assert there in client.get(page("billingline_change", line.pk)).text

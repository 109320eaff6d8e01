"""What happens when a month is over: its report is sent, its statement closed."""

import datetime
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from mail.paper import typeset
from organisations.models import Organisation
from organisations.services.locking import for_each, lock

from . import statements, usage_emails, usage_page
from .models import Api, MonthlyReport, UsageMail
from .reading import costs, counting
from .reading.counting import Asked
from .reading.periods import Step, midnight, months_before
from .words import duration, euro, number, percent

SOURCE = Path(__file__).parent / "report.typ"
FIRST_DAY, LAST_DAY = 3, 40  # after the month: gateways have reported; nothing may come


def end_months(today: datetime.date) -> None:
    """Close what is over and send its reports; on any day, as often as one likes."""
    customers = Organisation.objects.filter(api_keys__isnull=False).distinct()
    for month in (months_before(today, 1), months_before(today, 2)):
        if FIRST_DAY <= (today - costs.month_of(month).last).days <= LAST_DAY:
            for_each(customers, partial(_end_month, month))


def _end_month(month: datetime.date, organisation: Organisation) -> None:
    statements.close(organisation, month)
    send(organisation, month)


@transaction.atomic
def send(organisation: Organisation, month: datetime.date) -> None:
    """Make the report of a month in each language, and mail who was chosen theirs: once."""
    lock(organisation.pk)
    people = list(readers(organisation))
    reports = MonthlyReport.objects.filter(organisation=organisation, month=month)
    if not people or reports.exists():
        return
    for code, _name in settings.LANGUAGES:
        MonthlyReport.objects.create(
            organisation=organisation,
            month=month,
            language=code,
            content=draw_up(organisation, month, code),
        )
    for person in people:
        usage_emails.monthly_report(reports.get(language=person.language), person)


def readers(organisation: Organisation) -> Iterator[User]:
    """Who was chosen, as far as they still belong to the organisation."""
    chosen = UsageMail.objects.filter(organisation=organisation).first()
    if chosen:
        yield from chosen.report_to.filter(
            is_active=True, memberships__organisation=organisation
        )


def draw_up(organisation: Organisation, month: datetime.date, language: str) -> bytes:
    """The PDF; equal counters, equal bytes."""
    with translation.override(language):
        written = data(organisation, month)
    return typeset(SOURCE.read_text(), written, midnight(month))


def data(organisation: Organisation, month: datetime.date) -> dict[str, Any]:
    """What the report shows, written out as it is read."""
    period = costs.month_of(month)
    asked = Asked(organisation)
    used = counting.used(asked, period, Step.DAY)
    earlier = costs.month_of(months_before(month, 1))
    before = counting.used(asked, earlier, Step.MONTH, only_calls=True).total.calls
    total, bill = used.total, costs.so_far(organisation, period.last)
    keys = dict(organisation.api_keys.values_list("pk", "name"))  # type: ignore[attr-defined]
    apis = {api.pk: str(api) for api in Api.objects.all()}
    return {
        "language": translation.get_language(),
        "words": _words(date_format(month, "F Y")),
        "operator": settings.OPERATOR_LEGAL_NAME,
        "organisation": organisation.name,
        "made": date_format(timezone.localdate(), "j F Y"),
        "date": [month.year, month.month, 1],
        "facts": [
            [_("Bevragingen"), number(total.calls)],
            [_("Bevragingen in de maand ervoor"), _against(total.calls, before)],
            [
                _("Niet gelukt"),
                f"{number(total.failed)} ({percent(total.failed_share)})",
            ],
            [
                _("Antwoordtijd: de helft was sneller dan (geschat)"),
                duration(total.median),
            ],
            [
                _("Antwoordtijd: 95 van de 100 waren sneller dan (geschat)"),
                duration(total.percentile_95),
            ],
            [_("Kosten"), euro(bill.amount)],
        ],
        "apis": _rows(usage_page.ranked(used.by_api, apis, total.calls)),
        "keys": _rows(usage_page.ranked(used.by_key, keys, total.calls)),
        "costs": [_cost(line) for line in bill.lines],
        "days": [
            [date_format(day, "j F"), number(calls)]
            for day, calls in zip(used.moments, used.line(), strict=True)
        ],
    }


def _words(month: str) -> dict[str, str]:
    """What stands between the numbers."""
    return {
        "title": _("Verbruik in %(month)s") % {"month": month},
        "made": _("gemaakt op"),
        "page": _("Pagina"),
        "of": pgettext("page", "van"),
        "short": _("In het kort"),
        "what": _("Wat"),
        "how_many": _("Hoeveel"),
        "by_api": _("Per API"),
        "by_key": _("Per API-key"),
        "key": _("API-key"),
        "calls": _("Bevragingen"),
        "share": _("Deel"),
        "failed": _("Niet gelukt"),
        "costs": _("Kosten"),
        "for": _("Waarvoor"),
        "count": _("Aantal"),
        "price": _("Prijs"),
        "amount": _("Bedrag"),
        "no_costs": _("Er zijn geen kosten."),
        "explained": _(
            "Alleen bevragingen die lukten, tellen mee. Over deze bedragen is geen btw"
            " verschuldigd. Gateways kunnen verbruik later melden; de afrekening in het"
            " portaal krijgt daarvoor een correctie. De factuur gaat voor."
        ),
        "by_day": _("Per dag"),
        "day": _("Dag"),
    }


def _against(calls: int, before: int) -> str:
    change = usage_page.change(calls, before)
    return number(before) if change is None else f"{number(before)} ({change:+} %)"


def _rows(rows) -> list[list[str]]:
    return [
        [
            row.name,
            number(row.sums.calls),
            percent(row.share),
            percent(row.sums.failed_share),
        ]
        for row in rows
    ]


def _cost(line: costs.Line) -> list[str]:
    price = line.price
    what = [price.product.name, price.api and price.api.name, price.get_unit_display()]
    name = ", ".join(str(part) for part in what if part)
    return [name, number(line.count), euro(price.amount), euro(line.amount)]

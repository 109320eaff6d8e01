"""The mails about what an organisation uses."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from accounts.models import User
from mail.services import send
from organisations import emails as organisations
from organisations.models import Organisation

from . import words
from .models import AlertKind, Budget, Measure, MonthlyReport, UsageAlert


def budget_reached(budget: Budget, threshold: int, today: datetime.date) -> None:
    """To every administrator: how much of a budget is used, and what happens now."""

    def said():
        of = budget.api_key.name if budget.api_key else _("alle API-keys samen")
        facts = {
            "share": threshold,
            "most": amount(budget),
            "of": of,
            "month": date_format(today, "F Y"),
        }
        title = _("%(share)d %% van je budget is gebruikt") % facts
        text = _(
            "Van het budget van %(most)s voor %(of)s in %(month)s is %(share)d %% gebruikt."
        )
        texts = [text % facts]
        if threshold == 100 and budget.stops:
            texts.append(
                _(
                    "De gateway houdt nieuwe bevragingen tegen tot de volgende maand, of tot je het budget verhoogt."
                )
            )
        elif budget.stops:
            texts.append(_("Is het op, dan houdt de gateway nieuwe bevragingen tegen."))
        return {"title": title, "texts": texts}

    _tell(budget.organisation, said, "apikeys:budgets")


def alert(alert: UsageAlert) -> None:
    """To every administrator: a day that was not like the others, and by how much."""

    def said():
        day = date_format(alert.day, "l j F")
        if alert.kind == AlertKind.UNUSUAL:
            facts = {
                "day": day,
                "was": words.number(int(alert.was)),
                "usual": words.number(int(alert.usual)),
                "weekday": date_format(alert.day, "l"),
            }
            text = _(
                "Op %(day)s waren er %(was)s bevragingen. Op een %(weekday)s zijn dat er meestal ongeveer %(usual)s."
            )
            return {"title": _("Ongewoon verbruik"), "texts": [text % facts]}
        facts = {
            "day": day,
            "was": number_format(alert.was, 1),
            "usual": number_format(alert.usual, 1),
        }
        text = _(
            "Op %(day)s mislukten %(was)s van de 100 bevragingen. In de vier weken ervoor waren dat er %(usual)s."
        )
        return {"title": _("Meer fouten dan gewoonlijk"), "texts": [text % facts]}

    _tell(alert.organisation, said, "apikeys:usage_page")


def amount(budget: Budget) -> str:
    """€ 100,00, or 5.000 bevragingen."""
    if budget.measure == Measure.AMOUNT:
        return words.euro(Decimal(budget.most))
    return _("%(number)s bevragingen") % {"number": words.number(int(budget.most))}


def _tell(
    organisation: Organisation, said: Callable[[], dict[str, Any]], page: str
) -> None:
    organisations.to_administrators(
        "apikeys/emails/usage_notice",
        organisation,
        said,
        about=organisation,
        page=reverse(page, args=[organisation.slug]),
    )


def monthly_report(report: MonthlyReport, person: User) -> None:
    """To who was chosen: the report of a month, as PDF."""
    with translation.override(person.language):
        month = date_format(report.month, "F Y")
    page = reverse("apikeys:months", args=[report.organisation.slug])
    send(
        "apikeys/emails/monthly_report",
        to=person.email,
        language=person.language,
        about=report.organisation,
        context={
            "name": person.name,
            "organisation": report.organisation.name,
            "month": month,
            "page": settings.BASE_URL + page,
        },
        attachments=[report],
    )

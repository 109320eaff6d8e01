"""How numbers about usage are shown, and what other pages show of it."""

from django import template
from django.utils import timezone

from .. import charts, usage_page, words
from ..models import ApiKey, KeyState
from ..reading import counting
from ..reading.counting import Asked
from ..reading.periods import Choice, Step, chosen

register = template.Library()


register.filter("duration", words.duration)
register.filter("percent", words.percent)


@register.filter
def bar(share: float) -> str:
    """The width of a bar of 100, as SVG wants it."""
    return f"{min(100.0, share):.1f}"


@register.inclusion_tag("apikeys/stopped.html")
def stopped_by_budget(membership):
    """A notice where a budget that is used up keeps keys closed, or nothing."""
    keys = ApiKey.objects.filter(organisation=membership.organisation)
    spent = keys.in_state(KeyState.SPENT).select_related("spending_stop")
    return {"membership": membership, "keys": spent[:5], "count": spent.count()}


@register.inclusion_tag("apikeys/usage_glance.html")
def usage_glance(membership):
    """Thirty days as a line, and this month against the last, for the dashboard."""
    today = timezone.localdate()
    asked = Asked(membership.organisation)
    days, _before = chosen(Choice.DAYS_30, today)
    month, last = chosen(Choice.MONTH, today)
    used = counting.used(asked, days, Step.DAY, only_calls=True)
    calls, before = (
        counting.used(asked, period, Step.MONTH, only_calls=True).total.calls
        for period in (month, last)
    )
    names = [usage_page.name_of(day, Step.DAY) for day in used.moments]
    return {
        "membership": membership,
        "line": charts.line(used.line(), [], names),
        "is_running": True,
        "total": used.total.calls,
        "calls": calls,
        "before": before,
        "last": last,
        "change": usage_page.change(calls, before),
    }

"""How numbers about usage are shown, and what other pages show of it."""

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .. import charts, usage_page
from ..models.usage import LATENCIES
from ..reading import counting
from ..reading.counting import Asked
from ..reading.periods import Choice, Step, chosen

register = template.Library()


@register.filter
def duration(milliseconds: float | None) -> str:
    """45 ms, 1,2 s; what lies beyond the last bound is only known to be more."""
    if milliseconds is None:
        return "–"
    if milliseconds >= LATENCIES[-1]:
        return _("meer dan %(seconds)d s") % {"seconds": LATENCIES[-1] // 1000}
    if milliseconds < 1000:
        return f"{round(milliseconds)} ms"
    return f"{number_format(milliseconds / 1000, 1)} s"


@register.filter
def percent(share: float | None) -> str:
    """12 %, 0,4 %, and never 0 % of something that is there."""
    if share is None:
        return "–"
    if 0 < share < 0.1:
        return f"< {number_format(0.1, 1)} %"
    return f"{number_format(share, 0 if share >= 10 or not share else 1)} %"


@register.filter
def bar(share: float) -> str:
    """The width of a bar of 100, as SVG wants it."""
    return f"{min(100.0, share):.1f}"


@register.inclusion_tag("apikeys/usage_glance.html")
def usage_glance(membership):
    """Thirty days as a line, and this month against the last, for the dashboard."""
    today = timezone.localdate()
    asked = Asked(membership.organisation)
    days, _before = chosen(Choice.DAYS_30, today)
    month, last = chosen(Choice.MONTH, today)
    used = counting.used(asked, days, Step.DAY)
    calls, before = (
        counting.used(asked, period, Step.MONTH).total.calls for period in (month, last)
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

"""Numbers as they are read: in the reader's language, and never as less than they are."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .models.usage import LATENCIES


def number(count: int) -> str:
    """300.000"""
    return number_format(count, force_grouping=True)


def euro(amount: Decimal) -> str:
    """€ 6,40 and € 1.279,00, but € 0,016: at least two decimals, more if they count."""
    decimals = max(2, -int(amount.normalize().as_tuple().exponent))
    return (
        f"€\u00a0{number_format(amount, decimals, use_l10n=True, force_grouping=True)}"
    )


def duration(milliseconds: float | None) -> str:
    """45 ms, 1,2 s; what lies beyond the last bound is only known to be more."""
    if milliseconds is None:
        return "–"
    if milliseconds >= LATENCIES[-1]:
        return _("meer dan %(seconds)d s") % {"seconds": LATENCIES[-1] // 1000}
    if milliseconds < 1000:
        return f"{round(milliseconds)} ms"
    return f"{number_format(milliseconds / 1000, 1)} s"


def percent(share: float | None) -> str:
    """12 %, 0,4 %, and never 0 % of something that is there."""
    if share is None:
        return "–"
    least = "< " if 0 < share < 0.1 else ""
    shown = number_format(max(share, 0.1) if least else share, _decimals(share))
    return least + _("%(share)s %%") % {"share": shown}


def _decimals(share: float) -> int:
    return 0 if share >= 10 or not share else 1
